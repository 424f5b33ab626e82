/** Counts by key, of keys that are counted at all. */
export type Tally = {
  readonly of: (key: string) => number
  readonly add: (key: string) => void
  readonly remove: (key: string) => void
}

export const createTally = (): Tally => {
  const counts = new Map<string, number>()
  return {
    of: (key) => counts.get(key) ?? 0,
    add: (key) => void counts.set(key, (counts.get(key) ?? 0) + 1),
    remove: (key) => {
      const left = (counts.get(key) ?? 0) - 1
      if (left > 0) counts.set(key, left)
      else counts.delete(key)
    },
  }
}
