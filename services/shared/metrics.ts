import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

/** All metrics of one process; hand it to every part that counts something. */
export type Metrics = Registry

/** Upper bounds in seconds shared by every histogram of a duration, so that they can be compared: 1 ms to 60 s. */
export const durationBuckets: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]

/** promtool refuses gauges that are named `_total`; the same gauges without the suffix stay. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/**
 * The metrics of a service: Node's own and whatever is registered later, each with the label `service`.
 * Names: `roomcast_<what>_<unit>`, units seconds and bytes, counters end in `_total`.
 * Labels take values from a fixed set: a topic, a record name, a code; never a room, a user or a text from outside.
 */
export const createMetrics = ({ service }: { service: string }): Metrics => {
  const metrics = new Registry()
  metrics.setDefaultLabels({ service })
  collectDefaultMetrics({ register: metrics })
  for (const name of misnamed) metrics.removeSingleMetric(name)
  return metrics
}

/** A histogram of a duration in seconds (the name ends in `_seconds`) with the shared buckets. */
export const createDurationHistogram = <Label extends string = never>({
  metrics,
  name,
  help,
  labelNames = [],
}: {
  metrics: Metrics
  name: `roomcast_${string}_seconds`
  help: string
  labelNames?: readonly Label[]
}): Histogram<Label> => new Histogram({ name, help, labelNames, buckets: [...durationBuckets], registers: [metrics] })

/**
 * A counter whose labels have known values: every combination of them is there with 0 from the start, since an increase from
 * nothing is not seen by `rate` and `increase`.
 */
export const createCounter = <Label extends string>({
  metrics,
  name,
  help,
  labels,
}: {
  metrics: Metrics
  name: `roomcast_${string}_total`
  help: string
  /** The values that each label has at the start; others may come. */
  labels: Readonly<Record<Label, readonly (string | number)[]>>
}): Counter<Label> => {
  const entries = Object.entries<readonly (string | number)[]>(labels)
  const counter = new Counter({ name, help, labelNames: entries.map(([label]) => label), registers: [metrics] })
  let known: readonly Readonly<Record<string, string | number>>[] = [{}]
  for (const [label, values] of entries) {
    known = known.flatMap((series) => values.map((value) => ({ ...series, [label]: value })))
  }
  for (const series of known) counter.inc(series, 0)
  return counter
}

/**
 * Keeps a label bounded: a value of the set is itself, any other is `other`.
 * For values that come from outside, such as the name of an unknown record.
 */
export const boundedLabel = (values: Iterable<string>): ((value: string) => string) => {
  const known = new Set(values)
  return (value) => (known.has(value) ? value : 'other')
}
