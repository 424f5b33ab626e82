/** The newest ids, so many of them. */
export type RecentIds = {
  /** False: it is among them already. */
  readonly add: (id: string) => boolean
}

export const createRecentIds = (limit: number): RecentIds => {
  const ids = new Set<string>() // in the order in which they came
  return {
    add: (id) => {
      if (ids.has(id)) return false
      ids.add(id)
      if (ids.size > limit) for (const oldest of ids) return ids.delete(oldest)
      return true
    },
  }
}
