import { Counter, Histogram } from 'prom-client'
import { durationBuckets, type Metrics } from './metrics.ts'

// For what happens many times in a millisecond: prom-client makes a key of the labels at every call, which was a sixth of an
// edge's processor time under load. Here plain numbers are added, and handed over when somebody scrapes.

/** Adds `count` under one of the label's values; a value that was not named before counts nothing. */
export type Tally<Value extends string | number> = { readonly add: (value: Value, count: number) => void }

/**
 * A counter with one label of few values, all known at the start.
 * @param weightOf with it there is the label `weight` besides, which follows from the value
 */
export const createTallyCounter = <Value extends string | number>({
  metrics,
  name,
  help,
  label,
  values,
  weightOf,
}: {
  metrics: Metrics
  name: `roomcast_${string}_total`
  help: string
  label: string
  values: readonly Value[]
  weightOf?: (value: Value) => number
}): Tally<Value> => {
  const counts = new Map(values.map((value) => [value, { count: 0 }]))
  const labelsOf = (value: Value): Readonly<Record<string, string | number>> =>
    weightOf === undefined ? { [label]: value } : { weight: weightOf(value), [label]: value }
  new Counter({
    name,
    help,
    labelNames: weightOf === undefined ? [label] : ['weight', label],
    registers: [metrics],
    collect() {
      for (const [value, counted] of counts) {
        this.inc(labelsOf(value), counted.count)
        counted.count = 0
      }
    },
  })
  return {
    add: (value, count) => {
      const counted = counts.get(value)
      if (counted !== undefined) counted.count += count
    },
  }
}

/** Adds one under a value of either label. */
export type PairTally = { readonly add: (first: string, second: string) => void }

/**
 * A counter with two labels. Values that are not known at the start are taken as they come: whoever counts bounds them.
 * @param known there from the start, with zero: each first value with each second one
 */
export const createPairTallyCounter = ({
  metrics,
  name,
  help,
  labels: [first, second],
  known,
}: {
  metrics: Metrics
  name: `roomcast_${string}_total`
  help: string
  labels: readonly [string, string]
  known: readonly [readonly string[], readonly string[]]
}): PairTally => {
  const counts = new Map(known[0].map((one) => [one, new Map(known[1].map((other) => [other, { count: 0 }]))]))
  new Counter({
    name,
    help,
    labelNames: [first, second],
    registers: [metrics],
    collect() {
      for (const [one, others] of counts) {
        for (const [other, counted] of others) {
          this.inc({ [first]: one, [second]: other }, counted.count)
          counted.count = 0
        }
      }
    },
  })
  return {
    add: (one, other) => {
      const counted = counts.get(one)?.get(other)
      if (counted !== undefined) {
        counted.count += 1
        return
      }
      const others = counts.get(one) ?? new Map<string, { count: number }>()
      counts.set(one, others.set(other, { count: 1 }))
    },
  }
}

/** Observes a duration for `count` things at once. */
export type TallyHistogram<Value extends string | number> = {
  readonly observe: (value: Value, seconds: number, count: number) => void
}

type Observed = { readonly buckets: number[]; sum: number; count: number }

/** A histogram of durations with the shared buckets and one label of few values, all known at the start. */
export const createTallyHistogram = <Value extends string | number>({
  metrics,
  name,
  help,
  label,
  values,
}: {
  metrics: Metrics
  name: `roomcast_${string}_seconds`
  help: string
  label: string
  values: readonly Value[]
}): TallyHistogram<Value> => {
  const observed = new Map<Value, Observed>(
    values.map((value) => [value, { buckets: durationBuckets.map(() => 0), sum: 0, count: 0 }]),
  )
  metrics.registerMetric(new Observations({ name, help, label, observed }))
  return {
    observe: (value, seconds, count) => {
      const one = observed.get(value)
      if (one === undefined) return
      one.sum += seconds * count
      one.count += count
      const index = bucketOf(seconds)
      one.buckets[index] = (one.buckets[index] ?? 0) + count
    },
  }
}

/** The first bucket that a duration fits into; one past the last when it is longer than all. */
const bucketOf = (seconds: number): number => {
  let index = 0
  while (index < durationBuckets.length && seconds > (durationBuckets[index] ?? 0)) index += 1
  return index
}

type Sample = {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** A histogram for the registry whose numbers are kept elsewhere. */
class Observations<Value extends string | number> extends Histogram {
  /** What it is called, without numbers. */
  readonly #empty: Histogram
  readonly #name: string
  readonly #label: string
  readonly #observed: ReadonlyMap<Value, Observed>

  constructor(from: { name: string; help: string; label: string; observed: ReadonlyMap<Value, Observed> }) {
    const { name, help, label } = from
    const settings = { name, help, labelNames: [label], buckets: [...durationBuckets], registers: [] }
    super(settings)
    this.#empty = new Histogram(settings)
    this.#name = name
    this.#label = label
    this.#observed = from.observed
  }

  override async get(): ReturnType<Histogram['get']> {
    const values = [...this.#observed].flatMap(([value, one]) => this.#samplesOf(value, one))
    return { ...(await this.#empty.get()), values }
  }

  /** What the registry asks for when it writes its text. */
  getForPromString(): ReturnType<Histogram['get']> {
    return this.get()
  }

  #samplesOf(value: Value, { buckets, sum, count }: Observed): readonly Sample[] {
    const labels = { [this.#label]: value }
    let below = 0
    const cumulative = durationBuckets.map((le, index) => {
      below += buckets[index] ?? 0
      return { metricName: `${this.#name}_bucket`, labels: { le, ...labels }, value: below }
    })
    return [
      ...cumulative,
      { metricName: `${this.#name}_bucket`, labels: { le: '+Inf', ...labels }, value: count },
      { metricName: `${this.#name}_sum`, labels, value: sum },
      { metricName: `${this.#name}_count`, labels, value: count },
    ]
  }
}
