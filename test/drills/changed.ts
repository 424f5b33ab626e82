import type { Curve } from './read-curves.ts'

/** How far a value may leave the range of before without being noticed, as a share of the largest one. */
const tolerance = 0.3
/** How far a line that is straight may be from it, as a share of its rise. */
const straightness = 0.01

/** What a straight line comes to, by moments after its last one; undefined where it is not straight, or level. */
const goOn = (values: readonly number[]): ((moments: number) => number) | undefined => {
  const [first = 0, last = 0] = [values[0], values.at(-1)]
  const slope = (last - first) / (values.length - 1)
  const isStraight = values.every(
    (value, nth) => Math.abs(value - first - slope * nth) <= straightness * Math.abs(last - first),
  )
  return values.length > 2 && slope !== 0 && isStraight ? (moments) => last + slope * moments : undefined
}

/**
 * Whether somebody who looks at a line would say that it has changed: at two moments after the first `before` ones it is well outside
 * of where it was, or it has begun or ended. A straight line that goes on, as an age does, has not changed.
 */
export const hasChanged = ({ values }: Curve, before: number): boolean => {
  const earlier = values.slice(0, before).filter((value) => value !== null)
  const later = values.slice(before)
  const there = later.filter((value) => value !== null)
  if (earlier.length === 0) return there.filter((value) => value !== 0).length >= 2
  if (values[before - 1] !== null && later.length - there.length >= 2) return true
  const [low, high] = [Math.min(...earlier), Math.max(...earlier)]
  const margin = Math.max(high - low, tolerance * Math.max(Math.abs(low), Math.abs(high)))
  const expected = goOn(earlier)
  const isOutside = (value: number | null, nth: number): boolean =>
    value !== null &&
    (value < low - margin || value > high + margin) &&
    (expected === undefined || Math.abs(value - expected(nth + 1)) > margin)
  return later.filter(isOutside).length >= 2
}
