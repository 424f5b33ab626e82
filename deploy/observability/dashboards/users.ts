import type { Board } from './board.ts'
import { deadLetters, instances, notReady, oldest, registryAway, slowKafka } from './first-row.ts'
import { stat } from './panels.ts'
import { createQueries, share, type Query } from './queries.ts'
import { services } from './service-names.ts'
import { objectiveSteps } from './steps.ts'
import { units } from './units.ts'
import { latencyRow } from './rows/users-latency.ts'
import { trafficRow } from './rows/users-traffic.ts'

const q = createQueries()

/** What is left of the 0.1 % that may be bad in 30 days, of an expression that gives the bad part. */
const budgetLeft = (bad: string, legend: string): Query => ({ expr: `1 - (${bad}) / 0.001`, legend })

const signals = 'weight=~"4|5"'

const lateIn30Days = `1 - sum(increase(roomcast_edge_delivery_seconds_bucket{${signals},le="0.5"}[30d])) / sum(increase(roomcast_edge_delivery_seconds_count{${signals}}[30d]))`

const failedIn30Days = `(sum(increase(roomcast_ingest_request_seconds_count{status=~"5.."}[30d])) or vector(0)) / sum(increase(roomcast_ingest_request_seconds_count[30d]))`

const withoutProbeIn30Days = '1 - avg(avg_over_time(roomcast:probe_fresh:bool[30d]))'

const firing: Query = {
  expr: `sum by (alertname, service) (ALERTS{alertstate="firing",severity=~"page|ticket"}) or on () label_replace(vector(0), "alertname", "none", "", "")`,
  legend: '{{alertname}} {{service}}',
}

const probeAge = 'time() - roomcast_edge_probe_last_timestamp_seconds'

export const users: Board = {
  uid: 'roomcast-users',
  title: 'roomcast: are users fine?',
  description:
    'The first row answers; the second names what is wrong and where. Then what users feel over time. The other dashboards go on from there.',
  rows: [
    {
      title: 'Are users fine?',
      lines: [
        [
          stat({
            title: 'Signals in time, 5 min',
            unit: units.share,
            decimals: 2,
            queries: [{ expr: '1 - max(roomcast:delivery_errors:ratio5m)', legend: 'in time' }],
            steps: objectiveSteps,
            none: 'no signals',
            shows:
              'Messages of weights 4 and 5 (lifecycle, co-hosting) that reached the socket within 0.5 s of their cause.',
            normal: 'above 99.9 %. Without traffic there is no number.',
            next: 'in the row below, Instances that answer, Kafka write, Oldest record and Clients that do not read can be causes of it; dead letters and mix commands cannot.',
            heading: 'DeliveryBudgetBurns',
          }),
          stat({
            title: 'Requests answered, 5 min',
            unit: units.share,
            decimals: 2,
            queries: [{ expr: '1 - roomcast:ingest_errors:ratio5m', legend: 'answered' }],
            steps: objectiveSteps,
            none: 'no requests',
            shows:
              'Requests to ingest that were not answered 5xx; whether they were also decided is in the next panel.',
            normal: 'above 99.9 %.',
            next: 'the dashboard of ingest shows the routes and the codes.',
            heading: 'IngestBudgetBurns',
          }),
          stat({
            title: 'Requests decided in time, 5 min',
            unit: units.share,
            decimals: 1,
            queries: [
              share(
                q.increase('roomcast_ingest_outcome_wait_seconds_count', '5m', { where: 'result="decided"' }),
                q.increase('roomcast_ingest_outcome_wait_seconds_count', '5m'),
              ),
            ],
            steps: ['red', [0.95, 'orange'], [0.99, 'green']],
            none: 'no requests',
            shows:
              'Requests that change a room and got their outcome at once; the others were answered 202, which is no error to ingest.',
            normal: 'above 99 %.',
            next: 'low: the state-machine does not run, is behind or slow; look at the row below.',
            heading: 'PartitionStalled',
          }),
          stat({
            title: 'Newest marker event is old',
            unit: units.seconds,
            decimals: 0,
            queries: [{ expr: `max(${probeAge})`, legend: 'oldest edge' }],
            steps: ['green', [30, 'orange'], [60, 'red']],
            none: 'none came',
            shows:
              'How long ago the newest marker was sent that the worst edge has seen. A marker goes the whole way of an event: ingest, state-machine, edge.',
            normal: 'below 20 s: 5 s between two markers, 15 s between two looks at the edge.',
            next: 'growing by a second a second: nothing comes through; the row below says at which service.',
            heading: 'ProbeMissing',
          }),
          stat({
            title: 'Budget left, 30 days',
            unit: units.share,
            decimals: 0,
            queries: [
              budgetLeft(lateIn30Days, 'signals'),
              budgetLeft(failedIn30Days, 'requests'),
              budgetLeft(withoutProbeIn30Days, 'markers'),
            ],
            steps: ['red', [0, 'orange'], [0.25, 'green']],
            none: 'no traffic',
            shows:
              'What is left of the 0.1 % that may go wrong in 30 days. Below 0 it is overdrawn. With less history than 30 days, a few minutes count for much. Signals counts what was delivered: when nothing is, markers alone falls.',
            normal: 'above 25 %.',
            next: 'overdrawn: no risky deployment before it has recovered.',
            heading: 'DeliveryBudgetErodes',
          }),
          stat({
            title: 'Alerts that fire',
            unit: units.count,
            names: 'only',
            queries: [firing],
            steps: ['green', [1, 'red']],
            shows: 'The names of the alerts that fire now, with the service.',
            normal: 'none.',
            next: 'each name is a heading of the runbook; begin with those about a service or a cause, not with a budget.',
            heading: 'What you see, what it is',
          }),
        ],
      ],
    },
    {
      title: 'What is wrong, and where?',
      lines: [
        [instances(services), notReady(q, 'service'), registryAway(q, 'service'), slowKafka(q, 'service')],
        [
          oldest(q, { title: 'Oldest record not processed', by: 'service', heading: 'ConsumerBehind' }),
          deadLetters(q, 'service, topic'),
          stat({
            title: 'Mix commands that failed, 10 min',
            unit: units.count,
            decimals: 0,
            queries: [
              q.increase('roomcast_mix_command_seconds_count', '10m', {
                where: 'code=~"3000|3500"',
                by: 'code',
                legend: 'code {{code}}',
              }),
            ],
            steps: ['green', [1, 'orange'], [2, 'red']],
            shows:
              'Commands of the mixer that the video cloud answered with its InternalError (3500), or not at all (3000).',
            normal: '0.',
            next: 'the cloud, not the mixer: look at its status and quota. Sessions go on without a mixed picture.',
            heading: 'MixCommandsFail',
          }),
          stat({
            title: 'Clients that do not read',
            unit: units.count,
            decimals: 0,
            queries: [
              q.sum('roomcast_edge_waiting_connections', { by: 'instance', legend: 'waiting now {{instance}}' }),
              q.increase('roomcast_edge_closes_total', '5m', {
                where: 'code="4001"',
                by: 'instance',
                legend: 'closed in 5 min {{instance}}',
              }),
            ],
            steps: ['green', [20, 'red']],
            shows:
              'Connections with something waiting for them because they do not read, and those closed for it (4001). A client that answers no ping either is closed with 4002. With little traffic nothing waits until a window of 64 KiB is full: until then only the bytes on the way grow (dashboard of the edge).',
            normal: 'a few on bad lines.',
            next: 'the dashboard of the edge says how much waits; one edge: its network; all: one kind of client.',
            heading: 'SlowClientsClosed',
          }),
        ],
      ],
    },
    latencyRow(q),
    trafficRow(q),
  ],
}
