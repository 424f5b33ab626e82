import { pause } from '../../services/shared/waiting.ts'

/**
 * Calls `send` at a steady rate, each time when it is due, whether or not earlier ones have been answered: what is measured then
 * is not spared the load that it could not keep up with. Resolves when all that was begun has been answered; rejects as `send` does.
 * @param rate calls a second
 * @param count how many; without it until the signal aborts
 * @param signal ends the sending, without an error
 */
export const sendAtRate = async ({
  rate,
  count = Infinity,
  send,
  signal,
}: {
  readonly rate: number
  readonly count?: number
  /** `dueAt`: the moment of `performance.now()` for which it was planned. */
  readonly send: (index: number, dueAt: number) => Promise<unknown>
  readonly signal: AbortSignal
}): Promise<void> => {
  const startedAt = performance.now()
  const underWay = new Set<Promise<unknown>>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {}) // looked at below, when something waits for it
  for (let index = 0; index < count && !signal.aborted; index++) {
    const dueAt = startedAt + (index * 1_000) / rate
    const earlyMs = dueAt - performance.now()
    if (earlyMs > 0) {
      await Promise.race([pause(earlyMs, signal), failed.promise])
      if (signal.aborted) break
    }
    const sending = send(index, dueAt)
    underWay.add(sending)
    sending.then(() => underWay.delete(sending), failed.reject)
  }
  await Promise.race([Promise.all(underWay), failed.promise])
}
