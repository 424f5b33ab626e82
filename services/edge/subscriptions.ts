import type { Clock } from '../shared/clock.ts'
import type { Lanes } from './adapters/lanes.ts'
import type { RoomStates } from './adapters/room-states.ts'
import type { LoggedSignal, SignalLog } from './adapters/signal-log.ts'
import type { Connection } from './connection.ts'
import type { Delivery } from './delivery.ts'
import type { Weight } from '../../schemas/events.ts'
import { isExpired, type Line } from './domain/line.ts'
import { encodeSubscribed, type ErrorCode, type Resume } from './domain/protocol.ts'
import type { Rooms } from './domain/rooms.ts'
import { isOpen, resentTo, roomStateOf, type Resent, type Snapshot } from './domain/snapshot.ts'
import { encodeRoomState, lineOf, type MessageKind, type Positions } from './domain/wire.ts'

/** A refusal to subscribe; the connection lives. */
export type Refusal = { readonly code: ErrorCode; readonly message: string }

export type Subscriptions = {
  /**
   * Subscribes a connection and answers it: `subscribed`, message 104, what is sent again; live messages follow.
   * Resolves with the refusal if it is refused. Rejects when the state or the lanes cannot be had in time.
   */
  readonly subscribe: (connection: Connection, room: string, resume: Resume | null) => Promise<Refusal | undefined>
  readonly unsubscribe: (connection: Connection, room: string) => void
  /** Leaves every room; for a connection that has ended. */
  readonly leaveAll: (connection: Connection) => void
}

export const createSubscriptions = ({
  rooms,
  lanes,
  states,
  signalLog,
  delivery,
  roomStateKind,
  partitionOf,
  clusterId,
  maxRooms,
  waitMs,
  inviteTtlMs,
  clock,
}: {
  rooms: Rooms<Connection>
  lanes: Lanes
  states: RoomStates<Snapshot>
  signalLog: SignalLog
  delivery: Delivery
  /** Of message 104. */
  roomStateKind: MessageKind
  partitionOf: (roomId: string) => number
  clusterId: string
  /** For one connection. */
  maxRooms: number
  /** How long a subscribe may wait for the state of its room. */
  waitMs: number
  inviteTtlMs: number
  clock: Clock
}): Subscriptions => {
  const isAllowed = ({ claims }: Connection, room: string): boolean => claims?.rooms?.has(room) ?? true

  /** Where the lanes of a room stand for this connection: before the oldest of what still waits for it. */
  const positionsOf = (connection: Connection, room: string, partition: number): Positions | undefined => {
    const next = lanes.positions(partition)
    if (next === undefined) return undefined
    const cursor = (weight: Weight, lane: number): number => (connection.outbox?.oldestPos(room, weight) ?? lane) - 1
    return {
      4: cursor(4, next.signal),
      5: cursor(5, next.signal),
      8: cursor(8, next.comment),
      9: cursor(9, next.like),
    }
  }

  /** Everything of this happens in one turn of the event loop, so nothing comes in between. */
  const join = (
    connection: Connection,
    snapshot: Snapshot,
    partition: number,
    resume: Resume | null,
    again: readonly LoggedSignal[],
  ): void => {
    const room = snapshot.roomId
    // What was read so far belongs to those who were there before.
    delivery.flush()
    if (connection.isClosed) return
    const positions = positionsOf(connection, room, partition)
    const next = lanes.positions(partition)
    if (positions === undefined || next === undefined) throw new Error('the lanes were closed meanwhile')
    rooms.join(room, connection)
    connection.rooms.add(room)
    connection.hasSubscribed = true
    const epoch = `${clusterId}.${states.creationId(partition) ?? ''}`
    const state = roomStateOf(snapshot, { eventId: crypto.randomUUID(), viewers: rooms.viewers(room) })
    const asOf = { 4: next.signal - 1, 5: next.signal - 1 }
    delivery.answer(connection, [
      encodeSubscribed({ room, epoch, positions, ...(resume === null ? {} : { recovered: false }) }),
      encodeRoomState(roomStateKind, state, asOf),
      // One that the lane has not reached comes by the lane.
      ...again.filter(({ offset }) => offset < next.signal).flatMap((logged) => bytesFor(connection, logged)),
    ])
  }

  const bytesFor = (connection: Connection, { push, offset }: LoggedSignal): readonly Buffer[] => {
    const line: Line | undefined = lineOf({ kind: push.message, name: push.type, record: push.record, pos: offset })
    const isFor = line !== undefined && line.toUid === connection.uid && !isExpired(line, clock.now())
    return isFor ? [line.bytes] : []
  }

  const admit = async (
    connection: Connection,
    roomId: string,
    partition: number,
    resume: Resume | null,
  ): Promise<Refusal | undefined> => {
    const deadline = AbortSignal.timeout(waitMs)
    const room = rooms.expect(roomId, partition)
    try {
      await lanes.open(partition, deadline)
      // After the lanes are open: then the state includes every signal that was before their positions.
      await states.caughtUp(partition, deadline)
      const looked = new Map<string, LoggedSignal | undefined>()
      for (;;) {
        if (connection.isClosed) return undefined
        const snapshot = states.get(roomId)
        if (snapshot === undefined || !isOpen(snapshot)) return { code: 404, message: `no such room: ${roomId}` }
        const again = resentTo(connection.uid, snapshot, { nowMs: clock.now(), inviteTtlMs })
        const unknown = again.filter(({ eventId }) => !looked.has(eventId))
        if (snapshot.inputPos < room.lastInputPos) {
          const isCurrent = (): boolean => (states.get(roomId)?.inputPos ?? Infinity) >= room.lastInputPos
          await states.until(partition, isCurrent, deadline)
        } else if (unknown.length > 0) {
          await lookUp(roomId, partition, unknown, looked, deadline)
        } else {
          const known = again.map(({ eventId }) => looked.get(eventId)).filter((logged) => logged !== undefined)
          join(connection, snapshot, partition, resume, known)
          return undefined
        }
      }
    } finally {
      rooms.release(roomId)
    }
  }

  const lookUp = async (
    roomId: string,
    partition: number,
    wanted: readonly Resent[],
    looked: Map<string, LoggedSignal | undefined>,
    signal: AbortSignal,
  ): Promise<void> => {
    const eventIds = new Set(wanted.map(({ eventId }) => eventId))
    const writtenAfter = Math.min(...wanted.map((one) => one.writtenAfter))
    const found = await signalLog.find({ roomId, partition, eventIds, writtenAfter }, signal)
    for (const eventId of eventIds) looked.set(eventId, found.get(eventId))
  }

  return {
    subscribe: async (connection, room, resume) => {
      if (!isAllowed(connection, room)) return { code: 403, message: `the token does not allow room ${room}` }
      if (!connection.rooms.has(room) && connection.rooms.size >= maxRooms) {
        return { code: 429, message: `at most ${maxRooms} rooms on one connection` }
      }
      return admit(connection, room, partitionOf(room), resume)
    },
    unsubscribe: (connection, room) => {
      if (!connection.rooms.delete(room)) return
      delivery.forget(connection, room)
      rooms.leave(room, connection)
    },
    leaveAll: (connection) => {
      delivery.forget(connection)
      for (const room of connection.rooms) rooms.leave(room, connection)
      connection.rooms.clear()
    },
  }
}
