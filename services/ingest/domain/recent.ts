/** What was seen lately, by key. */
export type Recent<Value> = {
  readonly get: (key: string, now: number) => Value | undefined
  /** `at`: when it was seen, epoch milliseconds. */
  readonly set: (key: string, value: Value, at: number) => void
  readonly delete: (key: string) => void
  readonly size: () => number
}

/** A memory with two limits: what is older than `maxAgeMs` is forgotten, and past `maxEntries` the oldest entry is. */
export const createRecent = <Value>({
  maxEntries,
  maxAgeMs,
}: {
  maxEntries: number
  maxAgeMs: number
}): Recent<Value> => {
  // a Map keeps its entries in the order in which they were set: the first one is the oldest
  const entries = new Map<string, { readonly value: Value; readonly at: number }>()
  const forget = (now: number): void => {
    for (const [key, { at }] of entries) {
      if (entries.size <= maxEntries && now - at <= maxAgeMs) return
      entries.delete(key)
    }
  }
  return {
    get: (key, now) => {
      const entry = entries.get(key)
      return entry === undefined || now - entry.at > maxAgeMs ? undefined : entry.value
    },
    set: (key, value, at) => {
      entries.delete(key)
      entries.set(key, { value, at })
      forget(at)
    },
    delete: (key) => void entries.delete(key),
    size: () => entries.size,
  }
}
