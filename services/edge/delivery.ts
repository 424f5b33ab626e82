import type { Clock } from '../shared/clock.ts'
import type { Log } from '../shared/log.ts'
import { closeConnection, type Connection } from './connection.ts'
import { fanOut } from './domain/fan-out.ts'
import { frameBytes, packFrames } from './domain/frames.ts'
import { isExpired, type Line } from './domain/line.ts'
import { Outbox, type OutboxPolicy } from './domain/outbox.ts'
import type { LocalRoom } from './domain/rooms.ts'
import type { EdgeMetrics } from './metrics.ts'

/**
 * Brings what the lanes read to the sockets, once a tick, in weight order. Who has nothing waiting and is in one room alone
 * gets the room's frame, made once for all of them; everybody else has an outbox of his own.
 */
export type Delivery = {
  /** A message for the members of a room; it leaves in this tick of the event loop. */
  readonly add: (room: LocalRoom<Connection>, line: Line) => void
  /** Delivers what has been added so far, before somebody joins who must not get it. */
  readonly flush: () => void
  /** Sends answers at once, past whatever waits. */
  readonly answer: (connection: Connection, lines: readonly (string | Buffer)[]) => void
  /** The socket takes more. */
  readonly drained: (connection: Connection) => void
  /** Forgets what waits for a connection: of one room, or all of it. */
  readonly forget: (connection: Connection, room?: string) => void
  /** Bytes that wait in all outboxes. */
  readonly queuedBytes: () => number
}

/** A blocked socket is filled again when it holds less than this. */
const resumeBelowBytes = 16 * 1024

export const createDelivery = ({
  policy,
  metrics,
  clock,
  log,
}: {
  policy: OutboxPolicy
  metrics: EdgeMetrics
  clock: Clock
  log: Log
}): Delivery => {
  const dirty = new Set<LocalRoom<Connection>>()
  /** Those who have an outbox. */
  const waiting = new Set<Connection>()
  let tick: NodeJS.Immediate | undefined

  const write = (connection: Connection, frame: Buffer): void => {
    if (connection.isClosed) return
    const result = connection.socket.send(frame)
    metrics.sentBytes(frame.length)
    if (result === 'sent') return
    connection.isBlocked = true
    if (result === 'buffered') return
    // Cannot happen below the library's bound; order can no longer be promised.
    log.error({ connection: connection.id }, 'the socket dropped a frame')
    closeConnection(connection, 'tooSlow')
  }

  const enqueue = (connection: Connection, lines: readonly Line[]): void => {
    connection.outbox ??= new Outbox(policy)
    waiting.add(connection)
    for (const line of lines) connection.outbox.push(line)
  }

  /** Sends what waits for a connection until the socket takes no more. */
  const pump = (connection: Connection): void => {
    const { outbox } = connection
    if (outbox === null) return
    while (!connection.isBlocked && !connection.isClosed && !outbox.isEmpty) {
      const nowMs = clock.now()
      const taken = outbox.take(frameBytes, nowMs)
      for (const frame of packFrames(taken.map(({ bytes }) => bytes))) write(connection, frame)
      for (const out of taken) {
        if (out.kind === 'message') metrics.sent(out.line, 1, nowMs)
        else metrics.dropped(8, out.dropped)
      }
    }
    if (outbox.isEmpty) forgetAll(connection)
  }

  const forgetAll = (connection: Connection): void => {
    connection.outbox = null
    waiting.delete(connection)
  }

  const deliver = (room: LocalRoom<Connection>, behind: Set<Connection>): void => {
    const nowMs = clock.now()
    const lines = room.arrived.filter((line) => !isExpired(line, nowMs))
    room.arrived = []
    if (room.members.size === 0) return
    const { shared, personal } = fanOut(lines)
    const frames = packFrames(shared.map(({ bytes }) => bytes))
    const [frame] = frames
    let direct = 0
    for (const member of room.members) {
      const own = personal.get(member.uid)
      if (own === undefined && frame === undefined) continue
      const isFree = member.outbox === null && !member.isBlocked && member.rooms.size === 1
      if (own === undefined && isFree && frame !== undefined && frames.length === 1) {
        write(member, frame)
        direct += 1
      } else {
        enqueue(member, own ?? shared)
        behind.add(member)
      }
    }
    if (direct > 0) for (const line of shared) metrics.sent(line, direct, nowMs)
  }

  const flush = (): void => {
    if (tick !== undefined) clearImmediate(tick)
    tick = undefined
    const behind = new Set<Connection>()
    for (const room of dirty) deliver(room, behind)
    dirty.clear()
    for (const connection of behind) {
      pump(connection)
      // What the socket did not take has to wait, and that is bounded.
      if (connection.outbox?.trim() === false) closeConnection(connection, 'tooSlow')
    }
  }

  return {
    add: (room, line) => {
      room.arrived.push(line)
      dirty.add(room)
      tick ??= setImmediate(flush)
    },
    flush,
    answer: (connection, lines) => {
      for (const frame of packFrames(lines.map((line) => (typeof line === 'string' ? Buffer.from(line) : line)))) {
        write(connection, frame)
      }
    },
    drained: (connection) => {
      if (connection.socket.bufferedBytes() >= resumeBelowBytes) return
      connection.isBlocked = false
      pump(connection)
    },
    forget: (connection, room) => {
      if (room === undefined) forgetAll(connection)
      else connection.outbox?.forget(room)
    },
    queuedBytes: () => {
      let bytes = 0
      for (const { outbox } of waiting) bytes += outbox?.bytes ?? 0
      return bytes
    },
  }
}
