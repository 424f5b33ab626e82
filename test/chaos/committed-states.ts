import type { PeerMessage, Room } from '../../schemas/types.generated.ts'
import { firstDifference, type Difference } from './difference.ts'

/** A state of a room as a transaction wrote it; null: the room was forgotten. */
export type CommittedState = { readonly roomId: string; readonly offset: number; readonly room: Room | null }

/**
 * The states of one partition, room by room in the order of the log, followed beside a replay of the inputs. A transaction
 * writes each room once, after all its inputs, and takes the messages that the broker has acknowledged out of the outboxes before
 * the first. When that was is all that the inputs do not tell; so it is read here, and everything else compared.
 */
export type CommittedStates = {
  /** The room as its transaction found it: without the messages that were acknowledged by then. */
  readonly before: (roomId: string, room: Room | null, position: number) => Room | null
  /** Tells what has become of a room by an input. */
  readonly after: (roomId: string, room: Room | null) => void
  /** To be called when all inputs have been replayed: compares what is left. */
  readonly finish: (rooms: ReadonlyMap<string, Room>) => Map<string, Room>
  readonly differences: readonly Difference[]
  /** Messages that left an outbox: the broker is said to have them. */
  readonly acknowledged: ReadonlySet<string>
}

/** Without what other inputs than those of room.input change. */
const withoutLikes = (room: Room): Room => ({ ...room, likes: 0, likePos: 0 })

export const followStates = (log: string, states: readonly CommittedState[]): CommittedStates => {
  const byRoom = Map.groupBy(states, ({ roomId }) => roomId)
  const cursors = new Map<string, number>()
  const differences: Difference[] = []
  const acknowledged = new Set<string>()

  const nextOf = (roomId: string): CommittedState | undefined => byRoom.get(roomId)?.[cursors.get(roomId) ?? 0]
  const pass = (roomId: string): void => void cursors.set(roomId, (cursors.get(roomId) ?? 0) + 1)

  /**
   * What is left of an outbox: it keeps its order and new messages come after, so the messages of the committed one that are found here in
   * their order are those that stayed. (An id alone tells not enough: what is decided again has the same ids again.)
   */
  const strip = (room: Room | null, committed: readonly PeerMessage[]): Room | null => {
    if (room === null || room.outbox.length === 0) return room
    const left: PeerMessage[] = []
    let from = 0
    for (const { eventId } of committed) {
      const at = room.outbox.findIndex((message, index) => index >= from && message.eventId === eventId)
      if (at < 0) break
      left.push(...room.outbox.slice(at, at + 1))
      from = at + 1
    }
    for (const message of room.outbox) if (!left.includes(message)) acknowledged.add(message.eventId)
    return { ...room, outbox: left }
  }

  const compare = (room: Room | null, { roomId, offset, room: found }: CommittedState): void => {
    const difference = firstDifference(room && withoutLikes(room), found && withoutLikes(found))
    if (difference === undefined) return
    differences.push({ kind: 'changed', where: `${log} offset ${offset}`, what: `room ${roomId}: ${difference}` })
  }

  /** Compares the states that were complete before an input, and gives the room as the last of them has it. */
  const settle = (roomId: string, replayed: Room | null, position: number): Room | null => {
    let room = replayed
    for (let next = nextOf(roomId); next?.room && next.room.inputPos < position; next = nextOf(roomId)) {
      room = strip(room, next.room.outbox)
      compare(room, next)
      pass(roomId)
    }
    return room
  }

  return {
    before: (roomId, room, position) => {
      const settled = settle(roomId, room, position)
      const next = nextOf(roomId)
      return next === undefined ? settled : strip(settled, next.room?.outbox ?? [])
    },
    after: (roomId, room) => {
      // A room that comes back within the transaction has a state instead of the tombstone.
      if (room === null && nextOf(roomId)?.room === null) pass(roomId)
    },
    finish: (rooms) => {
      const settled = new Map<string, Room>()
      for (const roomId of new Set([...rooms.keys(), ...byRoom.keys()])) {
        const room = settle(roomId, rooms.get(roomId) ?? null, Infinity)
        if (room !== null) settled.set(roomId, room)
        const next = nextOf(roomId)
        const last = byRoom.get(roomId)?.at(-1)
        if (next !== undefined) {
          const where = `${log} offset ${next.offset}`
          differences.push({ kind: 'unexpected', where, what: `a state of room ${roomId} that no input gives` })
        } else if ((last?.room ?? null)?.inputPos !== room?.inputPos) {
          differences.push({ kind: 'missing', where: log, what: `the last state of room ${roomId}` })
        }
      }
      return settled
    },
    differences,
    acknowledged,
  }
}
