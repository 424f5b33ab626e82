import { setTimeout as sleep } from 'node:timers/promises'
import { readProcessUsage } from '../process-usage.ts'

const everyMs = 500
/** It has settled when so many readings in a row are within that share of each other. */
const readings = 4
const withinShare = 0.005
const deadlineMs = 30_000

/**
 * Resident memory in bytes of a process that `collect-garbage.ts` was loaded into, once it does not change any more; after the deadline
 * the last reading.
 */
export const readSettledRss = async (pid: number, signal: AbortSignal): Promise<number> => {
  const endsAt = performance.now() + deadlineMs
  const recent: number[] = []
  for (;;) {
    process.kill(pid, 'SIGUSR2')
    await sleep(everyMs, undefined, { signal })
    recent.push((await readProcessUsage(pid)).rssBytes)
    if (recent.length > readings) recent.shift()
    const lowest = Math.min(...recent)
    const isSettled = recent.length === readings && Math.max(...recent) - lowest <= lowest * withinShare
    if (isSettled || performance.now() > endsAt) return recent.at(-1) ?? 0
  }
}
