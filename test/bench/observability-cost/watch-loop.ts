// Loaded before a service that is scraped (`--import`): SIGUSR2 makes it write one line with the pauses of its event loop and what
// scrapes took inside, since the last such line. Nothing of another task runs while the text is made, so that is how long it blocks.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Registry } from 'prom-client'
import { summarise, type Summary } from '../percentiles.ts'

/** What is written, in milliseconds. `pauses`: how late a timer of one millisecond was. */
export type LoopLine = {
  readonly bench: 'loop'
  readonly pauses: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
  readonly scrapes: Summary
}

const milliseconds = (nanoseconds: number): number => Math.round(nanoseconds / 1e4) / 100

const pauses = monitorEventLoopDelay({ resolution: 1 })
pauses.enable()
let scrapesMs: number[] = []

const original = Object.getOwnPropertyDescriptor(Registry.prototype, 'metrics')?.value as Registry['metrics']
Registry.prototype.metrics = async function () {
  const startedAt = performance.now()
  try {
    return await original.call(this)
  } finally {
    scrapesMs.push(performance.now() - startedAt)
  }
}

process.on('SIGUSR2', () => {
  const line: LoopLine = {
    bench: 'loop',
    pauses: {
      p50Ms: milliseconds(pauses.percentile(50)),
      p99Ms: milliseconds(pauses.percentile(99)),
      maxMs: milliseconds(pauses.max),
    },
    scrapes: summarise(scrapesMs),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
  pauses.reset()
  scrapesMs = []
})
