/** Which offsets of one partition are finished, when they may finish in any order. */
export type Progress = {
  /** An offset that is about to be worked on; offsets come in growing order, holes are allowed. */
  readonly begin: (offset: number) => void
  readonly finish: (offset: number) => void
  /** The position to commit: everything below it is finished. Undefined before anything began. */
  readonly position: () => number | undefined
  /** How many have begun and are not finished. */
  readonly open: () => number
}

/** The commit position moves over finished offsets only, so what a crash interrupts is read again. */
export const createProgress = (): Progress => {
  // A set keeps the order of insertion, so its first element is the lowest open offset.
  const open = new Set<number>()
  let next: number | undefined
  return {
    begin: (offset) => {
      open.add(offset)
      next = offset + 1
    },
    finish: (offset) => void open.delete(offset),
    position: () => open.values().next().value ?? next,
    open: () => open.size,
  }
}
