import type { Line } from './line.ts'

/** What one tick brings to a room, in delivery order. */
export type FanOut = {
  /** For everyone in the room. */
  readonly shared: readonly Line[]
  /** For a user to whom something is addressed: that, and the shared lines among it. */
  readonly personal: ReadonlyMap<string, readonly Line[]>
}

/** Orders lines by weight; inside a weight they keep their order, which is that of the log. */
export const inWeightOrder = (lines: readonly Line[]): readonly Line[] => lines.toSorted((a, b) => a.weight - b.weight)

/** Divides the lines that came to a room in one tick by who gets them. */
export const fanOut = (lines: readonly Line[]): FanOut => {
  const ordered = inWeightOrder(lines)
  const personal = new Map<string, readonly Line[]>()
  for (const { toUid } of ordered) {
    if (toUid === null || personal.has(toUid)) continue
    personal.set(
      toUid,
      ordered.filter((line) => line.toUid === null || line.toUid === toUid),
    )
  }
  return { shared: ordered.filter(({ toUid }) => toUid === null), personal }
}
