import type { Room } from '../../schemas/types.generated.ts'

/** One record of push.like; `count` likes of a room. */
export type Like = { readonly roomId: string; readonly count: number; readonly offset: number }

/**
 * The likes of one partition that are counted but not yet in the rooms' states. Counting is apart from the lifecycle: a room is
 * written for its likes at most once in `everyMs`, with the position up to which it is counted. A restart begins at `next`, and
 * passes over what a room's own position shows as counted: so the totals are exact whatever happens in between.
 * Its size is bounded by the rooms of the partition.
 */
export type LikeTotals = {
  /** Takes what was read up to `position`; `roomOf` gives committed states. */
  readonly take: (likes: readonly Like[], position: number, roomOf: (roomId: string) => Room | undefined) => void
  /** Takes out what is due, as rooms with their new totals; at most 500 rooms, the rest comes with the next transaction. */
  readonly fold: (roomOf: (roomId: string) => Room | null | undefined) => readonly Room[]
  /** Everything before this offset is in the states, once those that were folded are committed. */
  readonly next: () => number
  /** Milliseconds until `fold` has something to do, or `next` is worth a commit; undefined when nothing is. */
  readonly msUntilDue: () => number | undefined
}

const everyMs = 1_000
/** A position alone, without a total that changes, is not urgent. */
const positionEveryMs = 10_000
const maxRooms = 500

type Uncounted = { count: number; readonly from: number; readonly since: number }

export const createLikeTotals = ({
  next,
  now,
}: {
  /** The first offset of push.like that is not counted. */
  next: number
  /** Monotonic milliseconds. */
  now: () => number
}): LikeTotals => {
  // In the order in which they were begun: the first is the oldest.
  const uncounted = new Map<string, Uncounted>()
  let position = next
  let foldedTo = next
  let foldedAt = now()

  const oldest = (): Uncounted | undefined => uncounted.values().next().value
  const floor = (): number => oldest()?.from ?? position

  return {
    take: (likes, to, roomOf) => {
      for (const { roomId, count, offset } of likes) {
        if (offset < (roomOf(roomId)?.likePos ?? 0)) continue
        const known = uncounted.get(roomId)
        if (known === undefined) uncounted.set(roomId, { count, from: offset, since: now() })
        else known.count += count
      }
      position = to
    },

    fold: (roomOf) => {
      const folded: Room[] = []
      const dueBefore = now() - everyMs
      for (const [roomId, { count, since }] of uncounted) {
        if (since > dueBefore || folded.length === maxRooms) break
        uncounted.delete(roomId)
        const room = roomOf(roomId)
        // Likes of a room that is not there are nobody's.
        if (room !== null && room !== undefined) folded.push({ ...room, likes: room.likes + count, likePos: position })
      }
      foldedTo = floor()
      foldedAt = now()
      return folded
    },

    next: floor,

    msUntilDue: () => {
      const first = oldest()
      if (first !== undefined) return Math.max(0, first.since + everyMs - now())
      return position === foldedTo ? undefined : Math.max(0, foldedAt + positionEveryMs - now())
    },
  }
}
