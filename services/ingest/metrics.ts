import { Gauge, type Counter, type Histogram } from 'prom-client'
import { topics } from '../../schemas/topics.ts'
import { createLagMetrics } from '../shared/lag-metrics.ts'
import { boundedLabel, createCounter, createDurationHistogram, type Metrics } from '../shared/metrics.ts'
import { inputEventTypes } from './domain/records.ts'

/** How long requests took, by route (a pattern, never a path) and HTTP status. */
export const createRequestSeconds = (metrics: Metrics): Histogram<'route' | 'status'> =>
  createDurationHistogram({
    metrics,
    name: 'roomcast_ingest_request_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['route', 'status'],
  })

export const createCountedEvents = (metrics: Metrics): Counter<'type' | 'result'> =>
  createCounter({
    metrics,
    name: 'roomcast_ingest_events_total',
    help: 'Events by record type and result: accepted (on Kafka), or the code of the fault.',
    labels: { type: inputEventTypes, result: ['accepted', 'BROKER_UNREACHABLE', 'BROKER_REFUSED', 'BUFFER_FULL'] },
  })

/** Codes with which a request is refused before it becomes an event: statuses of HTTP, and what ingest is certain of itself. */
const refusalCodes = ['400', '401', '403', '404', '405', '413', '415', '429', '2003', '3404']

/** Counts requests of which nothing is on Kafka, as they were refused. */
export const createRefusals = (metrics: Metrics): ((code: number) => void) => {
  const refusals = createCounter({
    metrics,
    name: 'roomcast_ingest_refusals_total',
    help: 'Requests refused before they became an event, by the code in the answer; callbacks that were not let in among them.',
    labels: { code: [...refusalCodes, 'other'] },
  })
  const codeLabel = boundedLabel(refusalCodes)
  return (code) => refusals.inc({ code: codeLabel(String(code)) })
}

/** Callbacks that were not let in. */
export const createRefusedCallbacks = (metrics: Metrics): Counter<'reason'> =>
  createCounter({
    metrics,
    name: 'roomcast_ingest_callbacks_refused_total',
    help: 'Callbacks that were not let in, by reason: address, unsigned, stale or forged.',
    labels: { reason: ['address', 'unsigned', 'stale', 'forged'] },
  })

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
  for (const result of ['decided', 'late']) waitSeconds.zero({ result })
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

/** What this service alone registers, for the page of metrics. */
export const registerOwn = (metrics: Metrics): void => {
  const nothing = (): number => 0
  createRequestSeconds(metrics)
  createCountedEvents(metrics)
  createRefusals(metrics)
  createRefusedCallbacks(metrics)
  createOutcomeMetrics(metrics, { known: nothing, awaited: nothing })
  createRoomCount(metrics, nothing)
  createIngestLag(metrics)
}
