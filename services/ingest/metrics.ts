import { Counter, Gauge, type Histogram } from 'prom-client'
import { topics } from '../../schemas/topics.ts'
import { createLagMetrics } from '../shared/lag-metrics.ts'
import { createDurationHistogram, type Metrics } from '../shared/metrics.ts'
import { createDeadLetterMetrics, createReadingMetrics } from '../shared/reading-metrics.ts'

/** How long requests took, by route (a pattern, never a path) and HTTP status. */
export const createRequestSeconds = (metrics: Metrics): Histogram<'route' | 'status'> =>
  createDurationHistogram({
    metrics,
    name: 'roomcast_ingest_request_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['route', 'status'],
  })

export const createCountedEvents = (metrics: Metrics): Counter<'type' | 'result'> =>
  new Counter({
    name: 'roomcast_ingest_events_total',
    help: 'Events by record type and result: accepted (on Kafka), or the code of the fault.',
    labelNames: ['type', 'result'],
    registers: [metrics],
  })

/** Callbacks that were not let in. */
export const createRefusedCallbacks = (metrics: Metrics): Counter<'reason'> => {
  const refused = new Counter({
    name: 'roomcast_ingest_callbacks_refused_total',
    help: 'Callbacks that were not let in, by reason: address, unsigned, stale or forged.',
    labelNames: ['reason'],
    registers: [metrics],
  })
  for (const reason of ['address', 'unsigned', 'stale', 'forged']) refused.inc({ reason }, 0)
  return refused
}

/** `sizes` are numbers that are kept anyway. */
export const createOutcomeMetrics = (
  metrics: Metrics,
  sizes: Readonly<Record<'known' | 'awaited', () => number>>,
): { readonly waitSeconds: Histogram<'result'> } => {
  new Gauge({
    name: 'roomcast_ingest_outcomes',
    help: 'Outcomes that can be asked for, and that are waited for.',
    labelNames: ['state'],
    registers: [metrics],
    collect() {
      this.set({ state: 'known' }, sizes.known())
      this.set({ state: 'awaited' }, sizes.awaited())
    },
  })
  const waitSeconds = createDurationHistogram({
    metrics,
    name: 'roomcast_ingest_outcome_wait_seconds',
    help: 'How long requests waited for their outcome; late: they were answered 202.',
    labelNames: ['result'],
  })
  return { waitSeconds }
}

export const createRoomCount = (metrics: Metrics, count: () => number): void => {
  new Gauge({
    name: 'roomcast_ingest_rooms',
    help: 'Rooms in the table.',
    registers: [metrics],
    collect() {
      this.set(count())
    },
  })
}

/** How far behind the topics that it follows the service is. */
export const createIngestLag = (metrics: Metrics) =>
  createLagMetrics({ metrics, topics: [topics.roomState.name, topics.requestOutcome.name] })

/** Everything that the service registers, for the page of metrics. */
export const registerAll = (metrics: Metrics): void => {
  const nothing = (): number => 0
  createRequestSeconds(metrics)
  createCountedEvents(metrics)
  createRefusedCallbacks(metrics)
  createOutcomeMetrics(metrics, { known: nothing, awaited: nothing })
  createRoomCount(metrics, nothing)
  createIngestLag(metrics)
  createReadingMetrics(metrics)
  createDeadLetterMetrics(metrics)
}
