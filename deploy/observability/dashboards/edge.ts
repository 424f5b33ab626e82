import type { Board } from './board.ts'
import { instances, notReady, registryAway } from './first-row.ts'
import { stat } from './panels.ts'
import { createQueries, share } from './queries.ts'
import { objectiveSteps } from './steps.ts'
import { units } from './units.ts'
import { connectionsRow } from './rows/edge-connections.ts'
import { deliveryRow } from './rows/edge-delivery.ts'
import { slowClientsRow } from './rows/edge-slow-clients.ts'
import { processRow } from './rows/process.ts'
import { readingRow } from './rows/reading.ts'

const q = createQueries('service="edge",instance=~"$instance"')

const delivery = 'roomcast_edge_delivery_seconds'

export const edge: Board = {
  uid: 'roomcast-edge',
  title: 'roomcast: edge',
  description: 'WebSocket delivery in the order of weights: 4 lifecycle, 5 co-hosting, 8 comments, 9 likes.',
  instancesOf: 'job="edge"',
  rows: [
    {
      title: 'Do clients get what is theirs?',
      lines: [
        [
          instances(['edge']),
          notReady(q, 'part'),
          stat({
            title: 'Signals in time',
            unit: units.share,
            decimals: 2,
            queries: [
              share(
                q.rate(`${delivery}_bucket`, { where: 'weight=~"4|5",le="0.5"' }),
                q.rate(`${delivery}_count`, { where: 'weight=~"4|5"' }),
              ),
            ],
            steps: objectiveSteps,
            none: 'no signals',
            shows:
              'Messages of weights 4 and 5 that reached the socket within 0.5 s of their cause, in the last moments.',
            normal: 'above 99.9 %.',
            next: 'late already at the commit (dashboard of the state-machine), or only here?',
            heading: 'DeliveryBudgetBurns',
          }),
          stat({
            title: 'Newest marker event is old',
            unit: units.seconds,
            decimals: 0,
            queries: [
              { expr: `max(time() - ${q.series('roomcast_edge_probe_last_timestamp_seconds')})`, legend: 'oldest' },
            ],
            steps: ['green', [30, 'orange'], [60, 'red']],
            none: 'none came',
            shows: 'How long ago the newest marker was sent that the worst edge has seen.',
            normal: 'below 20 s: 5 s between two markers, 15 s between two looks at the edge.',
            next: 'one edge: restart it. All: before the edges.',
            heading: 'ProbeMissing',
          }),
        ],
        [
          stat({
            title: 'Clients that do not read',
            unit: units.count,
            queries: [q.sum('roomcast_edge_waiting_connections', { by: 'instance' })],
            steps: ['green', [20, 'orange'], [200, 'red']],
            shows:
              'Connections for which something waits, because they have not read what was sent before. With little traffic nothing waits until a window of 64 KiB is full: until then only "on the way" grows.',
            normal: 'a few on bad lines.',
            next: 'many at one edge: its network. Many at all: one kind of client, or a room with too much traffic.',
            heading: 'Clients that do not read',
          }),
          stat({
            title: 'Closed for not reading, 5 min',
            unit: units.count,
            decimals: 0,
            queries: [q.increase('roomcast_edge_closes_total', '5m', { where: 'code="4001"', by: 'instance' })],
            steps: ['green', [1, 'orange'], [20, 'red']],
            shows:
              'Connections closed with 4001 because they made no progress with signals. Those that answer no ping either are closed with 4002: see Closes by code.',
            normal: '0 or a few; those clients come back and resume.',
            next: 'find what these clients have in common.',
            heading: 'SlowClientsClosed',
          }),
          stat({
            title: 'Comments and likes held back',
            unit: units.share,
            queries: [q.rate('roomcast_edge_bulk_paused_seconds_total', { by: 'instance' })],
            steps: ['green', [0.01, 'orange'], [0.2, 'red']],
            shows: 'Part of the time in which they waited in Kafka because this edge had too much to do.',
            normal: '0 %.',
            next: 'is it the processor or bytes that wait? See below.',
            heading: 'EdgeOverloaded',
          }),
          registryAway(q, 'instance'),
        ],
      ],
    },
    deliveryRow(q),
    slowClientsRow(q),
    connectionsRow(q),
    readingRow(q),
    processRow(q),
  ],
}
