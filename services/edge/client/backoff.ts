/** How long to wait before the next attempt to connect. */
export type Backoff = {
  /** The longest wait before the first attempt, in milliseconds; doubled with each one that fails. */
  readonly baseMs: number
  /** The longest wait of all. */
  readonly maxMs: number
}

/** What to do after a connection has ended: never come back, or after so long. */
export type Verdict = { readonly kind: 'stop' } | { readonly kind: 'retry'; readonly afterMs: number }

const tokenExpired = 4005

/** From 4500 to 4999 the edge says: do not come back. */
export const isFinal = (code: number): boolean => code >= 4500 && code <= 4999

/**
 * Any time from nothing up to a limit that doubles with every failure ("full jitter"), so that clients that were cut off at the
 * same moment do not come back at the same moment. A token that ran out is no failure: the first time there is no wait.
 * @param failures attempts in a row that did not lead to a connection that lasted
 * @param random 0 up to 1
 */
export const afterEnd = (
  { code, failures }: { readonly code: number; readonly failures: number },
  { baseMs, maxMs }: Backoff,
  random: number,
): Verdict => {
  if (isFinal(code)) return { kind: 'stop' }
  if (code === tokenExpired && failures === 0) return { kind: 'retry', afterMs: 0 }
  return { kind: 'retry', afterMs: Math.round(random * Math.min(maxMs, baseMs * 2 ** failures)) }
}
