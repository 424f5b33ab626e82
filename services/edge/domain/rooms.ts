import { newRoomStream, type RoomStream } from './flow.ts'
import type { Line } from './line.ts'

/** A user's connection, as far as a room is concerned. */
export type Member = { readonly uid: string }

/** A room in which this edge has subscribers, or somebody who is about to be one. */
export type LocalRoom<M extends Member> = {
  readonly id: string
  readonly partition: number
  readonly members: ReadonlySet<M>
  /** The members that are not on the room's fast way. */
  readonly slow: Set<M>
  /** What was published on the fast way. */
  readonly stream: RoomStream
  /** When the stream gets beyond it, those on the fast way are looked at. */
  checkAt: number
  /** Highest `inputPos` among the signal records of this room that were given to its members. */
  lastInputPos: number
  /** What came since the last tick. */
  arrived: Line[]
  /** Before this (epoch milliseconds) comments and likes that have come wait for more; Infinity: until those before them are written. */
  bulkDueAt: number
}

type Entry<M extends Member> = LocalRoom<M> & {
  readonly members: Set<M>
  /** Most users have one connection: that, or all of several. */
  readonly byUid: Map<string, M | Set<M>>
  /** Subscribes under way: the room is kept for them. */
  expected: number
}

/** Who is subscribed to what. A room is here as long as it has a member or expects one. */
export type Rooms<M extends Member> = {
  readonly get: (roomId: string) => LocalRoom<M> | undefined
  /** Keeps a room for a subscribe that is under way; every call needs one `release`. */
  readonly expect: (roomId: string, partition: number) => LocalRoom<M>
  readonly release: (roomId: string) => void
  readonly join: (roomId: string, member: M) => void
  readonly leave: (roomId: string, member: M) => void
  /** The connections of one user in a room. */
  readonly ofUser: (roomId: string, uid: string) => Iterable<M>
  /** How many users are in a room, with however many connections each. */
  readonly viewers: (roomId: string) => number
  readonly inPartition: (partition: number) => readonly LocalRoom<M>[]
  /** Members in all rooms; a connection in two rooms counts twice. */
  readonly subscriptions: () => number
}

/** `onUnused` hears when a partition has lost its last local room, `onViewers` when a room has one user more or less. */
export const createRooms = <M extends Member>({
  onUnused,
  onViewers,
}: {
  onUnused: (partition: number) => void
  onViewers?: (roomId: string) => void
}): Rooms<M> => {
  const rooms = new Map<string, Entry<M>>()
  const roomsIn = new Map<number, Set<Entry<M>>>()
  let subscriptions = 0

  const add = (id: string, partition: number): Entry<M> => {
    const room: Entry<M> = {
      id,
      partition,
      members: new Set(),
      slow: new Set(),
      stream: newRoomStream(),
      checkAt: 0,
      byUid: new Map(),
      lastInputPos: -1,
      arrived: [],
      bulkDueAt: 0,
      expected: 0,
    }
    rooms.set(id, room)
    const neighbours = roomsIn.get(partition)
    if (neighbours === undefined) roomsIn.set(partition, new Set([room]))
    else neighbours.add(room)
    return room
  }

  const removeIfUnused = (room: Entry<M>): void => {
    if (room.members.size > 0 || room.expected > 0) return
    rooms.delete(room.id)
    const neighbours = roomsIn.get(room.partition)
    neighbours?.delete(room)
    if (neighbours?.size !== 0) return
    roomsIn.delete(room.partition)
    onUnused(room.partition)
  }

  const isSet = (own: M | Set<M>): own is Set<M> => own instanceof Set

  return {
    get: (roomId) => rooms.get(roomId),
    expect: (roomId, partition) => {
      const room = rooms.get(roomId) ?? add(roomId, partition)
      room.expected += 1
      return room
    },
    release: (roomId) => {
      const room = rooms.get(roomId)
      if (room === undefined) return
      room.expected -= 1
      removeIfUnused(room)
    },
    join: (roomId, member) => {
      const room = rooms.get(roomId)
      if (room === undefined || room.members.has(member)) return
      room.members.add(member)
      subscriptions += 1
      const own = room.byUid.get(member.uid)
      if (own === undefined) {
        room.byUid.set(member.uid, member)
        onViewers?.(roomId)
      } else if (isSet(own)) own.add(member)
      else room.byUid.set(member.uid, new Set([own, member]))
    },
    leave: (roomId, member) => {
      const room = rooms.get(roomId)
      if (room?.members.delete(member) !== true) return
      room.slow.delete(member)
      subscriptions -= 1
      const own = room.byUid.get(member.uid)
      if (own !== undefined && isSet(own)) own.delete(member)
      if (own === member || (own !== undefined && isSet(own) && own.size === 0)) {
        room.byUid.delete(member.uid)
        onViewers?.(roomId)
      }
      removeIfUnused(room)
    },
    ofUser: (roomId, uid) => {
      const own = rooms.get(roomId)?.byUid.get(uid)
      return own === undefined ? [] : isSet(own) ? own : [own]
    },
    viewers: (roomId) => rooms.get(roomId)?.byUid.size ?? 0,
    inPartition: (partition) => [...(roomsIn.get(partition) ?? [])],
    subscriptions: () => subscriptions,
  }
}
