/** The times of a connection that decide whether it may stay; all in milliseconds of one clock that never goes back. */
export type ConnectionTimes = {
  readonly openedAt: number
  /** The last frame of any kind from the client. */
  readonly heardAt: number
  readonly pingedAt: number
  /** It is subscribed, was once, or its subscribe is under way. */
  readonly hasSubscribed: boolean
  /** Infinity before it has connected. */
  readonly tokenEndsAt: number
}

export type ConnectionLimits = { readonly subscribeTimeoutMs: number; readonly silenceTimeoutMs: number }

/** What is due for a connection: nothing, a ping, or its end and why. */
export type Due = 'nothing' | 'ping' | 'tokenExpired' | 'silent' | 'notSubscribed'

/**
 * A client that says nothing is pinged after a third of the allowed silence and again after another: one that lives answers
 * the first or the second, even when the answer takes a third of that time, and is never closed.
 */
export const dueAt = (now: number, times: ConnectionTimes, limits: ConnectionLimits): Due => {
  if (now >= times.tokenEndsAt) return 'tokenExpired'
  if (now - times.heardAt >= limits.silenceTimeoutMs) return 'silent'
  if (!times.hasSubscribed && now - times.openedAt >= limits.subscribeTimeoutMs) return 'notSubscribed'
  return now - Math.max(times.heardAt, times.pingedAt) >= limits.silenceTimeoutMs / 3 ? 'ping' : 'nothing'
}

/** Frames refused lately, of one connection. */
export type Nonsense = { readonly since: number; readonly count: number }

const nonsenseWindowMs = 10_000
const maxNonsense = 10

export const noNonsense: Nonsense = { since: 0, count: 0 }

/** Counts a refused frame at `now`: the tenth within ten seconds of the first is one too many. */
export const countNonsense = (
  now: number,
  seen: Nonsense,
): { readonly seen: Nonsense; readonly isTooMuch: boolean } => {
  const isFresh = seen.count === 0 || now - seen.since > nonsenseWindowMs
  const next = isFresh ? { since: now, count: 1 } : { since: seen.since, count: seen.count + 1 }
  return { seen: next, isTooMuch: next.count >= maxNonsense }
}
