/** When a JWT runs out, in epoch milliseconds; undefined when it does not say, or is no JWT. It is not verified. */
export const expiryOf = (token: string): number | undefined => {
  const payload = token.split('.')[1]
  if (payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
    if (typeof claims !== 'object' || claims === null || !('exp' in claims)) return undefined
    return typeof claims.exp === 'number' ? claims.exp * 1000 : undefined
  } catch {
    return undefined // not for us to judge: the edge says what is wrong with it
  }
}

const earlyMs = 60_000
const earlyShare = 1 / 5
/** With less than that there is nothing to gain: the edge closes with 4005, and the client comes back with a new token. */
const tooLateMs = 2_000

/**
 * In how many milliseconds to ask for the next token: a minute before the end, or after four fifths of what is left of a short
 * one. Asked again and again of the same token it comes closer to its end, and ends with undefined: too late.
 */
export const renewInMs = (leftMs: number): number | undefined =>
  leftMs < tooLateMs ? undefined : leftMs - Math.min(earlyMs, leftMs * earlyShare)
