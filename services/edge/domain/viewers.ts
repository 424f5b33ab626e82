/** A number of users in a room. */
export type Count = { readonly room: string; readonly count: number }

export type ViewersTiming = {
  /** A room's number is written, and told to the room, at most once in this time. */
  readonly changeMs: number
  /** A number that does not change is written again after this time, so that the others know that it still holds. */
  readonly refreshMs: number
}

/**
 * How many users watch the rooms of this edge: what to write for the other instances, and what to tell the rooms. What it keeps
 * is bounded by the rooms that have members here, or had some within `refreshMs`. Times are milliseconds of one clock that never goes back.
 */
export type Viewers = {
  /** So many users are in a room here now. The first one is told the sum by message 104. */
  readonly set: (room: string, here: number, now: number) => void
  /** The other instances' part of a room's sum has changed. */
  readonly changed: (room: string) => void
  /** Users in a room at all instances. */
  readonly sum: (room: string) => number
  /**
   * What is to be written now, and counts as written from then on. A room that has lost its last user is written at once.
   * At most `max` numbers; the rest stays due.
   */
  readonly toWrite: (now: number, max: number) => readonly Count[]
  /** What is to be told to rooms now, and counts as told from then on. */
  readonly toTell: (now: number) => readonly Count[]
  /** Zeros for every room that the others believe to have users here, once; for the end of this instance. */
  readonly toWithdraw: () => Count[]
}

/** What was written or told last, and when. */
type Mark = { readonly count: number; readonly at: number }
type Own = { here: number; written: Mark; told: Mark }

/** `elsewhere`: users of a room at the other instances. */
export const createViewers = ({
  elsewhere,
  timing: { changeMs, refreshMs },
}: {
  elsewhere: (room: string) => number
  timing: ViewersTiming
}): Viewers => {
  /** In the order in which they were last written or, before that, met: the first is the next to be refreshed. */
  const rooms = new Map<string, Own>()
  const unwritten = new Set<string>()
  const untold = new Set<string>()

  const sum = (room: string): number => (rooms.get(room)?.here ?? 0) + elsewhere(room)

  const mark = (room: string, own: Own, now: number): Count => {
    own.written = { count: own.here, at: now }
    rooms.delete(room)
    rooms.set(room, own)
    return { room, count: own.here }
  }

  /** Numbers that have changed. A room whose number is again what was written has nothing to say. */
  const changes = (now: number, max: number): Count[] => {
    const counts: Count[] = []
    for (const room of unwritten) {
      if (counts.length >= max) break
      const own = rooms.get(room)
      const hasChanged = own !== undefined && own.here !== own.written.count
      if (hasChanged && own.here > 0 && now - own.written.at < changeMs) continue
      unwritten.delete(room)
      if (hasChanged) counts.push(mark(room, own, now))
    }
    return counts
  }

  const refreshes = (now: number, max: number): Count[] => {
    const counts: Count[] = []
    for (const [room, own] of rooms) {
      if (counts.length >= max || now - own.written.at < refreshMs) break
      if (own.here > 0) counts.push(mark(room, own, now))
      else if (own.written.count === 0) rooms.delete(room)
    }
    return counts
  }

  return {
    set: (room, here, now) => {
      const own = rooms.get(room)
      const toldByState = { count: here + elsewhere(room), at: now }
      if (own === undefined) {
        if (here === 0) return
        // Never written is as good as 0 written long ago, but it is not the first to be refreshed.
        rooms.set(room, { here, written: { count: 0, at: now - changeMs }, told: toldByState })
      } else {
        if (own.here === 0) own.told = toldByState
        own.here = here
      }
      unwritten.add(room)
      untold.add(room)
    },
    changed: (room) => {
      if ((rooms.get(room)?.here ?? 0) > 0) untold.add(room)
    },
    sum,
    toWrite: (now, max) => {
      const counts = changes(now, max)
      return [...counts, ...refreshes(now, max - counts.length)]
    },
    toTell: (now) => {
      const counts: Count[] = []
      for (const room of untold) {
        const own = rooms.get(room)
        const count = sum(room)
        const hasChanged = own !== undefined && own.here > 0 && own.told.count !== count
        if (hasChanged && now - own.told.at < changeMs) continue
        untold.delete(room)
        if (!hasChanged) continue
        own.told = { count, at: now }
        counts.push({ room, count })
      }
      return counts
    },
    toWithdraw: () => {
      const withdrawn: Count[] = []
      for (const [room, { written }] of rooms) if (written.count > 0) withdrawn.push({ room, count: 0 })
      for (const all of [rooms, unwritten, untold]) all.clear()
      return withdrawn
    },
  }
}
