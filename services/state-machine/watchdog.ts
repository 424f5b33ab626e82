import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../shared/log.ts'

/**
 * Finds partitions that stand still although there is something to do. `check` is called at even intervals; it asks the broker itself
 * how long the logs are, over a connection of its own, so that it does not rely on what may be stuck.
 */
export type Watchdog = {
  /**
   * Looks once. Rejects with the broker's fault when that does not answer: an outage is not a standstill, and nothing is counted.
   * Returns the partitions that have not moved for `limit` looks in a row, with their lag in records.
   */
  readonly check: () => Promise<ReadonlyMap<number, number>>
}

export const createWatchdog = ({
  positions,
  fetchEnds,
  isWaiting,
  limit,
}: {
  /** The assigned partitions, each with the first offset that is not decided; undefined while it is being taken over. */
  positions: () => ReadonlyMap<number, number | undefined>
  /** Up to where each can be read; what a transaction that is open holds back is not to do yet. */
  fetchEnds: (partitions: readonly number[]) => Promise<ReadonlyMap<number, number>>
  /** Whether something outside, which is known not to answer, is waited for: no standstill either. */
  isWaiting: () => boolean
  limit: number
}): Watchdog => {
  let seen = new Map<number, { readonly position: number | undefined; readonly looks: number }>()

  return {
    check: async () => {
      const before = positions()
      const ends = before.size === 0 ? new Map<number, number>() : await fetchEnds([...before.keys()])
      const stalled = new Map<number, number>()
      const next: typeof seen = new Map()
      for (const [partition, position] of positions()) {
        const lag = (ends.get(partition) ?? 0) - (position ?? 0)
        const last = seen.get(partition)
        // One that is taken over again and again has not moved in between.
        const reached = position ?? last?.position
        const isSame = last !== undefined && last.position === reached
        const stands = !isWaiting() && isSame && (position === undefined || lag > 0)
        const looks = stands ? last.looks + 1 : 0
        next.set(partition, { position: reached, looks })
        if (looks >= limit) stalled.set(partition, lag)
      }
      seen = next
      return stalled
    },
  }
}

/** Calls the watchdog every `everyMs` until the signal aborts or it has found something. Never rejects. */
export const watch = async ({
  watchdog,
  everyMs,
  onStalled,
  log,
  signal,
}: {
  watchdog: Watchdog
  everyMs: number
  onStalled: (partitions: readonly number[]) => void
  log: Log
  signal: AbortSignal
}): Promise<void> => {
  while (!signal.aborted) {
    try {
      await sleep(everyMs, undefined, { signal })
      const stalled = await watchdog.check()
      if (stalled.size === 0) continue
      log.error({ lags: Object.fromEntries(stalled) }, 'partitions stand still')
      return onStalled([...stalled.keys()])
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'the lengths of the logs cannot be asked for now')
    }
  }
}
