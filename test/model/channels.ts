import type { Decisions } from './decisions.ts'
import { receiverOf, senderOf, type Slots } from './slots.ts'
import { addTo, isNumbered, pack, unpack, withSlot, type State } from './state.ts'

/**
 * The messages between rooms: in order per ordered pair of rooms, since the outbox sends one after the other to each destination;
 * different pairs overtake each other freely. What was sent stays in the log. A task that crashes between sending messages and
 * removing them from its state sends them again, in their order and behind all others.
 */
export type Channels = {
  /** Sends a decision's messages; while its room's task may still crash they are kept for that. */
  readonly send: (state: State, slot: number, messages: readonly number[], canCrash: boolean) => State
  /** Sends the newest messages of a room again. */
  readonly sendAgain: (state: State, slot: number, count: number) => State
  /** Rooms forget ids that cannot come again, and a message of which there is one copy needs no tag. */
  readonly tidy: (state: State, canBeRepeated: (eventId: string, state: State) => boolean) => State
}

/** A task's state holds what the broker had not acknowledged before the last commit or the one before it. */
const maxUnacknowledged = 3

export const taggedId = (from: string, tag: number): string => `${from}:${tag}`
export const isTaggedId = (eventId: string): boolean => eventId.includes(':')

export const createChannels = (decisions: Decisions, slots: Slots): Channels => {
  const laneOf = (message: number): number => {
    const { fromRoomId, roomId } = decisions.message(message)
    return slots.laneBetween(fromRoomId, roomId)
  }
  const remembered = ({ rooms }: Pick<State, 'rooms'>, slot: number): readonly string[] =>
    decisions.room(rooms[slot] ?? 0)?.recentInputs ?? []

  /** The tags of all copies that lie in a lane or may be put there again. */
  const tagsIn = ({ lanes, unacknowledged }: State, lane: number): readonly number[] => {
    const kept = unacknowledged[senderOf(lane)]?.filter((parcel) => laneOf(unpack(parcel).message) === lane) ?? []
    const waiting = lanes.find((one) => one.lane === lane)?.parcels ?? []
    return [...waiting, ...kept].map((parcel) => unpack(parcel).tag)
  }

  const freeTag = (state: State, lane: number): number => {
    const used = tagsIn(state, lane)
    const known = remembered(state, receiverOf(lane))
    let tag = 1
    while (used.includes(tag) || known.includes(taggedId(slots.roomAt(senderOf(lane)), tag))) tag += 1
    return tag
  }

  const forgetIds = (state: State, canBeRepeated: (eventId: string, state: State) => boolean): State['rooms'] => {
    let { rooms } = state
    for (const [slot, id] of rooms.entries()) {
      const isOver = (eventId: string): boolean => {
        if (!isTaggedId(eventId)) return !canBeRepeated(eventId, state)
        const [from = '', tag] = eventId.split(':')
        return !tagsIn(state, slots.laneBetween(from, slots.roomAt(slot))).includes(Number(tag))
      }
      if (remembered(state, slot).some(isOver)) rooms = rooms.with(slot, decisions.forget(id, isOver))
    }
    return rooms
  }

  return {
    send: (state, slot, messages, canCrash) => {
      let next = state
      for (const message of messages) {
        const lane = laneOf(message)
        const tag = canCrash && !isNumbered(decisions.message(message)) ? freeTag(next, lane) : 0
        const parcel = pack({ message, tag })
        next = { ...next, lanes: addTo(next.lanes, lane, [parcel]) }
        if (!canCrash) continue
        const kept = [...(next.unacknowledged[slot] ?? []), parcel].slice(-maxUnacknowledged)
        next = { ...next, unacknowledged: withSlot(next.unacknowledged, slot, kept, []) }
      }
      return next
    },
    sendAgain: (state, slot, count) => {
      let { lanes } = state
      for (const parcel of (state.unacknowledged[slot] ?? []).slice(-count)) {
        lanes = addTo(lanes, laneOf(unpack(parcel).message), [parcel])
      }
      return { ...state, lanes }
    },
    tidy: (state, canBeRepeated) => {
      const rooms = forgetIds(state, canBeRepeated)
      const lanes = state.lanes.map((one) => {
        const used = tagsIn(state, one.lane)
        const isNeeded = (tag: number): boolean =>
          used.filter((other) => other === tag).length > 1 ||
          remembered({ rooms }, receiverOf(one.lane)).includes(taggedId(slots.roomAt(senderOf(one.lane)), tag))
        const parcels = one.parcels.map((parcel) => {
          const { message, tag } = unpack(parcel)
          return tag > 0 && !isNeeded(tag) ? pack({ message, tag: 0 }) : parcel
        })
        return parcels.some((parcel, index) => parcel !== one.parcels[index]) ? { lane: one.lane, parcels } : one
      })
      return { ...state, rooms, lanes }
    },
  }
}
