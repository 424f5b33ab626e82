/** The states seen so far: a fingerprint of 128 bits each, and the state from which each was reached first. */
export type Visited = {
  /** The number of a state, and whether it is new; numbers count from 0. */
  readonly add: (state: readonly number[], parent: number) => { readonly id: number; readonly isNew: boolean }
  readonly find: (state: readonly number[]) => number | undefined
  readonly parentOf: (id: number) => number
  readonly size: () => number
}

const lanes = 4
const multipliers = [0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1] as const

/** Four independent 32-bit hashes of a list of integers (murmur's mixing with different constants). */
const fingerprint = (state: readonly number[], into: Uint32Array): void => {
  let [a, b, c, d] = [0x9e3779b9, 0x7f4a7c15, 0x3c6ef372, 0x1b873593]
  for (const value of state) {
    a = Math.imul(a ^ value, multipliers[0])
    a ^= a >>> 15
    b = Math.imul(b ^ (value + 0x51ed27), multipliers[1])
    b ^= b >>> 13
    c = Math.imul((c << 5) ^ (c >>> 27) ^ value, multipliers[2])
    d = Math.imul(d + value, multipliers[3])
    d ^= d >>> 16
  }
  into.set([a ^ (a >>> 16), b ^ (b >>> 16), c ^ (c >>> 16), d ^ state.length])
}

/** An open-addressing table that doubles before it is two thirds full. */
export const createVisited = (): Visited => {
  let capacity = 1 << 14
  let slots = new Int32Array(capacity).fill(-1)
  let prints = new Uint32Array(lanes * 1024)
  let parents = new Int32Array(1024)
  let size = 0
  const print = new Uint32Array(lanes)

  const isAt = (id: number): boolean => {
    for (let lane = 0; lane < lanes; lane++) if (prints[id * lanes + lane] !== print[lane]) return false
    return true
  }

  const slotFor = (first: number): number => {
    for (let slot = first & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
      const id = slots[slot] ?? -1
      if (id < 0 || isAt(id)) return slot
    }
  }

  const growTable = (): void => {
    capacity *= 2
    slots = new Int32Array(capacity).fill(-1)
    for (let id = 0; id < size; id++) {
      let slot = (prints[id * lanes] ?? 0) & (capacity - 1)
      while ((slots[slot] ?? -1) >= 0) slot = (slot + 1) & (capacity - 1)
      slots[slot] = id
    }
  }

  const growList = (): void => {
    const [morePrints, moreParents] = [new Uint32Array(prints.length * 2), new Int32Array(parents.length * 2)]
    morePrints.set(prints)
    moreParents.set(parents)
    prints = morePrints
    parents = moreParents
  }

  return {
    add: (state, parent) => {
      fingerprint(state, print)
      const slot = slotFor(print[0] ?? 0)
      const known = slots[slot] ?? -1
      if (known >= 0) return { id: known, isNew: false }
      if (size === parents.length) growList()
      prints.set(print, size * lanes)
      parents[size] = parent
      slots[slot] = size
      size += 1
      if (size * 3 > capacity * 2) growTable()
      return { id: size - 1, isNew: true }
    },
    find: (state) => {
      fingerprint(state, print)
      const id = slots[slotFor(print[0] ?? 0)] ?? -1
      return id < 0 ? undefined : id
    },
    parentOf: (id) => parents[id] ?? -1,
    size: () => size,
  }
}
