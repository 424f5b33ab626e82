import { Counter, Gauge } from 'prom-client'
import { closeCodes } from './domain/protocol.ts'
import type { Weight } from '../../schemas/events.ts'
import type { Line } from './domain/line.ts'
import { boundedLabel, createDurationHistogram, type Metrics } from '../shared/metrics.ts'

export type EdgeMetrics = {
  /** A message went to `connections` sockets at `nowMs` (epoch). */
  readonly sent: (line: Line, connections: number, nowMs: number) => void
  readonly sentBytes: (bytes: number) => void
  /** Messages that a connection was not given, and was told so. */
  readonly dropped: (weight: Weight, count: number) => void
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
  gauges: Readonly<Record<'connections' | 'subscriptions' | 'queuedBytes' | 'rooms', () => number>>
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
  gauge('roomcast_edge_rooms', 'rooms known from room.state', gauges.rooms)

  const sent = new Counter({
    name: 'roomcast_edge_messages_sent_total',
    help: 'push messages sent, once for each connection',
    labelNames: ['weight'],
    registers,
  })
  const latency = createDurationHistogram({
    metrics,
    name: 'roomcast_edge_delivery_seconds',
    help: 'from occurredAt of a message to its socket; a message that goes to many at once counts once',
    labelNames: ['weight'],
  })
  const bytes = new Counter({ name: 'roomcast_edge_sent_bytes_total', help: 'bytes of text frames sent', registers })
  const dropped = new Counter({
    name: 'roomcast_edge_messages_dropped_total',
    help: 'messages left out for slow connections, which were told so',
    labelNames: ['weight'],
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
    sent: ({ weight, occurredAt }, connections, nowMs) => {
      sent.inc({ weight }, connections)
      latency.observe({ weight }, Math.max(0, nowMs - occurredAt) / 1000)
    },
    sentBytes: (count) => bytes.inc(count),
    dropped: (weight, count) => dropped.inc({ weight }, count),
    closed: (code) => closed.inc({ code: codeLabel(String(code)) }),
    refused: (code) => refused.inc({ code }),
  }
}
