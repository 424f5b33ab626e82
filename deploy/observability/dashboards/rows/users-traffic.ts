import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import type { Queries } from '../queries.ts'
import { units } from '../units.ts'

export const trafficRow = (q: Queries): Row => ({
  title: 'What goes on?',
  lines: [
    [
      graph({
        title: 'Requests by status',
        unit: units.requestsPerSecond,
        queries: [q.rate('roomcast_ingest_request_seconds_count', { by: 'status' })],
        none: 'no requests',
        shows: 'Requests to ingest, by HTTP status.',
        normal: '200 and 202 as the day goes.',
        next: '202 in numbers: outcomes come late. None: the callers, or what is before ingest.',
        heading: 'IngestBudgetBurns',
      }),
      graph({
        title: 'Outcomes of requests',
        unit: units.requestsPerSecond,
        queries: [q.rate('roomcast_ingest_outcome_wait_seconds_count', { by: 'result' })],
        none: 'no requests',
        shows: 'Requests that change a room: decided in time, or late (answered 202).',
        normal: 'late is 0 or near it.',
        next: 'late for all: the state-machine. Late for some: one partition of it.',
        heading: 'PartitionStalled',
      }),
      graph({
        title: 'Messages to clients, by weight',
        unit: units.messagesPerSecond,
        queries: [q.rate('roomcast_edge_messages_sent_total', { by: 'weight', legend: 'weight {{weight}}' })],
        shows: 'Messages sent, once for each connection.',
        normal: 'follows the number of connections and rooms.',
        next: '4 and 5 are at 0 while 8 and 9 go on: the state-machine. All are at 0: Kafka or ingest. Lines that end: the edges.',
      }),
    ],
    [
      graph({
        title: 'Sessions by phase',
        unit: units.count,
        queries: [q.sum('roomcast_sessions', { by: 'phase' })],
        shows: 'Rooms that are in a co-hosting session, by its phase; a session has two rooms.',
        normal: 'mostly mixed.',
        next: 'agreed or starting grow: the mixer or the video cloud.',
        heading: 'MixCommandsFail',
      }),
      graph({
        title: 'Connections by edge',
        unit: units.count,
        queries: [q.sum('roomcast_edge_connections', { by: 'instance' })],
        shows: 'Clients that are connected.',
        normal: 'even, and slow to change.',
        next: 'all at one edge fell: it was stopped or its network is away; clients come back elsewhere.',
        heading: 'InstanceDown',
      }),
      graph({
        title: 'Running for',
        unit: units.seconds,
        queries: [
          {
            expr: 'time() - max by (job, instance) (process_start_time_seconds{job=~"ingest|state-machine|mixer|edge"})',
            legend: '{{job}} {{instance}}',
          },
        ],
        shows: 'Age of each process. A line that falls to 0 is a restart; one that ends is a process that is gone.',
        normal: 'rising.',
        next: 'restarts that nobody made, or a line that ends: the end of the log of that process.',
        heading: 'ServiceDown',
      }),
    ],
  ],
})
