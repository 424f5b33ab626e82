import type { RequestDecided } from '../../schemas/types.generated.ts'
import { Fault } from '../shared/fault.ts'
import type { InputEvent } from './domain/records.ts'
import { createRoomTable, type RoomTable } from './domain/room-table.ts'
import type { Events, Outcomes, Rooms } from './ports.ts'

/** Events kept in a list, with the headers they came with. */
export const createInMemoryEvents = () => {
  const appended: InputEvent[] = []
  const listeners: ((event: InputEvent) => void)[] = []
  let isAway = false
  const events: Events = {
    append: async (event) => {
      if (isAway) throw new Fault('BROKER_UNREACHABLE', 'Kafka is away', { retriable: true })
      appended.push(event)
      for (const listener of listeners) listener(event)
    },
  }
  return {
    ...events,
    appended,
    /** Called with each event once it is appended: the place to play the state machine. */
    onAppended: (listener: (event: InputEvent) => void) => void listeners.push(listener),
    goAway: () => void (isAway = true),
    comeBack: () => void (isAway = false),
  }
}

/** Outcomes kept for ever. `lag`: decisions that the instance has not read yet; catching up reads them. */
export const createInMemoryOutcomes = () => {
  const read = new Map<string, RequestDecided>()
  const unread: RequestDecided[] = []
  const waiting = new Map<string, (outcome: RequestDecided | undefined) => void>()
  const learn = (outcome: RequestDecided): void => {
    if (!read.has(outcome.requestId)) read.set(outcome.requestId, outcome)
    waiting.get(outcome.requestId)?.(outcome)
  }
  const outcomes: Outcomes = {
    expect: (requestId) => {
      const { promise, resolve } = Promise.withResolvers<RequestDecided | undefined>()
      waiting.set(requestId, resolve)
      return {
        // nothing decides while the caller waits: what will not come by itself is given up at once
        within: async () => {
          const known = read.get(requestId)
          if (known !== undefined) return known
          setImmediate(() => resolve(undefined))
          return promise
        },
        cancel: () => void waiting.delete(requestId),
      }
    },
    find: async (requestId) => read.get(requestId),
    caughtUp: async () => unread.splice(0).forEach(learn),
  }
  return { ...outcomes, decide: learn, decideUnread: (outcome: RequestDecided) => void unread.push(outcome) }
}

/** A room table that is filled by hand; `catchUpWith` is run by the next catch-up. */
export const createInMemoryRooms = () => {
  const table = createRoomTable()
  let isAway = false
  const unread: ((table: RoomTable) => void)[] = []
  const rooms: Rooms = {
    table,
    caughtUp: async () => {
      if (isAway) throw new Fault('DEADLINE_PASSED', 'Kafka is away', { retriable: true })
      for (const change of unread.splice(0)) change(table)
    },
  }
  return {
    ...rooms,
    table,
    catchUpWith: (change: (table: RoomTable) => void) => void unread.push(change),
    goAway: () => void (isAway = true),
  }
}
