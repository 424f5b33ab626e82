/** Where a median lies, and how sure that is. */
export type MedianInterval = { readonly low: number; readonly high: number; readonly confidence: number }

const wanted = 0.95

/**
 * The narrowest interval between the nth smallest and the nth largest value that encloses the true median with 95 % confidence at
 * least, whatever the distribution (that of the sign test); of fewer than six values, all of them, with the confidence that they give.
 */
export const medianInterval = (values: readonly number[]): MedianInterval => {
  const sorted = values.toSorted((a, b) => a - b)
  const count = sorted.length
  // The chance that at most `left` of so many values lie on one side of the median.
  let tail = 0.5 ** count
  let left = 0
  let next = tail * count
  while (1 - 2 * (tail + next) >= wanted) {
    tail += next
    left += 1
    next = (next * (count - left)) / (left + 1)
  }
  return { low: sorted[left] ?? 0, high: sorted[count - 1 - left] ?? 0, confidence: Math.max(0, 1 - 2 * tail) }
}
