import type { Weight } from '../../../schemas/events.ts'
import { frameBytes } from './frames.ts'
import type { Line } from './line.ts'
import type { Losses } from './losses.ts'
import { Outbox, type Gap, type OutboxPolicy } from './outbox.ts'
import type { Recipient } from './recipient.ts'
import type { Sender } from './sender.ts'
import type { Ways } from './ways.ts'

/** Bounds of what waits; the same for all connections. */
export type QueuePolicy = OutboxPolicy & {
  /**
   * Of what waits for all connections together: from a quarter of it on fewer comments may wait for each, from half of it on no more
   * than the newest. Counted is each reference to a line that many share.
   */
  readonly maxQueuedBytes: number
}

/** The connections that have a queue of their own. */
export type Queues = {
  readonly enqueue: (to: Recipient, line: Line) => void
  /** Tells a connection that something of a room was left out before everything that is enqueued from now on. */
  readonly leaveOut: (to: Recipient, room: string, gap: Gap) => void
  /** Sends what waits for a connection, as far as its window and its socket go, and lets it settle. */
  readonly pump: (to: Recipient) => void
  /** Whether a connection can be given so many bytes as they are, past its queue, since nothing waits there. */
  readonly takesAll: (to: Recipient, bytes: number) => boolean
  /** After something was sent to a connection past its queue. */
  readonly rest: (to: Recipient) => void
  /** What could not leave is bounded: drops comments, or ends a connection for which too much waits that may not be dropped. */
  readonly bound: (to: Recipient) => void
  /** Forgets what waits of one room, or all. */
  readonly forget: (who: Recipient, room?: string) => void
  readonly bytes: () => number
  /** Of these, those of a weight. */
  readonly bytesOf: (weight: Weight) => number
  /** Connections for which something waits. */
  readonly count: () => number
}

/**
 * How much of the usual bytes of comments may wait for a connection, by how much of what may wait in all does. Only those who are
 * slow lose by it; when that does not help, no more comments are read (overload.ts).
 */
const shareOf = (use: number): number => (use < 1 / 4 ? 1 : use < 1 / 2 ? 1 / 8 : 0)

export const createQueues = ({
  policy,
  sender,
  ways,
  losses,
  now,
}: {
  policy: QueuePolicy
  sender: Sender
  ways: Pick<Ways, 'settle'>
  losses: Losses
  /** Epoch milliseconds. */
  now: () => number
}): Queues => {
  let queuedBytes = 0
  const queued = { 4: 0, 5: 0, 8: 0, 9: 0 }
  let count = 0

  const outboxOf = (to: Recipient): Outbox => {
    if (to.outbox === null) {
      to.outbox = new Outbox(policy, losses)
      count += 1
    }
    return to.outbox
  }

  /** Adds what waits in an outbox to the sums, or takes it out. */
  const tally = (outbox: Outbox, sign: 1 | -1): void => {
    queuedBytes += sign * outbox.bytes
    queued[4] += sign * outbox.bytesOf(4)
    queued[5] += sign * outbox.bytesOf(5)
    queued[8] += sign * outbox.bytesOf(8)
    queued[9] += sign * outbox.bytesOf(9)
  }

  /** Does something to an outbox, and keeps count of all of them. */
  const change = (outbox: Outbox, act: () => void): void => {
    tally(outbox, -1)
    act()
    tally(outbox, 1)
  }

  /** A client that was ahead of this edge has had what comes up to its own position. */
  const isHeldBack = (to: Recipient, { room, weight, pos }: Line): boolean => {
    const cursors = to.heldBack?.get(room)
    const cursor = cursors?.[weight]
    if (cursors === undefined || cursor === undefined || pos === null) return false
    if (pos <= cursor) return true
    const { [weight]: _, ...left } = cursors
    if (Object.keys(left).length > 0) to.heldBack?.set(room, left)
    else to.heldBack?.delete(room)
    if (to.heldBack?.size === 0) to.heldBack = null
    return false
  }

  const rest = (to: Recipient): void => {
    if (to.isClosed) return
    if (to.flow.wantsMark) sender.mark(to)
    ways.settle(to)
  }

  return {
    enqueue: (to, line) => {
      if (isHeldBack(to, line)) return
      const outbox = outboxOf(to)
      change(outbox, () => outbox.push(line))
    },
    leaveOut: (to, room, gap) => outboxOf(to).leaveOut(room, gap),
    pump: (to) => {
      const { outbox, flow } = to
      if (outbox === null) return rest(to)
      change(outbox, () => {
        const nowMs = now()
        while (!to.isBlocked && !to.isClosed) {
          const taken = outbox.take({
            maxBytes: frameBytes,
            admitsBulk: (bytes, isFirst) => flow.admitsBulk(bytes, isFirst),
            nowMs,
          })
          if (taken.length === 0) break
          sender.send(to, taken, nowMs)
        }
      })
      // Another outbox, or none: the connection has ended meanwhile.
      if (to.outbox === outbox && outbox.isEmpty) {
        to.outbox = null
        count -= 1
      }
      rest(to)
    },
    takesAll: (to, bytes) =>
      to.outbox === null &&
      !to.isBlocked &&
      to.rooms.length === 1 &&
      to.heldBack === null &&
      to.flow.admitsBulk(bytes, false),
    rest,
    bound: (to) => {
      const { outbox, flow } = to
      if (to.isClosed) return
      if (outbox !== null) {
        const share = shareOf(queuedBytes / policy.maxQueuedBytes)
        change(outbox, () => outbox.trim(share))
      }
      if (flow.signalInFlight + (outbox?.signalBytes ?? 0) > policy.maxSignalBytes) to.link.close('tooSlow')
    },
    forget: (who, room) => {
      const { outbox } = who
      if (outbox === null) return
      if (room !== undefined) return change(outbox, () => outbox.forget(room))
      tally(outbox, -1)
      count -= 1
      who.outbox = null
    },
    bytes: () => queuedBytes,
    bytesOf: (weight) => queued[weight],
    count: () => count,
  }
}
