import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { busy, type Queries } from '../queries.ts'
import { units } from '../units.ts'

export const slowClientsRow = (q: Queries): Row => ({
  title: 'Clients that do not read',
  lines: [
    [
      graph({
        title: 'Connections by way',
        unit: units.count,
        queries: [q.sum('roomcast_edge_way_connections', { by: 'way' })],
        shows: 'Connections served by what is published to their room (fast), or by a queue of their own.',
        normal: 'nearly all fast.',
        next: 'own grows, and bytes wait: they do not read. A few on their own way for a moment are normal.',
        heading: 'Clients that do not read',
      }),
      graph({
        title: 'Bytes that wait, by weight',
        unit: units.bytes,
        queries: [q.sum('roomcast_edge_waiting_bytes', { by: 'weight', legend: 'weight {{weight}}' })],
        shows: 'Bytes in queues of slow connections.',
        normal: 'near 0; weight 4 and 5 always.',
        next: '4 or 5 grow: closes with 4001 follow.',
        heading: 'Clients that do not read',
      }),
      graph({
        title: 'Bytes that wait or are on their way, by edge',
        unit: units.bytes,
        queries: [
          q.sum('roomcast_edge_queued_bytes', { by: 'instance', legend: 'waiting {{instance}}' }),
          q.sum('roomcast_edge_in_flight_bytes', { by: 'instance', legend: 'on the way {{instance}}' }),
        ],
        shows: 'Bytes in queues, and bytes sent that clients have not been seen to have read.',
        normal: 'well below EDGE_MAX_QUEUED_BYTES.',
        next: 'at that limit comments and likes are held back, for all.',
        heading: 'EdgeOverloaded',
      }),
      graph({
        title: 'Answer to a ping',
        unit: units.seconds,
        queries: q.quantiles('roomcast_edge_ping_seconds'),
        none: 'no silent connection',
        shows: 'From the ping of a silent connection to its answer.',
        normal: 'the round trip of phones, below a second.',
        next: 'seconds for all: the network of this edge.',
        heading: 'SlowClientsClosed',
      }),
    ],
    [
      graph({
        title: 'Left out, by weight and reason',
        unit: units.messagesPerSecond,
        queries: [
          q.rate('roomcast_edge_messages_dropped_total', {
            by: 'weight, reason',
            legend: 'weight {{weight}}: {{reason}}',
          }),
        ],
        shows:
          'Messages that slow connections were not given: their queue was full, all queues together were, or an invite was too late.',
        normal: '0 or little.',
        next: 'memory_full: all slow clients together are too many for this edge.',
        heading: 'Clients that do not read',
      }),
      graph({
        title: 'Merged, by reason',
        unit: units.messagesPerSecond,
        queries: [
          q.rate('roomcast_edge_messages_merged_total', {
            by: 'weight, reason',
            legend: 'weight {{weight}}: {{reason}}',
          }),
        ],
        shows: 'Likes counted inside another message, and numbers of viewers overtaken by a newer one.',
        normal: 'as busy as the rooms.',
        next: 'nothing; no like is lost by it.',
      }),
      graph({
        title: 'Notices that something was left out',
        unit: units.perSecond,
        queries: [
          q.rate('roomcast_edge_gaps_total', { by: 'weight, reason', legend: 'weight {{weight}}: {{reason}}' }),
        ],
        shows: 'Gap notices sent to clients.',
        normal: '0 or little.',
        next: 'too_old or too_many after a restart: clients that were away for long.',
        heading: 'Clients that do not read',
      }),
      graph({
        title: 'To a queue of their own, and to the fast way',
        unit: units.perSecond,
        queries: [busy((of) => q.rate('roomcast_edge_switches_total', of), { by: 'to' })],
        shows:
          'Connections that went over to a queue of their own (slow), and that came to the fast way: after they have caught up, or as new ones.',
        normal: 'fast as often as clients come, slow rarely.',
        next: 'slow in numbers: clients that do not read.',
        heading: 'Clients that do not read',
      }),
    ],
  ],
})
