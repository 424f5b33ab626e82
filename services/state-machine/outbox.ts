import type { PeerMessage, Room } from '../../schemas/types.generated.ts'
import { isFault } from '../shared/fault.ts'
import type { Log } from '../shared/log.ts'
import { pause } from './pause.ts'

/** Carries messages to other rooms out of the committed states of a partition. */
export type Outbox = {
  /** Takes up what is new in a committed room. */
  readonly take: (room: Room) => void
  /** The room without the messages that the broker has acknowledged; the same object when there are none. */
  readonly strip: (room: Room) => Room
  /** Rooms with acknowledged messages that are still in their committed state. */
  readonly acknowledged: () => readonly string[]
  /** Forgets what has left a committed state. */
  readonly settle: (roomId: string, committed: Room | null) => void
}

/**
 * Sends one message after the other to each destination, so that their order holds whatever fails; different destinations do
 * not wait for each other. A message that the broker did not take is sent again until it does or the signal aborts.
 * Its size is bounded by what the states hold.
 */
export const createOutbox = ({
  send,
  onAcknowledged,
  retryMs,
  signal,
  log,
}: {
  send: (message: PeerMessage) => Promise<unknown>
  onAcknowledged: () => void
  /** Pause before a message that failed is sent again. */
  retryMs: number
  signal: AbortSignal
  log: Log
}): Outbox => {
  const known = new Set<string>()
  const acked = new Map<string, Set<string>>()
  const lanes = new Map<string, PeerMessage[]>()

  const run = async (lane: PeerMessage[]): Promise<void> => {
    for (let message = lane[0]; message !== undefined && !signal.aborted; message = lane[0]) {
      try {
        await send(message)
        lane.shift()
        const ids = acked.get(message.fromRoomId) ?? new Set()
        acked.set(message.fromRoomId, ids.add(message.eventId))
        onAcknowledged()
      } catch (error) {
        const isBusy = isFault(error, 'BUFFER_FULL')
        log.warn({ err: error, isBusy }, 'a message between rooms could not be sent; trying again')
        await pause(retryMs, signal)
      }
    }
  }

  return {
    take: ({ outbox }) => {
      for (const message of outbox) {
        if (known.has(message.eventId)) continue
        known.add(message.eventId)
        const lane = lanes.get(message.roomId)
        if (lane !== undefined) {
          lane.push(message)
          continue
        }
        const begun = [message]
        lanes.set(message.roomId, begun)
        void run(begun).finally(() => lanes.delete(message.roomId)) // never rejects: failures are tried again
      }
    },
    strip: (room) => {
      const ids = acked.get(room.roomId)
      return ids === undefined ? room : { ...room, outbox: room.outbox.filter(({ eventId }) => !ids.has(eventId)) }
    },
    acknowledged: () => [...acked.keys()],
    settle: (roomId, committed) => {
      const ids = acked.get(roomId)
      if (ids === undefined) return
      const left = new Set(committed?.outbox.map(({ eventId }) => eventId))
      for (const id of ids) {
        if (left.has(id)) continue
        ids.delete(id)
        known.delete(id)
      }
      if (ids.size === 0) acked.delete(roomId)
    },
  }
}
