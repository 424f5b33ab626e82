import type { Measured } from './measured.ts'
import { measureEdge } from './measured-edge.ts'
import { measureSystem } from './measured-system.ts'
import type { Results } from './results.ts'

/** A number that the model counts with, and where it comes from. */
export type Figure = {
  readonly about: string
  readonly unit: string
  readonly value: number
  readonly basis:
    | { readonly kind: 'measured'; readonly parts: readonly string[]; readonly days: readonly string[] }
    | { readonly kind: 'assumed'; readonly why: string }
}

const assumed = (about: string, unit: string, value: number, why: string): Figure => ({
  about,
  unit,
  value,
  basis: { kind: 'assumed', why },
})

const assumptions = {
  frameOverheadBytes: assumed('headers of a frame: WebSocket, TCP, IP', 'B', 60, 'by their specifications'),
  fetchUs: assumed('a service asks a broker once', 'µs', 300, 'the README of the edge; it has no result of its own'),
  appendUs: assumed('ingest appends a record', 'µs', 20, 'kafkajs sends 100,000 a second in batches of this size'),
  fetchRoundTripMs: assumed('a fetch of what is there already', 'ms', 2, 'the network of one data centre'),
  produceRoundTripMs: assumed('an append, until all in-sync replicas have it', 'ms', 5, 'the same, with two copies'),
  replicasOfBroker: assumed('copies of partitions on one broker', '', 4_000, 'a usual advice for Kafka'),
  brokerHeapMib: assumed('heap of a broker', 'MiB', 2_048, 'the benchmark’s broker has 0.3 GiB in all'),
  pageCacheSeconds: assumed(
    'of what was appended last stays in memory for readers',
    's',
    60,
    'lanes look back 15 s at most',
  ),
  mixAnswerMs: assumed('the video cloud answers after', 'ms', 100, 'as in the benchmark of mix commands'),
  visitRequests: assumed('requests of a client that comes and goes', '', 2, 'it asks to play, and says that it leaves'),
} as const

const measure = (results: Results) => ({
  ...measureEdge(results, assumptions.fetchUs.value),
  ...measureSystem(results),
})

type Name = keyof ReturnType<typeof measure> | keyof typeof assumptions
export type Figures = Readonly<Record<Name, Figure>>
/** The numbers alone, by name. */
export type Values = Readonly<Record<Name, number>>

/** @throws Fault CONFIG_INVALID that says what to measure, when a result is missing */
export const readFigures = (results: Results): Figures => {
  const origin = ({ parts, ...figure }: Measured): Figure => {
    const days = [...new Set(parts.map((part) => results.measuredOn(part)))]
    return { ...figure, basis: { kind: 'measured', parts, days } }
  }
  return { ...mapFigures(measure(results), origin), ...assumptions }
}

export const valuesOf = (figures: Figures): Values => mapFigures(figures, ({ value }) => value)

const processorUnits = new Set(['µs', 'cores'])

/** As if all processors were so much slower. */
export const slowed = (figures: Figures, factor: number): Values =>
  mapFigures(figures, ({ unit, value }) => (processorUnits.has(unit) ? value * factor : value))

const mapFigures = <Key extends string, From, To>(
  figures: Readonly<Record<Key, From>>,
  change: (figure: From) => To,
): Readonly<Record<Key, To>> =>
  // The keys stay what they are, which the compiler cannot see.
  Object.fromEntries(Object.entries<From>(figures).map(([name, figure]) => [name, change(figure)])) as Record<Key, To>
