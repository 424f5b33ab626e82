import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { busy, orZero, type Queries } from '../queries.ts'
import { units } from '../units.ts'

const requests = 'roomcast_ingest_request_seconds'

export const requestsRow = (q: Queries): Row => ({
  title: 'Requests',
  lines: [
    [
      graph({
        title: 'Requests by status',
        unit: units.requestsPerSecond,
        queries: [q.rate(`${requests}_count`, { by: 'status' })],
        none: 'no requests',
        shows: 'Requests by HTTP status.',
        normal: '200, some 202, few 4xx.',
        next: '202 grow: outcomes come late; is the state-machine there? 503: Kafka or the registry. 500: a defect, with a log line.',
        heading: 'IngestBudgetBurns',
      }),
      graph({
        title: 'How long requests take',
        unit: units.seconds,
        queries: q.quantiles(requests),
        none: 'no requests',
        shows: 'Median, 90 and 99 of 100 requests.',
        normal: 'milliseconds; requests that wait for an outcome 10 to 60 ms.',
        next: 'compare with Kafka write and with how long outcomes take.',
        heading: 'The broker is slow or away',
      }),
      graph({
        title: 'p99 by route',
        unit: units.seconds,
        queries: [q.quantile(0.99, requests, { by: 'route' })],
        none: 'no requests',
        shows: 'One in a hundred takes longer, by route.',
        normal: 'below 0.1 s.',
        next: 'only the routes that wait for an outcome: is the state-machine there? All: Kafka.',
        heading: 'ServiceDown',
      }),
    ],
    [
      graph({
        title: 'Not answered 2xx, by route and status',
        unit: units.requestsPerSecond,
        queries: [
          orZero(busy((of) => q.rate(`${requests}_count`, of), { where: 'status!~"2.."', by: 'route, status' })),
        ],
        shows: 'Requests that did not succeed.',
        normal: 'few: clients that retry or ask for what is gone.',
        next: '4xx of one route since a deployment of the caller: the caller. 5xx: the runbook.',
        heading: 'IngestBudgetBurns',
      }),
      graph({
        title: 'Refused before an event exists, by code',
        unit: units.perSecond,
        queries: [busy((of) => q.rate('roomcast_ingest_refusals_total', of), { by: 'code' })],
        shows:
          'Requests that ingest itself refuses, by the code in the answer: 400 invalid, 401 no key, 404 no such thing, 429 too many.',
        normal: 'few.',
        next: '401 in numbers: a key that was changed at one side. 429: a caller in a loop.',
      }),
      graph({
        title: 'Callbacks not let in, by reason',
        unit: units.perSecond,
        queries: [q.rate('roomcast_ingest_callbacks_refused_total', { by: 'reason' })],
        shows: 'Callbacks of the video cloud that were refused.',
        normal: '0.',
        next: 'forged or unsigned: ALI_CALLBACK_KEY differs from the one at the cloud. address: ALI_CALLBACK_ALLOW.',
      }),
    ],
  ],
})
