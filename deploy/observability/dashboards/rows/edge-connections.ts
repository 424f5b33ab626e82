import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { busy, type Queries } from '../queries.ts'
import { units } from '../units.ts'

export const connectionsRow = (q: Queries): Row => ({
  title: 'Coming and going',
  lines: [
    [
      graph({
        title: 'Connections and subscriptions',
        unit: units.count,
        queries: [
          q.sum('roomcast_edge_connections', { by: 'instance', legend: 'connections {{instance}}' }),
          q.sum('roomcast_edge_subscriptions', { by: 'instance', legend: 'subscriptions {{instance}}' }),
        ],
        shows: 'Clients, and the rooms that they are in.',
        normal: 'even over the edges.',
        next: 'one edge fell: stopped, drained, or its network is away.',
        heading: 'InstanceDown',
      }),
      graph({
        title: 'Closes by code',
        unit: units.perSecond,
        queries: [busy((of) => q.rate('roomcast_edge_closes_total', of), { by: 'code' })],
        shows:
          'Connections ended: 1000 and 1001 by the client, 4000 draining, 4001 does not read, 4002 silent, 4500 token.',
        normal: 'mostly 1000, 1001 and 1006.',
        next: '4001: clients that do not read. 4500: keys of tokens. 4004: this edge lost its source.',
        heading: 'SlowClientsClosed',
      }),
      graph({
        title: 'Frames refused, by code',
        unit: units.perSecond,
        queries: [busy((of) => q.rate('roomcast_edge_refusals_total', of), { by: 'code' })],
        shows:
          'Frames of clients that were answered with an error: 400 bad, 403 not this room, 404 no such room, 429 too many.',
        normal: 'few.',
        next: 'one code in numbers since a release of an app: that app.',
      }),
      graph({
        title: 'Resumes by result',
        unit: units.perSecond,
        queries: [q.rate('roomcast_edge_resumes_total', { by: 'result' })],
        shows: 'Clients that came back with a position: recovered, or why not.',
        normal: 'recovered.',
        next: 'too_old, too_much: away for longer than is kept. epoch: the topics were made anew.',
      }),
    ],
    [
      graph({
        title: 'Catch-up reads',
        unit: units.perSecond,
        queries: [busy((of) => q.rate('roomcast_edge_catch_up_seconds_count', of), { by: 'result' })],
        shows: 'Reads of a partition for clients whose position is older than what is in memory.',
        normal: 'few, done.',
        next: 'failed: the broker. too_far in numbers: EDGE_SIGNAL_RING_BYTES is small for how long clients are away.',
      }),
      graph({
        title: 'Recent messages in memory',
        unit: units.bytes,
        queries: [q.sum('roomcast_edge_ring_bytes', { by: 'lane' })],
        shows: 'Memory that the recent messages of open partitions take.',
        normal: 'up to the limit of each lane.',
        next: 'nothing; it is bounded.',
      }),
      graph({
        title: 'Rooms known',
        unit: units.count,
        queries: [q.sum('roomcast_edge_rooms', { by: 'instance' })],
        shows: 'Rooms that each edge knows from room.state.v1.',
        normal: 'the same at all edges.',
        next: 'one knows fewer: it is behind; see its lag.',
        heading: 'ConsumerBehind',
      }),
      graph({
        title: 'Held back, and how late timers are',
        unit: units.seconds,
        queries: [
          q.max('roomcast_edge_lateness_seconds', { by: 'instance', legend: 'timers late {{instance}}' }),
          q.max('roomcast_edge_bulk_paused', { by: 'instance', legend: 'held back (1) {{instance}}' }),
        ],
        steps: ['green', [0.5, 'red']],
        shows: 'How late the timers of an edge are, and whether it keeps comments and likes in Kafka (1).',
        normal: 'milliseconds, and 0.',
        next: 'beyond 0.5 s it is the processor: add edges.',
        heading: 'EdgeOverloaded',
      }),
    ],
  ],
})
