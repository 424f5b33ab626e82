/** When a client of a stopping edge is to come back, and when its connection is closed at the latest; both from now. */
export type Farewell = { readonly afterMs: number; readonly closeMs: number }

/** So many clients come back in a second, while there is time: elsewhere each costs a look-up and a snapshot. */
const returnsPerSecond = 500
/** What is left of the time when the last client has been asked to come back: shares of `withinMs`. */
const lingerShare = 0.1
const maxLingerMs = 2_000

/**
 * Spreads the farewell of `count` clients over at most `withinMs`: evenly at random, since clients that all come back at once
 * would hurt whoever takes them. Between `afterMs` and `closeMs` a client that has come back elsewhere leaves by itself.
 * @param random 0 up to 1
 */
export const farewell = ({
  count,
  withinMs,
  random,
}: {
  readonly count: number
  readonly withinMs: number
  readonly random: number
}): Farewell => {
  const lingerMs = Math.min(maxLingerMs, withinMs * lingerShare)
  const spreadMs = Math.min(withinMs - 2 * lingerMs, (count * 1_000) / returnsPerSecond)
  const afterMs = Math.floor(random * spreadMs)
  return { afterMs, closeMs: Math.ceil(afterMs + lingerMs) }
}
