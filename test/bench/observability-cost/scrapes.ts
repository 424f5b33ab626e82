import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '../../../deploy/local/wait.ts'
import { startChild } from '../edge/child.ts'
import type { Figures, PartOptions } from '../part.ts'
import type { MeasuredService } from '../stage.ts'
import { loadNow } from '../usage-sampler.ts'
import type { ScraperApi } from './scraper.ts'
import type { LoopLine } from './watch-loop.ts'

/** What a service is told whose scrapes are measured. */
export const watched = {
  NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import ${join(import.meta.dirname, 'watch-loop.ts')}`,
}

const lineWithinMs = 10_000

/**
 * Scrapes a service that is under load, after as long a time without a scrape.
 * @param service started with `watched`
 */
export const measureScrapes = async (
  service: MeasuredService,
  { count, everyMs }: { readonly count: number; readonly everyMs: number },
  { signal }: PartOptions,
): Promise<Figures> => {
  const load1 = loadNow()
  const scraper = await startChild<ScraperApi>(join(import.meta.dirname, 'scraper.ts'))
  try {
    const url = `${service.adminUrl}/metrics`
    await scraper.ask('scrape', { url, count: 10, everyMs })
    await readLoop(service, signal)
    await sleep(count * everyMs, undefined, { signal })
    const { pauses: unscraped } = await readLoop(service, signal)
    const { bytes, series, ...scrapes } = await scraper.ask('scrape', { url, count, everyMs })
    const { pauses, scrapes: inside } = await readLoop(service, signal)
    return {
      scrapes: scrapes.count,
      p50Ms: scrapes.p50Ms,
      p99Ms: scrapes.p99Ms,
      maxMs: scrapes.maxMs,
      blockedP50Ms: inside.p50Ms,
      blockedMaxMs: inside.maxMs,
      pauseP99Ms: pauses.p99Ms,
      longestPauseMs: pauses.maxMs,
      pauseP99WithoutMs: unscraped.p99Ms,
      longestPauseWithoutMs: unscraped.maxMs,
      bytes,
      series,
      load1,
    }
  } finally {
    await scraper.stop()
  }
}

/** What the service writes of the time since it was asked last. */
const readLoop = async (service: MeasuredService, signal: AbortSignal): Promise<LoopLine> => {
  const linesOf = async (): Promise<readonly string[]> =>
    (await service.readLog()).split('\n').filter((line) => line.startsWith('{"bench":"loop"'))
  const before = (await linesOf()).length
  service.signal('SIGUSR2')
  const isThere = async (): Promise<boolean> => (await linesOf()).length > before
  if (!(await waitUntil(isThere, { deadlineMs: lineWithinMs, signal }))) throw new Error(`${service.name} is silent`)
  // A decoding edge: the line is that of watch-loop.ts.
  return JSON.parse((await linesOf()).at(-1) ?? '') as LoopLine
}
