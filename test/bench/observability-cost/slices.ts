import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from '../edge/child.ts'
import { round } from '../median.ts'
import type { Figures, PartOptions } from '../part.ts'
import type { Stage } from '../stage.ts'
import { epochNow, loadNow, startUsageSampler } from '../usage-sampler.ts'
import type { SpanSinkApi } from './span-sink.ts'
import { serviceNameOf, type Variant } from './variants.ts'

/** Processes of all variants run at the same time, each on partitions of its own; one after the other gets some work, the others idle. */
export type Seat = {
  readonly variant: Variant
  readonly pid: number
  /** Its work for one slice; resolves when that is done. What it returns is added to the figures. */
  readonly work: () => Promise<{ readonly count: number; readonly figures: Figures }>
}

export type Slicing = PartOptions & {
  readonly stage: Stage
  readonly variants: readonly Variant[]
  readonly sink: Child<SpanSinkApi>
  /** How often all processes are started anew: two of the same program are not equally fast. */
  readonly generations: number
  /** Slices of each process, besides one that is not counted. */
  readonly rounds: number
}

/** The figures of each variant, by rounds over all generations. */
export type Sliced = ReadonlyMap<Variant, readonly Figures[]>

/** What is recorded last is exported within that time. */
const settleMs = 500

/**
 * Measures by turns: in each round every variant has one slice, and each round begins with another variant, so that what the machine does
 * meanwhile falls on all of them alike. Begins each generation with a round that is not counted.
 * @param open starts a process for each variant, and closes them when `use` is through
 */
export const measureInSlices = async (
  slicing: Slicing,
  open: (use: (seats: readonly Seat[]) => Promise<void>) => Promise<void>,
): Promise<Sliced> => {
  const { generations, rounds, variants, say, signal } = slicing
  const figures = new Map(variants.map((variant): [Variant, Figures[]] => [variant, []]))
  for (let generation = 1; generation <= generations; generation++) {
    say(
      `${variants.length} processes, ${generation} of ${generations} times: starting, and a round that is not counted …`,
    )
    await open(async (seats) => {
      for (const seat of seats) await seat.work()
      for (let nth = 1; nth <= rounds; nth++) {
        for (const seat of inTurn(seats, nth + generation)) {
          signal.throwIfAborted()
          figures.get(seat.variant)?.push(await measureSlice(slicing, seat))
        }
        const last = variants.map((variant) => figures.get(variant)?.at(-1)?.['cpuPerMillion'])
        say(`round ${nth}: ${last.join(', ')} CPU s per million`)
      }
    })
  }
  for (const [{ name, sampledShare }, own] of figures) {
    const isTraced = own.some(({ spansPerThousand = 0 }) => spansPerThousand > 0)
    if (isTraced !== (sampledShare !== null)) throw new Error(`${name}: spans ${isTraced ? 'came' : 'did not come'}`)
  }
  return figures
}

/** Round by round another begins, and every other round goes backwards. */
const inTurn = <T>(all: readonly T[], nth: number): readonly T[] => {
  const from = nth % all.length
  const turned = [...all.slice(from), ...all.slice(0, from)]
  return nth % 2 === 0 ? turned : turned.toReversed()
}

const measureSlice = async ({ stage, sink, signal }: Slicing, { variant, pid, work }: Seat): Promise<Figures> => {
  const load1 = loadNow()
  const service = serviceNameOf(variant.sampledShare)
  const spansBefore = await sink.ask('count', service)
  const sampler = startUsageSampler({ service: pid, broker: stage.brokerPid })
  try {
    const from = epochNow()
    const { count, figures } = await work()
    await sleep(settleMs, undefined, { signal })
    const to = epochNow()
    await sampler.stop()
    const { serviceCpuSeconds = 0, otherCores = 0 } = sampler.between(from, to)
    const spans = (await sink.ask('count', service)) - spansBefore
    return {
      cpuPerMillion: round((serviceCpuSeconds / count) * 1e6),
      ...figures,
      cpuSeconds: serviceCpuSeconds,
      spansPerThousand: round((spans / count) * 1e3),
      otherCores,
      load1,
    }
  } finally {
    await sampler.stop()
  }
}
