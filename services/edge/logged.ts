import { topics, type Topic } from '../../schemas/topics.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import type { RecordReader } from '../shared/record-reader.ts'
import { likesOf, type Line } from './domain/line.ts'
import type { Kept } from './domain/ring.ts'
import { lineOf } from './domain/wire.ts'
import { pushOf, type Push } from './push.ts'

export const laneNames = ['signal', 'comment', 'like'] as const
export type LaneName = (typeof laneNames)[number]

export const laneTopics: Readonly<Record<LaneName, Topic>> = {
  signal: topics.pushSignal,
  comment: topics.pushComment,
  like: topics.pushLike,
}

/**
 * A message of a lane as it is kept. Its bytes are read when somebody wants it: a room without local clients costs a copy.
 * When it has been read there is its line, or for a like its count; without both there is nothing that anybody could be given.
 */
export type Logged = Kept & {
  /** Null when they are not needed any more. */
  value: Buffer | null
  isRead: boolean
  line: Line | null
  eventId: string
  /** How many likes it stands for. */
  likes: number
}

/** About what the objects around the bytes take. */
const overheadBytes = 300

/**
 * A copy to keep: the bytes of a fetch answer would keep all of it in memory. Node's pool would do the same on a small scale: a signal
 * is kept long after its neighbours there, so it gets memory of its own. Comments and likes live and die together.
 */
const copyOf = (value: Buffer, lane: LaneName): Buffer => {
  if (lane !== 'signal') return Buffer.from(value)
  const copy = Buffer.allocUnsafeSlow(value.length)
  value.copy(copy)
  return copy
}

/** Keeps a message unread. */
export const keepUnread = (
  { offset, value }: IncomingMessage,
  { room, lane, keptAt }: { readonly room: string; readonly lane: LaneName; readonly keptAt: number },
): Logged => ({
  room,
  offset,
  keptAt,
  bytes: overheadBytes + room.length + (value?.length ?? 0),
  value: value === null ? null : copyOf(value, lane),
  isRead: value === null,
  line: null,
  eventId: '',
  likes: 0,
})

/** Keeps what a message says. A like keeps its bytes instead of its line, which is made when it is the newest of several. */
export const keepRead = (message: IncomingMessage, line: Line, eventId: string, keptAt: number): Logged => {
  const kept: Logged = {
    room: line.room,
    offset: message.offset,
    keptAt,
    bytes: 0,
    value: line.liked === null || message.value === null ? null : Buffer.from(message.value),
    isRead: true,
    line: line.liked === null ? line : null,
    eventId,
    likes: likesOf(line),
  }
  kept.bytes = bytesOf(kept)
  return kept
}

export type LoggedReader = {
  /** Reads a message that was kept unread. At once when the writer's schema is known. Rejects as RecordReader does. */
  readonly read: (kept: Logged, from: Source, signal: AbortSignal) => void | Promise<void>
  /** The line of any message, also of a like. */
  readonly lineOf: (kept: Logged, from: Source, signal: AbortSignal) => Line | null | Promise<Line | null>
}

export type Source = { readonly lane: LaneName; readonly partition: number }

export const createLoggedReader = (records: RecordReader): LoggedReader => {
  const pushIn = (kept: Logged, { lane, partition }: Source, signal: AbortSignal) => {
    const message: IncomingMessage = {
      topic: laneTopics[lane].name,
      partition,
      offset: kept.offset,
      key: Buffer.from(kept.room, 'latin1'),
      value: kept.value,
      headers: {},
      timestamp: kept.keptAt,
      size: kept.bytes,
    }
    const decoded = records.read(message, signal)
    const toPush = (record: Awaited<typeof decoded>): Push | undefined => {
      const push = record === undefined ? undefined : pushOf(record, lane)
      return push?.record.roomId === kept.room ? push : undefined
    }
    return decoded instanceof Promise ? decoded.then(toPush) : toPush(decoded)
  }

  const fill = (kept: Logged, push: Push | undefined): void => {
    const line = push === undefined ? undefined : lineFrom(push, kept.offset)
    kept.isRead = true
    if (push === undefined || line === undefined) {
      kept.value = null
      return
    }
    kept.eventId = push.record.eventId
    kept.likes = likesOf(line)
    if (line.liked !== null) return
    kept.line = line
    kept.value = null
  }

  return {
    read: (kept, from, signal) => {
      if (kept.isRead) return undefined
      const push = pushIn(kept, from, signal)
      return push instanceof Promise ? push.then((found) => fill(kept, found)) : fill(kept, push)
    },
    lineOf: (kept, from, signal) => {
      if (kept.line !== null || kept.value === null) return kept.line
      const toLine = (push: Push | undefined): Line | null =>
        push === undefined ? null : (lineFrom(push, kept.offset) ?? null)
      const push = pushIn(kept, from, signal)
      return push instanceof Promise ? push.then(toLine) : toLine(push)
    },
  }
}

/** The memory of a message that has been read. */
export const bytesOf = ({ line, value }: Logged): number =>
  overheadBytes + (value?.length ?? 0) + (line?.bytes.length ?? 0)

export const lineFrom = ({ message, type, record }: Push, offset: number): Line | undefined =>
  lineOf({ kind: message, name: type, record, pos: offset })
