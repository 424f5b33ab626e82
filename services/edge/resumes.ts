import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../shared/clock.ts'
import type { Lanes, OpenLanes } from './adapters/lanes.ts'
import type { SignalLog } from './adapters/signal-log.ts'
import type { CatchUp } from './catch-up.ts'
import type { Line } from './domain/line.ts'
import type { Gap } from './domain/outbox.ts'
import type { Resume } from './domain/protocol.ts'
import {
  judgeResume,
  linesFor,
  missedBehind,
  newestWithin,
  type CaughtUp,
  type Cursors,
  type NotRecovered,
} from './domain/resume.ts'
import { bytesOf, type LaneName, type Logged, type LoggedReader } from './logged.ts'

/** What becomes of a resume. */
export type Course =
  | { readonly recovered: true; readonly cursors: Cursors; caught: CaughtUp<Logged> }
  | { readonly recovered: false; readonly why: NotRecovered }

/** What a client has missed: its lines, and of which weights how many are not among them (null: unknown). */
export type Missed = {
  readonly lines: readonly Line[]
  readonly gaps: readonly Gap[]
}

export type Resumes = {
  /**
   * Decides whether a resume can be answered `recovered`, and brings here what that needs. Rejects when the broker does not
   * answer in time.
   */
  readonly plan: (
    wanted: { readonly roomId: string; readonly partition: number; readonly resume: Resume; readonly epoch: string },
    signal: AbortSignal,
  ) => Promise<Course>
  /** Everything between a client's cursors and what the lanes give next; or what has to be waited for before that is known;
   * `gone` when it has to be planned anew. */
  readonly missed: (
    course: Course & { readonly recovered: true },
    who: { readonly roomId: string; readonly partition: number; readonly uid: string },
    signal: AbortSignal,
  ) => Missed | 'gone' | 'too_much' | Promise<void>
  /** The recent signals of a room, those whose lane has not given them yet included. */
  readonly recent: (partition: number, roomId: string, signal: AbortSignal) => Promise<readonly Logged[]>
}

/** A cursor that another edge gave is reached at once, unless this one cannot read. */
const holdBackMs = 3_000
/** So many messages are read before others get their turn. */
const turnRecords = 250

/**
 * `maxSignalBytes`: more missed signals than that are not sent, but the state instead; `maxCommentBytes`: what may wait for a
 * connection, older comments are not even read.
 */
export const createResumes = ({
  lanes,
  signalLog,
  catchUp,
  reader,
  withCount,
  maxSignalBytes,
  maxCommentBytes,
  clock,
}: {
  lanes: Pick<Lanes, 'of' | 'passed'>
  signalLog: Pick<SignalLog, 'bounds'>
  catchUp: CatchUp
  reader: LoggedReader
  /** A like that stands for so many. */
  withCount: (like: Line, count: number) => Line
  maxSignalBytes: number
  maxCommentBytes: number
  clock: Clock
}): Resumes => {
  /** A cursor of a bulk lane that is beyond the end of its log is none. */
  const withinLog = async (
    lane: LaneName,
    cursor: number | null,
    partition: number,
    signal: AbortSignal,
  ): Promise<number | null> => {
    if (cursor === null || cursor < (lanes.of(partition)?.positions[lane] ?? 0)) return cursor
    const { highWatermark } = await signalLog.bounds(lane, partition, signal)
    return cursor < highWatermark ? cursor : null
  }

  /** False when the lane does not get there. */
  const reach = async (partition: number, cursor: number, signal: AbortSignal): Promise<boolean> => {
    if (cursor < (lanes.of(partition)?.positions.signal ?? 0)) return true
    const given = AbortSignal.timeout(holdBackMs)
    try {
      await lanes.passed(partition, cursor, AbortSignal.any([signal, given]))
      return true
    } catch (error) {
      signal.throwIfAborted()
      if (given.aborted) return false
      throw error
    }
  }

  const read = async (entries: readonly Logged[], lane: LaneName, partition: number, signal: AbortSignal) => {
    const ring = lanes.of(partition)?.rings[lane]
    let inTurn = 0
    for (const entry of entries) {
      if (entry.isRead) continue
      const reading = reader.read(entry, { lane, partition }, signal)
      if (reading !== undefined) await reading
      ring?.weigh(entry, bytesOf(entry))
      inTurn += 1
      if (inTurn % turnRecords === 0) await setImmediate()
    }
  }

  const likesOf = (
    open: OpenLanes,
    after: number,
    { roomId, partition }: { roomId: string; partition: number },
    signal: AbortSignal,
  ): Line | null | Promise<void> => {
    const entries = given(open.rings.like.after(roomId, after), open.positions.like)
    if (entries.some(({ isRead }) => !isRead)) return read(entries, 'like', partition, signal)
    let likes = 0
    for (const entry of entries) likes += entry.likes
    const newest = entries.findLast((entry) => entry.likes > 0)
    if (newest === undefined) return null
    const line = reader.lineOf(newest, { lane: 'like', partition }, signal)
    if (line instanceof Promise) return line.then(() => undefined)
    return line === null ? null : withCount(line, likes)
  }

  return {
    plan: async ({ roomId, partition, resume, epoch }, signal) => {
      const verdict = judgeResume(resume, { epoch, ...(await signalLog.bounds('signal', partition, signal)) })
      if (!verdict.ok) return { recovered: false, why: verdict.why }
      const { cursors } = verdict
      if (!(await reach(partition, Math.max(cursors[4], cursors[5]), signal))) {
        return { recovered: false, why: 'beyond' }
      }
      const [comments, likes] = await Promise.all([
        withinLog('comment', cursors[8], partition, signal),
        withinLog('like', cursors[9], partition, signal),
      ])
      const known = { ...cursors, 8: comments, 9: likes }
      const from = Math.min(cursors[4], cursors[5]) + 1
      const ring = lanes.of(partition)?.rings.signal
      if (ring === undefined) return { recovered: false, why: 'too_old' }
      if (ring.completeFrom(roomId) <= from) {
        const kept = { start: from, end: ring.next, messages: ring.after(roomId, from - 1) }
        return { recovered: true, cursors: known, caught: kept }
      }
      const caught = await catchUp.readBack(partition, roomId, from)
      return caught === null ? { recovered: false, why: 'too_old' } : { recovered: true, cursors: known, caught }
    },

    recent: async (partition, roomId, signal) => {
      const entries = lanes.of(partition)?.rings.signal.after(roomId, -1) ?? []
      await read(entries, 'signal', partition, signal)
      return entries
    },

    missed: (course, { roomId, partition, uid }, signal) => {
      const { cursors } = course
      const open = lanes.of(partition)
      if (open === undefined) return 'gone'
      const last = Math.min(cursors[4], cursors[5])
      const ring = open.rings.signal
      const behind = missedBehind(roomId, last, ring, course.caught)
      if (behind === null) return 'gone'
      // While they are read the ring may drop some: they are kept for this client, and the ring is asked for later ones alone.
      course.caught = { start: last + 1, end: ring.next, messages: behind }
      const signals = given(behind, open.positions.signal)
      if (signals.some(({ isRead }) => !isRead)) return read(signals, 'signal', partition, signal)
      const lines = [...linesFor(linesIn(signals), { uid, cursors, nowMs: clock.now() })]
      if (lines.reduce((sum, { bytes }) => sum + bytes.length, 0) > maxSignalBytes) return 'too_much'
      const gaps: Gap[] = []

      if (cursors[8] !== null) {
        const comments = open.rings.comment
        const all = given(comments.after(roomId, cursors[8]), open.positions.comment)
        const newest = newestWithin(all, maxCommentBytes)
        if (newest.some(({ isRead }) => !isRead)) return read(newest, 'comment', partition, signal)
        const isWhole = comments.completeFrom(roomId) <= cursors[8] + 1
        const dropped = all.length - newest.length
        if (!isWhole) gaps.push({ weight: 8, dropped: null, reason: 'too_old' })
        else if (dropped > 0) gaps.push({ weight: 8, dropped, reason: 'too_many' })
        lines.push(...linesIn(newest))
      }
      if (cursors[9] !== null) {
        const likes = likesOf(open, cursors[9], { roomId, partition }, signal)
        if (likes instanceof Promise) return likes
        if (open.rings.like.completeFrom(roomId) > cursors[9] + 1)
          gaps.push({ weight: 9, dropped: null, reason: 'too_old' })
        if (likes !== null) lines.push(likes)
      }
      return { lines, gaps }
    },
  }
}

/** What the lane has given to the members already; the rest comes to everybody. */
const given = (entries: readonly Logged[], next: number): readonly Logged[] =>
  (entries.at(-1)?.offset ?? -1) < next ? entries : entries.filter(({ offset }) => offset < next)

const linesIn = (entries: readonly Logged[]): readonly Line[] =>
  entries.map(({ line }) => line).filter((line) => line !== null)
