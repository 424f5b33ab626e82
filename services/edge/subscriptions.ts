import type { Clock } from '../shared/clock.ts'
import type { Lanes, OpenLanes } from './adapters/lanes.ts'
import type { RoomStates } from './adapters/room-states.ts'
import type { Begun, Connection } from './connection.ts'
import type { Delivery } from './domain/delivery.ts'
import type { Cursors, Recipient } from './domain/recipient.ts'
import type { Weight } from '../../schemas/events.ts'
import { isExpired, type Line } from './domain/line.ts'
import { encodeSubscribed, type ErrorCode, type Resume } from './domain/protocol.ts'
import type { Rooms } from './domain/rooms.ts'
import { isOpen, resentTo, roomStateOf, type Snapshot } from './domain/snapshot.ts'
import { encodeRoomState, type MessageKind, type Positions } from './domain/wire.ts'
import type { ResumeMetrics } from './resume-metrics.ts'
import type { Course, Missed, Resumes } from './resumes.ts'
import type { FindSentAgain, Looked } from './sent-again.ts'

/** A refusal to subscribe; the connection lives. */
export type Refusal = { readonly code: ErrorCode; readonly message: string }

export type Subscriptions = {
  /**
   * Subscribes a connection and answers it: `subscribed`, message 104, what is sent again; missed and live messages follow.
   * Resolves with the refusal if it is refused. Rejects when the state or the lanes cannot be had in time.
   */
  readonly subscribe: (connection: Connection, room: string, resume: Resume | null) => Promise<Refusal | undefined>
  readonly unsubscribe: (connection: Connection, room: string) => void
}

/** Somebody who is subscribing. */
type Entrant = {
  readonly connection: Connection
  readonly roomId: string
  readonly partition: number
  /** Null: does not resume. */
  readonly course: Course | null
}

/** So often a ring may lose what was just read back for it. */
const maxHoles = 3

/** A member's queue has all of it. */
const nothingCaught = { start: 0, end: 0, messages: [] }
const nothingMissed: Missed = { lines: [], gaps: [] }

export const createSubscriptions = ({
  rooms,
  lanes,
  states,
  findSentAgain,
  resumes,
  delivery,
  resumeMetrics,
  viewers,
  openPresence,
  roomStateKind,
  partitionOf,
  clusterId,
  maxRooms,
  waitMs,
  inviteTtlMs,
  clock,
}: {
  rooms: Rooms<Recipient>
  lanes: Lanes
  states: RoomStates<Snapshot>
  findSentAgain: FindSentAgain
  resumes: Resumes
  delivery: Delivery
  resumeMetrics: Pick<ResumeMetrics, 'resumed'>
  /** Of a room, on all instances as far as is known. */
  viewers: (roomId: string) => number
  /** Resolves when the viewers of a partition's rooms are known, or cannot be had soon. */
  openPresence: (partition: number) => Promise<void>
  /** Of message 104. */
  roomStateKind: MessageKind
  partitionOf: (roomId: string) => number
  clusterId: string
  /** For one connection. */
  maxRooms: number
  /** How long a subscribe may wait for the state of its room, and again for what it has missed. */
  waitMs: number
  inviteTtlMs: number
  clock: Clock
}): Subscriptions => {
  const isAllowed = ({ claims }: Connection, room: string): boolean => claims?.rooms?.has(room) ?? true
  const epochOf = (partition: number): string => `${clusterId}.${states.creationId(partition) ?? ''}`

  /** A member that subscribes again and resumes: whatever is behind its cursors it was given here, or is going to be. */
  const goesOn = (
    { connection, roomId, partition }: Omit<Entrant, 'course'>,
    { epoch, positions }: Resume,
  ): boolean => {
    const since = connection.begun.find(({ room }) => room === roomId)
    const next = lanes.of(partition)?.positions.signal ?? 0
    const { 4: first, 5: second } = positions
    if (since === undefined || first === undefined || second === undefined || epoch !== epochOf(partition)) return false
    return first >= since.first && second >= since.second && Math.max(first, second) < next
  }

  /** Where delivery begins for somebody who comes new, or goes on for a member: before the oldest that waits for it. */
  const positionsOf = ({ connection, roomId, course }: Entrant, { positions }: OpenLanes): Positions => {
    if (connection.isIn(roomId)) {
      const cursor = (weight: Weight, next: number): number =>
        (delivery.oldestPos(connection, roomId, weight) ?? next) - 1
      return {
        4: cursor(4, positions.signal),
        5: cursor(5, positions.signal),
        8: cursor(8, positions.comment),
        9: cursor(9, positions.like),
      }
    }
    const bulk = { 8: positions.comment - 1, 9: positions.like - 1 }
    if (course?.recovered !== true) return { 4: positions.signal - 1, 5: positions.signal - 1, ...bulk }
    const { 4: first, 5: second, 8: comments, 9: likes } = course.cursors
    return { 4: first, 5: second, 8: comments ?? bulk[8], 9: likes ?? bulk[9] }
  }

  /** Everything of this happens in one turn of the event loop, so nothing comes in between. */
  const join = (
    entrant: Entrant,
    snapshot: Snapshot,
    open: OpenLanes,
    missed: Missed,
    again: readonly Line[],
  ): void => {
    const { connection, roomId, partition, course } = entrant
    const room = rooms.get(roomId)
    if (room === undefined) throw new Error('the room was forgotten meanwhile')
    // What was read so far belongs to those who were there before.
    delivery.flush(room)
    if (connection.isClosed) return
    const isMember = connection.isIn(roomId)
    const positions = positionsOf(entrant, open)
    const next = open.positions.signal
    // The number is to include who joins.
    const isNewUser = [...rooms.ofUser(roomId, connection.uid)].length === 0
    const count = viewers(roomId) + (isNewUser ? 1 : 0)
    const state = roomStateOf(snapshot, { eventId: crypto.randomUUID(), viewers: count })
    const nowMs = clock.now()
    const greeting = [
      encodeSubscribed({
        room: roomId,
        epoch: epochOf(partition),
        positions,
        ...(course === null ? {} : { recovered: course.recovered }),
      }),
      encodeRoomState(roomStateKind, state, { 4: next - 1, 5: next - 1 }),
      ...again
        .filter((line) => line.toUid === connection.uid && !isExpired(line, nowMs))
        // One that the lane has not reached comes by the lane, and one that waits for a member comes in its turn.
        .filter(({ pos }) => pos !== null && pos <= positions[4])
        .map(({ bytes }) => bytes),
    ]
    if (course !== null) resumeMetrics.resumed(course.recovered ? 'recovered' : course.why)
    if (isMember) return delivery.answer(connection, greeting)
    connection.hasSubscribed = true
    connection.begun = begunElsewhere(connection, roomId).concat([
      { room: roomId, first: positions[4], second: positions[5] },
    ])
    delivery.join(connection, room, { greeting, missed: missed.lines, gaps: missed.gaps, after: aheadOf(course, open) })
  }

  /** What a client has already of what this edge has not read yet. */
  const aheadOf = (course: Course | null, { positions }: OpenLanes): Cursors | null => {
    if (course?.recovered !== true) return null
    const { 8: comments, 9: likes } = course.cursors
    const ahead = {
      ...(comments !== null && comments >= positions.comment ? { 8: comments } : {}),
      ...(likes !== null && likes >= positions.like ? { 9: likes } : {}),
    }
    return Object.keys(ahead).length > 0 ? ahead : null
  }

  /** How a resume is to be answered; null for a subscribe without one. */
  const planOf = async (
    { connection, roomId, partition }: Omit<Entrant, 'course'>,
    resume: Resume | null,
    signal: AbortSignal,
  ): Promise<Course | null> => {
    if (resume === null) return null
    const epoch = epochOf(partition)
    if (!connection.isIn(roomId)) return resumes.plan({ roomId, partition, resume, epoch }, signal)
    return goesOn({ connection, roomId, partition }, resume)
      ? { recovered: true, cursors: { 4: 0, 5: 0, 8: null, 9: null }, caught: nothingCaught }
      : { recovered: false, why: 'incomplete' }
  }

  const admit = async (who: Omit<Entrant, 'course'>, resume: Resume | null): Promise<Refusal | undefined> => {
    const { connection, roomId, partition } = who
    const room = rooms.expect(roomId, partition)
    try {
      const opening = AbortSignal.timeout(waitMs)
      await Promise.all([lanes.open(partition, opening), openPresence(partition)])
      // After the lanes are open: then the state includes every signal that was before their positions.
      await states.caughtUp(partition, opening)
      let course = await planOf(who, resume, opening)
      // Reading back has limits of its own.
      const deadline = AbortSignal.timeout(waitMs)
      let holes = 0
      const looked: Looked = new Map()
      // Every round looks at everything anew; the last one has nothing to wait for, and ends with the answer.
      for (;;) {
        if (connection.isClosed) return undefined
        const open = lanes.of(partition)
        if (open === undefined) throw new Error('the lanes were closed meanwhile')
        const snapshot = states.get(roomId)
        if (snapshot === undefined || !isOpen(snapshot)) return { code: 404, message: `no such room: ${roomId}` }
        if (snapshot.inputPos < room.lastInputPos) {
          const isCurrent = (): boolean => (states.get(roomId)?.inputPos ?? Infinity) >= room.lastInputPos
          await states.until(partition, isCurrent, deadline)
          continue
        }
        const entrant = { ...who, course }
        if (course?.recovered === true) {
          const isMember = connection.isIn(roomId)
          const missed = isMember
            ? nothingMissed
            : resumes.missed(course, { roomId, partition, uid: connection.uid }, deadline)
          if (missed instanceof Promise) await missed
          else if (missed === 'too_much') course = { recovered: false, why: 'too_much' }
          else if (missed !== 'gone') {
            join(entrant, snapshot, open, missed, [])
            return undefined
          } else {
            holes += 1
            course = holes < maxHoles ? await planOf(who, resume, deadline) : { recovered: false, why: 'too_old' }
          }
          continue
        }
        const again = resentTo(connection.uid, snapshot, { nowMs: clock.now(), inviteTtlMs })
        const unknown = again.filter(({ eventId }) => !looked.has(eventId))
        if (unknown.length > 0) await findSentAgain(who, unknown, looked, deadline)
        else {
          const lines = again.map(({ eventId }) => looked.get(eventId)).filter((line) => line !== undefined)
          join(entrant, snapshot, open, nothingMissed, lines)
          return undefined
        }
      }
    } finally {
      rooms.release(roomId)
    }
  }

  return {
    subscribe: async (connection, room, resume) => {
      if (!isAllowed(connection, room)) return { code: 403, message: `the token does not allow room ${room}` }
      if (!connection.isIn(room) && connection.rooms.length >= maxRooms) {
        return { code: 429, message: `at most ${maxRooms} rooms on one connection` }
      }
      return admit({ connection, roomId: room, partition: partitionOf(room) }, resume)
    },
    unsubscribe: (connection, room) => {
      const local = rooms.get(room)
      if (local === undefined || !connection.isIn(room)) return
      connection.begun = begunElsewhere(connection, room)
      delivery.leave(connection, local)
    },
  }
}

const begunElsewhere = ({ begun }: Connection, roomId: string): readonly Begun[] =>
  begun.filter(({ room }) => room !== roomId)
