/** Whose turn it is: items of one key one after the other in the order in which they came, different keys side by side. */
export type Turns<Item> = {
  readonly add: (key: string, item: Item) => void
  /** The next item whose key has no turn, which it has from now on; undefined when there is none or the limit is reached. */
  readonly take: () => { readonly key: string; readonly item: Item } | undefined
  /** Ends the turn of the key. */
  readonly end: (key: string) => void
  readonly running: () => number
}

export const createTurns = <Item>({ maxRunning }: { maxRunning: number }): Turns<Item> => {
  const waiting = new Map<string, Item[]>()
  const running = new Set<string>()
  // Keys that wait and have no turn, in the order in which they became so.
  const ready = new Set<string>()
  return {
    add: (key, item) => {
      const items = waiting.get(key)
      if (items === undefined) waiting.set(key, [item])
      else items.push(item)
      if (!running.has(key)) ready.add(key)
    },
    take: () => {
      if (running.size >= maxRunning) return undefined
      const [key] = ready
      if (key === undefined) return undefined
      const items = waiting.get(key) ?? []
      const item = items.shift()
      if (items.length === 0) waiting.delete(key)
      ready.delete(key)
      if (item === undefined) return undefined
      running.add(key)
      return { key, item }
    },
    end: (key) => {
      running.delete(key)
      if (waiting.has(key)) ready.add(key)
    },
    running: () => running.size,
  }
}
