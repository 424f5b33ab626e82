/** How often something may happen: on average so often, and so many times at once after a rest. */
export type Rate = { readonly perSecond: number; readonly burst: number }

/**
 * Uses up one occasion at `now`. What is remembered between calls is one number, the time until which the allowance is
 * spent (0 at first); it is an instant of the same clock as `now`, in milliseconds.
 * Returns the new one; null when nothing is left, and then nothing was used up. This is a token bucket of `burst` tokens,
 * kept as a time: the generic cell rate algorithm of ITU-T I.371.
 */
export const spend = (now: number, spentUntil: number, { perSecond, burst }: Rate): number | null => {
  const next = Math.max(now, spentUntil) + 1_000 / perSecond
  return next - now <= (burst * 1_000) / perSecond + tolerance ? next : null
}

/** For the rounding of sums of fractions, in milliseconds. */
const tolerance = 1e-3
