import type { Weight } from '../../../schemas/events.ts'
import { fanOut } from './fan-out.ts'
import { packFrames } from './frames.ts'
import { isExpired, isSignal, type Line } from './line.ts'
import { mergeReasons, type Losses } from './losses.ts'
import { messageOf, type Gap } from './outbox.ts'
import { createQueues, type QueuePolicy } from './queues.ts'
import type { Cursors, Recipient } from './recipient.ts'
import type { LocalRoom, Rooms } from './rooms.ts'
import { createSender, type SenderPorts } from './sender.ts'
import { createWays } from './ways.ts'

type Room = LocalRoom<Recipient>

/** Bounds of delivery; the same for all connections. */
export type DeliveryPolicy = QueuePolicy & {
  /** How long signals may be owed to a connection that makes no progress. */
  readonly stallMs: number
  /** When comments or likes of a room have been written, the next wait for this long for each of its members, so that many share a frame … */
  readonly holdPerMemberMs: number
  /** … but never longer than this. */
  readonly maxHoldMs: number
}

/** What delivery acts on and tells. */
export type DeliveryPorts = SenderPorts & {
  /** Gives a frame to everyone who is subscribed to a room at this moment. */
  readonly publish: (room: string, frame: Uint8Array) => void
  /** Wants `tick` to be called at that time (epoch milliseconds), and in a later turn of the event loop. */
  readonly wake: (atMs: number) => void
  /** Calls back in a later turn, when what is published in this one has been written to the sockets. */
  readonly whenWritten: (callback: () => void) => void
  /** Epoch milliseconds. */
  readonly now: () => number
  /** A connection left the fast way, or came back. */
  readonly switched: (to: 'fast' | 'slow') => void
  readonly losses: Losses
}

/** What a client that joins a room is given at once, and what it missed. */
export type Welcome = {
  /** Objects that go out before anything else. */
  readonly greeting: readonly (string | Buffer)[]
  /** Older than everything that comes to the room from now on; in the order of their logs. */
  readonly missed: readonly Line[]
  /** What was left out before the missed ones. */
  readonly gaps: readonly Gap[]
  /** Messages at or before these positions are kept from it when they come; null: it has none. */
  readonly after: Cursors | null
}

/**
 * Brings messages to connections, in weight order.
 *
 * The fast way costs nothing for each connection: one frame is published to a room. A connection is on it while it is in one room
 * alone, nothing waits for it, and what is on its way to it stays well inside its window. Everybody else has a queue of his own, from
 * which weights 4 and 5 leave at once and 8 and 9 inside the window. So whatever the client's line is like, no more than a window of
 * older comments and likes is ahead of an invite.
 *
 * Ways are changed before anything is published in a turn, or long after; never in between.
 */
export type Delivery = {
  /** A message for the members of a room. */
  readonly add: (room: Room, line: Line) => void
  /** Delivers what is due. */
  readonly tick: () => void
  /** Sends answers at once, past whatever waits. */
  readonly answer: (to: Recipient, objects: readonly (string | Buffer)[]) => void
  /** Subscribes a connection to a room, all in one turn; one that is in it already is only greeted. */
  readonly join: (who: Recipient, room: Room, welcome: Welcome) => void
  /** Delivers what has come to a room so far, so that who joins now does not get it. */
  readonly flush: (room: Room) => void
  readonly leave: (who: Recipient, room: Room) => void
  /** Leaves every room; for a connection that has ended. */
  readonly leaveAll: (who: Recipient) => void
  /** The client says that it has received so many bytes in all. */
  readonly acknowledged: (who: Recipient, bytes: number) => void
  /** A mark came back; anything else in its place means nothing. */
  readonly ponged: (who: Recipient, mark: string) => void
  /** The socket takes more. */
  readonly drained: (who: Recipient) => void
  /** To be called about every second for every connection: ends one to which signals are owed and that makes no progress. */
  readonly watch: (who: Recipient, nowMs: number) => void
  /** The oldest position of a room and weight that still waits for a connection. */
  readonly oldestPos: (who: Recipient, room: string, weight: Weight) => number | undefined
  /** Bytes that wait in all outboxes: of shared lines each time that they wait. */
  readonly queuedBytes: () => number
  /** Of these, those of a weight. */
  readonly waitingBytes: (weight: Weight) => number
  /** Connections on the slow way for which something waits. */
  readonly waiting: () => number
  /** Connections on the fast way. */
  readonly fast: () => number
}

/** So much of a room does not wait any longer for more. */
const maxHeldLines = 2_000

export const createDelivery = ({
  rooms,
  policy,
  ports,
}: {
  rooms: Rooms<Recipient>
  policy: DeliveryPolicy
  ports: DeliveryPorts
}): Delivery => {
  const { losses } = ports
  const sender = createSender(ports)
  const ways = createWays({ sender, switched: ports.switched })
  const queues = createQueues({ policy, sender, ways, losses, now: ports.now })
  /** When each room that has something is due. */
  const due = new Map<Room, number>()
  /** Large rooms whose last comments or likes are being written. */
  const writing = new Set<Room>()

  /** Delivers what has come to a room; who has a queue is added to `behind` and pumped when every room has had its turn. */
  const deliver = (room: Room, behind: Set<Recipient>): void => {
    const nowMs = ports.now()
    const lines = room.arrived.filter((line) => !isExpired(line, nowMs))
    if (lines.length < room.arrived.length) countExpired(room, nowMs)
    room.arrived = []
    if (room.members.size === 0 || lines.length === 0) return
    const { shared, personal, merged } = fanOut(lines, policy.withCount)
    for (const reason of mergeReasons) {
      if (merged[reason] > 0) losses.merged(reason, merged[reason] * room.members.size)
    }
    const frames = packFrames(shared.map(({ bytes }) => bytes))
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0)
    if (bytes > 0) ways.prepare(room, bytes)

    for (const line of personal) {
      for (const member of rooms.ofUser(room.id, line.toUid ?? '')) {
        if (member.way === room) {
          sender.sendLine(member, line, nowMs)
        } else {
          queues.enqueue(member, line)
          behind.add(member)
        }
      }
    }

    const fast = room.members.size - room.slow.size
    if (fast > 0 && frames.length > 0) publish(room, shared, frames, fast, nowMs)
    const [frame] = frames
    const whole = frames.length === 1 && room.slow.size > 0 ? shared.map(messageOf) : null
    for (const member of room.slow) {
      if (frame !== undefined && whole !== null && queues.takesAll(member, bytes)) {
        sender.send(member, whole, nowMs, frame)
        queues.rest(member)
        queues.bound(member)
      } else {
        for (const line of shared) queues.enqueue(member, line)
        behind.add(member)
      }
    }
    if (holdMs(room) > 0 && shared.some((line) => !isSignal(line))) hold(room)
  }

  /** Of what has come to a room. Only invites expire, and each is for one user. */
  const countExpired = (room: Room, nowMs: number): void => {
    for (const line of room.arrived) {
      if (isExpired(line, nowMs)) losses.dropped('expired', [...rooms.ofUser(room.id, line.toUid ?? '')].length)
    }
  }

  const publish = (
    room: Room,
    shared: readonly Line[],
    frames: readonly Uint8Array[],
    connections: number,
    nowMs: number,
  ): void => {
    const { stream } = room
    for (const frame of frames) {
      ports.publish(room.id, frame)
      stream.bytes += frame.length
      ports.sentBytes(frame.length, { way: 'fast', connections })
    }
    for (const line of shared) {
      if (isSignal(line)) stream.signalEnd = stream.bytes
      else stream.bulkBytes += line.bytes.length + 1
      ports.sent(line, connections, nowMs)
    }
  }

  /** Whole milliseconds, the grain of the clock: a small room's messages never wait. */
  const holdMs = ({ members }: Room): number =>
    Math.min(policy.maxHoldMs, Math.floor(members.size * policy.holdPerMemberMs))

  /**
   * Writing to thousands of sockets takes a while, and what was read just before it ended is old by then: the next comments wait
   * until it is over, and a little more, so that they leave together with what has come meanwhile.
   */
  const hold = (room: Room): void => {
    room.bulkDueAt = Infinity
    if (writing.size === 0) ports.whenWritten(written)
    writing.add(room)
  }

  const written = (): void => {
    const nowMs = ports.now()
    for (const room of writing) {
      room.bulkDueAt = nowMs + holdMs(room)
      if (due.get(room) !== Infinity) continue
      due.set(room, room.bulkDueAt)
      ports.wake(room.bulkDueAt)
    }
    writing.clear()
  }

  const catchUp = (behind: Iterable<Recipient>): void => {
    for (const member of behind) {
      queues.pump(member)
      queues.bound(member)
    }
  }

  const flush = (room: Room): void => {
    due.delete(room)
    if (room.arrived.length === 0) return
    const behind = new Set<Recipient>()
    deliver(room, behind)
    catchUp(behind)
  }

  const tick = (): void => {
    const nowMs = ports.now()
    const behind = new Set<Recipient>()
    let next = Infinity
    for (const [room, atMs] of due) {
      if (atMs > nowMs) next = Math.min(next, atMs)
      else {
        due.delete(room)
        deliver(room, behind)
      }
    }
    catchUp(behind)
    if (next < Infinity) ports.wake(next)
  }

  const progressed = (who: Recipient): void => {
    who.owedSince = 0
    if (who.way === null) queues.pump(who)
  }

  return {
    add: (room, line) => {
      room.arrived.push(line)
      const isHeld = !isSignal(line) && room.arrived.length < maxHeldLines
      const atMs = isHeld ? room.bulkDueAt : 0
      const before = due.get(room)
      if (before !== undefined && before <= atMs) return
      due.set(room, atMs)
      if (atMs < Infinity) ports.wake(atMs)
    },
    tick,
    flush,
    answer: (to, objects) => {
      for (const frame of packFrames(objects.map(bufferOf))) sender.answer(to, frame, { hasSignal: false })
      if (to.flow.signalInFlight > policy.maxSignalBytes && !to.isClosed) to.link.close('tooSlow')
    },
    join: (who, room, { greeting, missed, gaps, after }) => {
      flush(room)
      if (who.isClosed) return
      for (const frame of packFrames(greeting.map(bufferOf))) sender.answer(who, frame, { hasSignal: true })
      if (room.members.has(who)) return
      ways.leaveFast(who)
      rooms.join(room.id, who)
      // Exactly as long as it has to be: an array that was spread has room for seventeen.
      who.rooms = who.rooms.concat([room])
      room.slow.add(who)
      for (const gap of gaps) queues.leaveOut(who, room.id, gap)
      for (const line of missed) queues.enqueue(who, line)
      if (after !== null) {
        who.heldBack ??= new Map()
        who.heldBack.set(room.id, after)
      }
      queues.pump(who)
      queues.bound(who)
    },
    leave: (who, room) => {
      if (!room.members.has(who)) return
      if (who.way === room) ways.leaveFast(who)
      who.rooms = who.rooms.filter((one) => one !== room)
      who.heldBack?.delete(room.id)
      if (who.heldBack?.size === 0) who.heldBack = null
      queues.forget(who, room.id)
      rooms.leave(room.id, who)
      queues.pump(who)
    },
    leaveAll: (who) => {
      queues.forget(who)
      ways.end(who)
      const left = who.rooms
      who.rooms = []
      for (const room of left) rooms.leave(room.id, who)
    },
    acknowledged: (who, bytes) => {
      if (who.flow.acknowledge(bytes)) progressed(who)
    },
    ponged: (who, mark) => {
      if (/^\d{1,15}$/.test(mark) && who.flow.confirm(Number(mark))) progressed(who)
    },
    drained: (who) => {
      who.isBlocked = false
      progressed(who)
    },
    watch: (who, nowMs) => {
      const { flow, outbox } = who
      const owes = flow.owesSignals || who.isBlocked || outbox?.hasSignals === true
      if (!owes) who.owedSince = 0
      else if (who.owedSince === 0) who.owedSince = nowMs
      else if (nowMs - who.owedSince >= policy.stallMs) who.link.close('tooSlow')
      else if (nowMs - who.owedSince >= policy.stallMs / 3 && flow.isUnmarked) sender.mark(who)
    },
    oldestPos: (who, room, weight) => who.outbox?.oldestPos(room, weight),
    queuedBytes: queues.bytes,
    waitingBytes: queues.bytesOf,
    waiting: queues.count,
    fast: ways.fast,
  }
}

const bufferOf = (object: string | Buffer): Buffer => (typeof object === 'string' ? Buffer.from(object) : object)
