import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { busy, type Queries } from '../queries.ts'
import { units } from '../units.ts'

const delivery = 'roomcast_edge_delivery_seconds'

export const deliveryRow = (q: Queries): Row => ({
  title: 'Delivery',
  lines: [
    [
      graph({
        title: 'Signals, from cause to socket',
        unit: units.seconds,
        queries: q.quantiles(delivery, { where: 'weight=~"4|5"', by: 'weight' }),
        steps: ['green', [0.5, 'red']],
        none: 'no signals',
        shows: 'Latency of weights 4 and 5, from the append of what caused them to room.input.v1 to the socket.',
        normal: 'median 10 to 30 ms, p99 below 0.25 s. A line that ends: no signals came.',
        next: 'compare with the latency to the commit at the state-machine.',
        heading: 'DeliveryBudgetBurns',
      }),
      graph({
        title: 'p99 of lifecycle by edge',
        unit: units.seconds,
        queries: [q.quantile(0.99, delivery, { where: 'weight="4"', by: 'instance' })],
        steps: ['green', [0.5, 'red']],
        none: 'no signals',
        shows: 'One in a hundred messages of weight 4 takes longer, by edge.',
        normal: 'all alike.',
        next: 'one is later than the others: drain it (SIGTERM).',
        heading: 'DeliveryBudgetBurns',
      }),
      graph({
        title: 'Comments and likes, from event to socket',
        unit: units.seconds,
        queries: q.quantiles(delivery, { where: 'weight=~"8|9"', by: 'weight' }),
        none: 'no comments, no likes',
        shows: 'Latency of weights 8 and 9.',
        normal: 'below 0.25 s.',
        next: 'seconds: held back, see the first row.',
        heading: 'EdgeOverloaded',
      }),
      graph({
        title: 'Marker events, from ingest to here',
        unit: units.seconds,
        queries: [q.quantile(0.99, 'roomcast_edge_probe_seconds', { by: 'instance' })],
        none: 'none came',
        shows: 'How long markers were on their way, one in a hundred longer.',
        normal: 'below 0.1 s.',
        next: 'high at one edge: that edge. At all: the state-machine or the broker.',
        heading: 'ProbeMissing',
      }),
    ],
    [
      graph({
        title: 'Messages sent, by weight',
        unit: units.messagesPerSecond,
        queries: [q.rate('roomcast_edge_messages_sent_total', { by: 'weight', legend: 'weight {{weight}}' })],
        shows: 'Messages to sockets, once for each connection.',
        normal: 'follows rooms and connections.',
        next: '4 and 5 stop: the state-machine, or Kafka is slow. 5 alone falls: no mixes, or no co-hosting.',
      }),
      graph({
        title: 'Bytes sent',
        unit: units.bytesPerSecond,
        queries: [q.rate('roomcast_edge_sent_bytes_total', { by: 'way' })],
        shows: 'Bytes of text frames by the fast way (published to a room) and by queues of their own.',
        normal: 'mostly fast.',
        next: 'own grows: clients that do not read, each of them costs more.',
        heading: 'Clients that do not read',
      }),
      graph({
        title: 'Likes',
        unit: units.perSecond,
        queries: [q.rate('roomcast_edge_likes_total', { by: 'as' })],
        shows: 'Likes that were sent, in messages of their own or merged in a count.',
        normal: 'merged in busy rooms.',
        next: 'nothing; merging is how the edge keeps up.',
      }),
      graph({
        title: 'Numbers of viewers reported',
        unit: units.perSecond,
        queries: [busy((of) => q.rate('roomcast_edge_presence_records_total', of), { by: 'result' })],
        shows: 'Reports to the other edges; dropped: the broker did not take it.',
        normal: 'dropped is 0.',
        next: 'dropped: numbers of viewers are old until the next report; look at the broker.',
        heading: 'The broker is slow or away',
      }),
    ],
  ],
})
