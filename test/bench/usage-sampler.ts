import { loadavg } from 'node:os'
import { pause } from '../../services/shared/waiting.ts'
import { round } from './median.ts'
import { interpolate } from './interpolate.ts'
import type { Figures } from './part.ts'
import { readBusySeconds, readProcessUsage, type ProcessUsage } from './process-usage.ts'

type Sample = {
  /** Epoch ms. */
  readonly at: number
  readonly machineSeconds: number
  readonly processes: ReadonlyMap<string, ProcessUsage>
}

/** What processes use, over time. */
export type UsageSampler = {
  /**
   * CPU seconds of each process between two moments (epoch ms), as `<name>CpuSeconds`, its `<name>RssMiB` at the second, and
   * `otherCores`: how many cores' worth of time went to everything else on the machine.
   */
  readonly between: (from: number, to: number) => Figures
  readonly stop: () => Promise<void>
}

const everyMs = 100
const mebibyte = 1024 * 1024

/** The 1-minute load average of the machine, recorded beside every figure. */
export const loadNow = (): number => round(loadavg()[0] ?? 0)

/** Epoch ms with a fraction, on the clock of this process. */
export const epochNow = (): number => performance.timeOrigin + performance.now()

/**
 * Looks at processes ten times a second. One that ends keeps its last figures.
 * @param pids names of the processes and their pids; this process is added as `bench`
 */
export const startUsageSampler = (pids: Readonly<Record<string, number>>): UsageSampler => {
  const watched = Object.entries({ ...pids, bench: process.pid })
  const samples: Sample[] = []
  const stopping = new AbortController()

  const look = async (): Promise<void> => {
    const last = samples.at(-1)?.processes
    const usages = await Promise.allSettled(watched.map(([, pid]) => readProcessUsage(pid)))
    const processes = new Map(last)
    for (const [index, [name]] of watched.entries()) {
      const usage = usages[index]
      if (usage?.status === 'fulfilled') processes.set(name, usage.value)
    }
    samples.push({ at: epochNow(), machineSeconds: await readBusySeconds(), processes })
  }
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look()
      await pause(everyMs, stopping.signal)
    }
    await look()
  }
  const running = run()

  return {
    between: (from, to) => {
      const secondsBetween = (of: (sample: Sample) => number): number =>
        interpolate(samples, to, of) - interpolate(samples, from, of)
      const figures: Record<string, number> = {}
      let ours = 0
      const end = samples.find(({ at }) => at >= to) ?? samples.at(-1)
      for (const [name] of watched) {
        const cpuSeconds = secondsBetween(({ processes }) => processes.get(name)?.cpuSeconds ?? 0)
        ours += cpuSeconds
        figures[`${name}CpuSeconds`] = round(cpuSeconds)
        figures[`${name}RssMiB`] = round((end?.processes.get(name)?.rssBytes ?? 0) / mebibyte)
      }
      const others = secondsBetween(({ machineSeconds }) => machineSeconds) - ours
      return { ...figures, otherCores: round(Math.max(0, others / ((to - from) / 1_000))) }
    },
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}
