/** A source of time in milliseconds. Domain code takes times as arguments; adapters take a clock. */
export type Clock = { readonly now: () => number }

/** Epoch milliseconds, as the machine believes them; may jump. For what others read: timestamps, expiry of tokens. */
export const systemClock: Clock = { now: () => Date.now() }

/** Milliseconds since the process started; never goes back. For durations and deadlines. */
export const monotonicClock: Clock = { now: () => performance.now() }
