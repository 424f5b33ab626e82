import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import type { Queries, Query } from '../queries.ts'
import { units } from '../units.ts'

const signals = 'weight=~"4|5"'

const probeAge = 'time() - roomcast_edge_probe_last_timestamp_seconds'

const burn = (objective: string, by = ''): readonly Query[] =>
  ['5m', '1h', '6h'].map((window) => ({
    expr: `roomcast:${objective}_errors:ratio${window} / 0.001`,
    legend: `${window}${by}`,
  }))

export const latencyRow = (q: Queries): Row => ({
  title: 'How late is it?',
  lines: [
    [
      graph({
        title: 'Signals, from cause to socket',
        unit: units.seconds,
        queries: q.quantiles('roomcast_edge_delivery_seconds', { where: signals, by: 'weight' }),
        steps: ['green', [0.5, 'red']],
        shows:
          'Latency of weights 4 (lifecycle) and 5 (co-hosting), from the append of what caused them to the socket.',
        normal:
          'median 10 to 30 ms, p99 below 0.25 s; the dashed line is the objective. A line that ends: no signals came.',
        next: 'the dashboards of the state-machine and the edge show in which of the two the time is spent.',
        heading: 'DeliveryBudgetBurns',
      }),
      graph({
        title: 'Comments and likes, from event to socket',
        unit: units.seconds,
        queries: q.quantiles('roomcast_edge_delivery_seconds', { where: 'weight=~"8|9"', by: 'weight' }),
        shows: 'Latency of weights 8 (comments) and 9 (likes).',
        normal: 'below 0.25 s; they may wait, and are merged or left out for slow clients.',
        next: 'seconds: an edge that has too much to do keeps them in Kafka.',
        heading: 'EdgeOverloaded',
      }),
      graph({
        title: 'Marker events, from ingest to edge',
        unit: units.seconds,
        queries: q.quantiles('roomcast_edge_probe_seconds'),
        steps: ['green', [0.5, 'red']],
        shows: 'How long markers were on their way, over all edges; they come also when users send nothing.',
        normal: 'median 10 to 30 ms, as for signals.',
        next: 'a line that ends: no marker came.',
        heading: 'ProbeMissing',
      }),
    ],
    [
      graph({
        title: 'Burn rate: late signals',
        unit: units.count,
        queries: burn('delivery', ' weight {{weight}}'),
        steps: ['green', [1, 'orange'], [14.4, 'red']],
        shows: 'How many times faster than allowed the budget of 30 days is used up; 1 lasts 30 days, 14.4 two.',
        normal: 'below 1.',
        next: 'above 14.4 for 5 minutes and an hour there is a page.',
        heading: 'DeliveryBudgetBurns',
      }),
      graph({
        title: 'Burn rate: failed requests',
        unit: units.count,
        queries: burn('ingest'),
        steps: ['green', [1, 'orange'], [14.4, 'red']],
        shows: 'The same for requests answered 5xx.',
        normal: 'below 1.',
        next: 'ingest answers 503 when Kafka or the registry does not answer.',
        heading: 'IngestBudgetBurns',
      }),
      graph({
        title: 'Burn rate: no marker',
        unit: units.count,
        queries: burn('probe'),
        steps: ['green', [1, 'orange'], [14.4, 'red']],
        shows: 'The same for time in which an edge had seen no marker for 30 s.',
        normal: 'below 1.',
        next: 'follow a marker from service to service.',
        heading: 'ProbeBudgetBurns',
      }),
      graph({
        title: 'Newest marker by edge',
        unit: units.seconds,
        queries: [{ expr: probeAge, legend: '{{instance}}' }],
        steps: ['green', [30, 'orange'], [60, 'red']],
        shows: 'How long ago the newest marker was sent that each edge has seen.',
        normal: 'below 20 s: 5 s between two markers, 15 s between two looks at the edge.',
        next: 'one edge: restart it. All: before the edges.',
        heading: 'ProbeMissing',
      }),
    ],
  ],
})
