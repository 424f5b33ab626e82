import { Counter, Gauge } from 'prom-client'
import { closeCodes } from './domain/protocol.ts'
import { likesOf, type Line } from './domain/line.ts'
import type { Gap } from './domain/outbox.ts'
import { boundedLabel, type Metrics } from '../shared/metrics.ts'
import { createTallyCounter, createTallyHistogram } from '../shared/tally-metrics.ts'

export type EdgeMetrics = {
  /** A message went to `connections` sockets at `nowMs` (epoch). */
  readonly sent: (line: Line, connections: number, nowMs: number) => void
  readonly sentBytes: (bytes: number, to: { readonly way: 'fast' | 'own'; readonly connections: number }) => void
  /** A connection was told that it was not given something. */
  readonly leftOut: (gap: Gap) => void
  /** A connection left the fast way, or came back to it. */
  readonly switched: (to: 'fast' | 'slow') => void
  readonly closed: (code: number) => void
  readonly refused: (code: number) => void
}

/** Codes with which clients and the library close (RFC 6455, 7.4.1); any other of a client is counted as `other`. */
const standardCloseCodes = ['1000', '1001', '1005', '1006', '1007', '1009']

/** `gauges` are read when they are scraped; each is a number that is kept anyway. */
export const createEdgeMetrics = ({
  metrics,
  gauges,
}: {
  metrics: Metrics
  gauges: Readonly<Record<'connections' | 'subscriptions' | 'queuedBytes' | 'waiting' | 'rooms', () => number>>
}): EdgeMetrics => {
  const registers = [metrics]
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }
  gauge('roomcast_edge_connections', 'WebSocket connections', gauges.connections)
  gauge('roomcast_edge_subscriptions', 'rooms subscribed to, summed over connections', gauges.subscriptions)
  gauge('roomcast_edge_queued_bytes', 'bytes that wait for slow connections', gauges.queuedBytes)
  gauge('roomcast_edge_waiting_connections', 'connections for which something waits', gauges.waiting)
  gauge('roomcast_edge_rooms', 'rooms known from room.state', gauges.rooms)

  const byWeight = { metrics, label: 'weight', values: [4, 5, 8, 9] as const }
  const sent = createTallyCounter({
    ...byWeight,
    name: 'roomcast_edge_messages_sent_total',
    help: 'push messages sent, once for each connection',
  })
  const latency = createTallyHistogram({
    ...byWeight,
    name: 'roomcast_edge_delivery_seconds',
    help: 'from occurredAt of a message to the socket, once for each connection',
  })
  const bytes = createTallyCounter({
    metrics,
    name: 'roomcast_edge_sent_bytes_total',
    help: 'bytes of text frames sent',
    label: 'way',
    values: ['fast', 'own'] as const,
  })
  const dropped = new Counter({
    name: 'roomcast_edge_messages_dropped_total',
    help: 'messages left out for slow connections, which were told so',
    labelNames: ['weight'],
    registers,
  })
  const gaps = new Counter({
    name: 'roomcast_edge_gaps_total',
    help: 'notices that messages were left out, known how many or not',
    labelNames: ['weight', 'counted'],
    registers,
  })
  const likes = createTallyCounter({
    metrics,
    name: 'roomcast_edge_likes_total',
    help: 'likes sent, once for each connection: those that a message stands for',
    label: 'as',
    values: ['single', 'merged'] as const,
  })
  const switches = new Counter({
    name: 'roomcast_edge_switches_total',
    help: 'connections that left the fast way for a queue of their own, or came back',
    labelNames: ['to'],
    registers,
  })
  const closed = new Counter({
    name: 'roomcast_edge_closes_total',
    help: 'connections ended, by close code',
    labelNames: ['code'],
    registers,
  })
  const refused = new Counter({
    name: 'roomcast_edge_refusals_total',
    help: 'frames refused, by error code',
    labelNames: ['code'],
    registers,
  })
  const codeLabel = boundedLabel([...standardCloseCodes, ...Object.values(closeCodes).map(String)])

  return {
    sent: (line, connections, nowMs) => {
      const { weight, occurredAt } = line
      sent.add(weight, connections)
      if (line.liked !== null) likes.add(likesOf(line) === 1 ? 'single' : 'merged', likesOf(line) * connections)
      latency.observe(weight, Math.max(0, nowMs - occurredAt) / 1000, connections)
    },
    sentBytes: (count, { way, connections }) => bytes.add(way, count * connections),
    leftOut: ({ weight, dropped: count }) => {
      gaps.inc({ weight, counted: String(count !== null) })
      if (count !== null) dropped.inc({ weight }, count)
    },
    switched: (to) => switches.inc({ to }),
    closed: (code) => closed.inc({ code: codeLabel(String(code)) }),
    refused: (code) => refused.inc({ code }),
  }
}
