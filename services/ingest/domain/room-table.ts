import type { Invite, Room, SessionTerms } from '../../../schemas/types.generated.ts'

/** Two parties, and the room in which an invite between them was, or would have been, made. */
type Pair = {
  readonly inviterUid: string
  readonly inviteeUid: string
  readonly liveRoomId: string
}

/** What ingest keeps of a room. */
export type RoomView = {
  readonly roomId: string
  readonly uid: string
  readonly name: string
  readonly description: string | null
  /** 0 created, 1 pushing, 2 ended, 10 system room not pushing. */
  readonly status: number
  /** 1 audience, 2 broadcaster. */
  readonly type: number
  readonly mixReady: boolean
  readonly mixed: boolean
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** Who may give feedback without naming the room: waiting invites with their expiry, and the session in both directions. */
  readonly invites: readonly (Pair & { readonly expiresAt: number })[]
  readonly sessionPairs: readonly Pair[]
}

type Agreed = { readonly terms: SessionTerms }

/** The part of a room's state that ingest looks at. */
export type RoomState = Pick<
  Room,
  'roomId' | 'uid' | 'name' | 'description' | 'status' | 'type' | 'mixReady' | 'mixed' | 'createdAt'
> & {
  readonly invites: readonly Pick<Invite, 'inviterUid' | 'inviteeUid' | 'expiresAt'>[]
  readonly agreements: readonly Agreed[]
  readonly session: Agreed | null
}

/** What ingest keeps of a room's state. */
export const viewOf = (room: RoomState): RoomView => ({
  roomId: room.roomId,
  uid: room.uid,
  name: room.name,
  description: room.description,
  status: room.status,
  type: room.type,
  mixReady: room.mixReady,
  mixed: room.mixed,
  createdAt: room.createdAt,
  invites: room.invites.map(({ inviterUid, inviteeUid, expiresAt }) => ({
    inviterUid,
    inviteeUid,
    expiresAt,
    liveRoomId: room.roomId,
  })),
  sessionPairs: [...room.agreements, ...(room.session === null ? [] : [room.session])].flatMap(pairsOf),
})

/**
 * The pairs of a session: as it was invited, and the other way round for a crossing invite, which was made in the room of the
 * party that was invited in the end, or, when that one is audience, in the watched room.
 */
const pairsOf = ({ terms }: Agreed): readonly Pair[] => [
  { inviterUid: terms.inviterUid, inviteeUid: terms.inviteeUid, liveRoomId: terms.ownerRoomId },
  {
    inviterUid: terms.inviteeUid,
    inviteeUid: terms.inviterUid,
    liveRoomId: terms.inviteeType === 2 ? terms.inviteeRoomId : terms.ownerRoomId,
  },
]

/** The rooms that live, with what is looked up in them. */
export type RoomTable = {
  readonly get: (roomId: string) => RoomView | undefined
  /** That room when it is the live of a broadcaster who is pushing. */
  readonly runningLive: (roomId: string) => RoomView | undefined
  /** Lives of broadcasters that are pushing, newest first. */
  readonly runningLives: () => readonly RoomView[]
  /** The newest running live of a broadcaster. */
  readonly runningLiveOf: (uid: string) => RoomView | undefined
  /** The room in which the invite between these two was made: a waiting one (the one that waits longest), else of a session. */
  readonly roomOfInvite: (inviterUid: string, inviteeUid: string) => string | undefined
  /** The name that the newest room of this uid shows; parties of sessions own a room, too. */
  readonly nameOf: (uid: string) => string | undefined
  readonly put: (room: RoomView) => void
  readonly remove: (roomId: string) => void
  readonly roomIds: () => Iterable<string>
  readonly size: () => number
}

const runningStatus = 1
const broadcasterType = 2
const isRunningLive = (room: RoomView): boolean => room.status === runningStatus && room.type === broadcasterType
const pairKey = (inviterUid: string, inviteeUid: string): string => JSON.stringify([inviterUid, inviteeUid])
const newest = (rooms: Iterable<RoomView>): RoomView | undefined => {
  let found: RoomView | undefined
  for (const room of rooms) if (found === undefined || room.createdAt > found.createdAt) found = room
  return found
}

/** An index from a key to the rooms that have it; a key without rooms takes no memory. */
const createIndex = () => {
  const roomsByKey = new Map<string, Map<string, RoomView>>()
  return {
    of: (key: string): Iterable<RoomView> => roomsByKey.get(key)?.values() ?? [],
    add: (key: string, room: RoomView): void => {
      const rooms = roomsByKey.get(key)
      if (rooms === undefined) roomsByKey.set(key, new Map([[room.roomId, room]]))
      else rooms.set(room.roomId, room)
    },
    remove: (key: string, room: RoomView): void => {
      const rooms = roomsByKey.get(key)
      rooms?.delete(room.roomId)
      if (rooms?.size === 0) roomsByKey.delete(key)
    },
  }
}

/** An empty table. Every look-up goes through an index, none scans the rooms. */
export const createRoomTable = (): RoomTable => {
  const rooms = new Map<string, RoomView>()
  const running = new Map<string, RoomView>()
  const byOwner = createIndex()
  const byPair = createIndex()

  const pairKeysOf = (room: RoomView): Iterable<string> =>
    new Set(
      [...room.invites, ...room.sessionPairs].map(({ inviterUid, inviteeUid }) => pairKey(inviterUid, inviteeUid)),
    )

  const remove = (roomId: string): void => {
    const room = rooms.get(roomId)
    if (room === undefined) return
    rooms.delete(roomId)
    running.delete(roomId)
    byOwner.remove(room.uid, room)
    for (const key of pairKeysOf(room)) byPair.remove(key, room)
  }

  return {
    get: (roomId) => rooms.get(roomId),
    runningLive: (roomId) => running.get(roomId),
    runningLives: () => [...running.values()].toSorted((one, other) => other.createdAt - one.createdAt),
    runningLiveOf: (uid) => newest([...byOwner.of(uid)].filter(isRunningLive)),
    roomOfInvite: (inviterUid, inviteeUid) => {
      const candidates = [...byPair.of(pairKey(inviterUid, inviteeUid))]
      const isThePair = (pair: Pair): boolean => pair.inviterUid === inviterUid && pair.inviteeUid === inviteeUid
      const waiting = candidates.flatMap((room) => room.invites.filter(isThePair))
      const latest = waiting.toSorted((one, other) => other.expiresAt - one.expiresAt)[0]
      return (latest ?? candidates.flatMap((room) => room.sessionPairs.filter(isThePair))[0])?.liveRoomId
    },
    nameOf: (uid) => newest(byOwner.of(uid))?.name,
    put: (room) => {
      remove(room.roomId)
      rooms.set(room.roomId, room)
      if (isRunningLive(room)) running.set(room.roomId, room)
      byOwner.add(room.uid, room)
      for (const key of pairKeysOf(room)) byPair.add(key, room)
    },
    remove,
    roomIds: () => rooms.keys(),
    size: () => rooms.size,
  }
}
