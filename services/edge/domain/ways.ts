import type { Recipient } from './recipient.ts'
import type { LocalRoom } from './rooms.ts'
import type { Sender } from './sender.ts'

/**
 * Which way a connection is on. On the fast way it gets what is published to its one room; nothing is done for it alone. On the slow
 * way it has a queue of its own. It leaves the fast way before a publication that would fill its window, and comes back when it has
 * nothing waiting and little on its way.
 */
export type Ways = {
  /** Makes a connection leave the fast way, if it is there. What was published before still reaches it first. */
  readonly leaveFast: (who: Recipient) => void
  /** For a connection that has ended. */
  readonly end: (who: Recipient) => void
  /** Connections on the fast way. */
  readonly fast: () => number
  /** Back to the fast way, if nothing speaks against it. */
  readonly settle: (who: Recipient) => void
  /** To be called before `bytes` are published to a room: whoever would get too much of it leaves the fast way. */
  readonly prepare: (room: LocalRoom<Recipient>, bytes: number) => void
}

/** Those on a room's fast way are looked at after so many bytes at the latest: about a sixth of them is due for a mark each time. */
const checkEveryBytes = 2 * 1024
/** Of its window a connection on the fast way keeps so much free. */
const spareShare = 1 / 4
/** It comes back when no more than this of its window is on its way. */
const returnShare = 1 / 2

export const createWays = ({
  sender,
  switched,
}: {
  sender: Pick<Sender, 'mark'>
  /** A connection has left the fast way, or come back. */
  switched: (to: 'fast' | 'slow') => void
}): Ways => {
  /** What a connection on the fast way can still be sent before it has to leave. */
  const slackOf = ({ flow }: Recipient): number => flow.windowBytes * (1 - spareShare) - flow.inFlight

  let fast = 0

  const leaveFast = (who: Recipient): void => {
    const { way, flow } = who
    if (way === null) return
    who.link.unsubscribe(way.id)
    flow.unfollow()
    who.way = null
    fast -= 1
    way.slow.add(who)
    switched('slow')
    if (flow.isUnmarked) sender.mark(who)
  }

  return {
    leaveFast,
    end: (who) => {
      if (who.way !== null) fast -= 1
      who.flow.unfollow()
      who.way = null
    },
    fast: () => fast,
    settle: (who) => {
      const { flow, rooms } = who
      const [room] = rooms
      if (room === undefined || rooms.length > 1 || !who.canFollow || who.isClosed || who.isBlocked) return
      if (who.way !== null || who.outbox !== null || who.heldBack !== null) return
      if (flow.inFlight > flow.windowBytes * returnShare) return
      room.slow.delete(who)
      flow.follow(room.stream, room.members.size - room.slow.size)
      who.link.subscribe(room.id)
      who.way = room
      fast += 1
      room.checkAt = Math.min(room.checkAt, room.stream.bytes + slackOf(who))
      switched('fast')
    },
    prepare: (room, bytes) => {
      const { stream } = room
      if (stream.bytes + bytes <= room.checkAt) return
      let next = stream.bytes + bytes + checkEveryBytes
      for (const member of room.members) {
        if (member.way !== room) continue
        const slack = slackOf(member)
        if (slack < bytes) {
          leaveFast(member)
          continue
        }
        if (member.flow.wantsMark) sender.mark(member)
        next = Math.min(next, stream.bytes + slack)
      }
      room.checkAt = next
    },
  }
}
