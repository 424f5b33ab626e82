/** Numbers for values of which many copies turn up: equal texts get the same number, from 1 on. */
export type Interner<T> = {
  readonly idOf: (text: string, make: () => T) => number
  readonly get: (id: number) => T
  readonly size: () => number
}

export const createInterner = <T>(): Interner<T> => {
  const ids = new Map<string, number>()
  const values: T[] = []
  return {
    idOf: (text, make) => {
      const known = ids.get(text)
      if (known !== undefined) return known
      values.push(make())
      ids.set(text, values.length)
      return values.length
    },
    get: (id) => {
      const value = values[id - 1]
      if (value === undefined) throw new Error(`nothing has number ${id}`)
      return value
    },
    size: () => values.length,
  }
}
