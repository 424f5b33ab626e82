/** When a command was given and when its answer is too late, epoch milliseconds by the same clock. */
export type Term = { readonly occurredAt: number; readonly deadline: number }

const firstDelayMs = 200
const longestDelayMs = 5_000
const longestMarginMs = 1_000

/**
 * Until when the cloud may be asked: a little before the deadline, so that the answer is on Kafka in time. The margin is a
 * quarter of the whole term, one second at most.
 */
export const lastCallMs = ({ occurredAt, deadline }: Term): number =>
  deadline - Math.min(longestMarginMs, Math.max(0, deadline - occurredAt) / 4)

/**
 * How long to wait after that many failed attempts (1 or more): doubling from 0.2 s to 5 s, of which `random` (0 ≤ random < 1)
 * takes up to a half, so that commands that failed together do not come back together.
 */
export const delayMs = (attempts: number, random: number): number =>
  Math.min(longestDelayMs, firstDelayMs * 2 ** (attempts - 1)) * (1 - random / 2)
