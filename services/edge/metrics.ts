import { Gauge, type Counter } from 'prom-client'
import { topics } from '../../schemas/topics.ts'
import { createLagMetrics } from '../shared/lag-metrics.ts'
import { boundedLabel, createCounter, createDurationHistogram, type Metrics } from '../shared/metrics.ts'
import { createTallyCounter, createTallyHistogram } from '../shared/tally-metrics.ts'
import { likesOf, type Line } from './domain/line.ts'
import { droppedWeight, dropReasons, gapReasons, mergeReasons, type Losses } from './domain/losses.ts'
import type { Gap } from './domain/outbox.ts'
import { closeCodes } from './domain/protocol.ts'
import { createEdgeGauges, type EdgeReadings } from './gauge-metrics.ts'
import { createOverloadMetrics } from './overload-metrics.ts'
import { createProbeMetrics } from './probe-metrics.ts'
import { createResumeMetrics } from './resume-metrics.ts'

export type EdgeMetrics = Losses & {
  /** A message went to `connections` sockets at `nowMs` (epoch). */
  readonly sent: (line: Line, connections: number, nowMs: number) => void
  readonly sentBytes: (bytes: number, to: { readonly way: 'fast' | 'own'; readonly connections: number }) => void
  /** A connection was told that it was not given something. */
  readonly leftOut: (gap: Gap) => void
  /** A connection left the fast way, or came back to it. */
  readonly switched: (to: 'fast' | 'slow') => void
  readonly closed: (code: number) => void
  readonly refused: (code: number) => void
  /** A silent connection has answered a ping. */
  readonly ponged: (seconds: number) => void
  /** So many bytes are on their way to all connections. */
  readonly inFlight: (bytes: number) => void
}

/** Ours, and those with which clients and the library close (RFC 6455, 7.4.1); any other of a client is counted as `other`. */
const knownCloseCodes = ['1000', '1001', '1005', '1006', '1007', '1009', ...Object.values(closeCodes).map(String)]

/** Of frames that are answered with an error, and of streams that are refused. */
const refusalCodes = [400, 401, 403, 404, 429, 503]

/** Registers what an edge counts, and the gauges that read it. */
export const createEdgeMetrics = ({ metrics, gauges, waitingBytes }: EdgeReadings): EdgeMetrics => {
  const registers = [metrics]
  createEdgeGauges({ metrics, gauges, waitingBytes })
  const inFlight = new Gauge({
    name: 'roomcast_edge_in_flight_bytes',
    help: 'bytes sent that clients have not been seen to have read, as of the newest look at all connections',
    registers,
  })
  const pings = createDurationHistogram({
    metrics,
    name: 'roomcast_edge_ping_seconds',
    help: 'from the ping of a silent connection to its answer',
  })
  const byWeight = { metrics, label: 'weight', values: [4, 5, 8, 9] as const }
  const sent = createTallyCounter({
    ...byWeight,
    name: 'roomcast_edge_messages_sent_total',
    help: 'push messages sent, once for each connection',
  })
  const latency = createTallyHistogram({
    ...byWeight,
    name: 'roomcast_edge_delivery_seconds',
    help:
      'from occurredAt of a message to the socket, once for each connection; ' +
      'of weights 4 and 5 that is when what caused it was appended to room.input',
  })
  const bytes = createTallyCounter({
    metrics,
    name: 'roomcast_edge_sent_bytes_total',
    help: 'bytes of text frames sent',
    label: 'way',
    values: ['fast', 'own'] as const,
  })
  const dropped = createTallyCounter({
    metrics,
    name: 'roomcast_edge_messages_dropped_total',
    help:
      'messages that connections are not given, by weight and reason: queue_full and memory_full: too many wait for a slow one; ' +
      'too_many: it has missed more than may wait; expired: invites that came too late',
    label: 'reason',
    values: dropReasons,
    weightOf: droppedWeight,
  })
  const merged = createTallyCounter({
    metrics,
    name: 'roomcast_edge_messages_merged_total',
    help:
      'messages that connections are given as part of another, by weight and reason: counted: in the count of a newer like; ' +
      'replaced: by a newer number of viewers',
    label: 'reason',
    values: mergeReasons,
    weightOf: () => 9,
  })
  const gaps = createCounter({
    metrics,
    name: 'roomcast_edge_gaps_total',
    help:
      'notices to connections that messages were left out just there, by weight and why the first of them was; ' +
      'too_old: missed so long ago that nobody knows how many',
    labels: { weight: [8], reason: gapReasons },
  })
  gaps.inc({ weight: 9, reason: 'too_old' }, 0)
  const likes = createTallyCounter({
    metrics,
    name: 'roomcast_edge_likes_total',
    help: 'likes sent, once for each connection: those that a message stands for',
    label: 'as',
    values: ['single', 'merged'] as const,
  })
  const switches = createCounter({
    metrics,
    name: 'roomcast_edge_switches_total',
    help: 'connections that left the fast way for a queue of their own, or came back',
    labels: { to: ['fast', 'slow'] },
  })
  const closed = createCounter({
    metrics,
    name: 'roomcast_edge_closes_total',
    help: 'connections ended, by close code',
    labels: { code: [...knownCloseCodes, 'other'] },
  })
  const refused = createCounter({
    metrics,
    name: 'roomcast_edge_refusals_total',
    help: 'frames and streams refused, by error code',
    labels: { code: refusalCodes },
  })
  const codeLabel = boundedLabel(knownCloseCodes)

  return {
    sent: (line, connections, nowMs) => {
      const { weight, occurredAt } = line
      sent.add(weight, connections)
      if (line.liked !== null) likes.add(likesOf(line) === 1 ? 'single' : 'merged', likesOf(line) * connections)
      latency.observe(weight, Math.max(0, nowMs - occurredAt) / 1000, connections)
    },
    sentBytes: (count, { way, connections }) => bytes.add(way, count * connections),
    leftOut: ({ weight, reason }) => gaps.inc({ weight, reason }),
    dropped: dropped.add,
    merged: merged.add,
    switched: (to) => switches.inc({ to }),
    closed: (code) => closed.inc({ code: codeLabel(String(code)) }),
    refused: (code) => refused.inc({ code }),
    ponged: (seconds) => pings.observe(seconds),
    inFlight: (count) => inFlight.set(count),
  }
}

/** Numbers of viewers that this edge has reported. */
export const createPresenceRecords = (metrics: Metrics): Counter<'result'> =>
  createCounter({
    metrics,
    name: 'roomcast_edge_presence_records_total',
    help: 'numbers of viewers reported to the other edges; dropped: the broker did not take it',
    labels: { result: ['written', 'dropped'] },
  })

/** How far behind the lanes of its open partitions, and room.state, the edge is. While a lane is paused its age grows. */
export const createEdgeLag = (metrics: Metrics) =>
  createLagMetrics<string>({
    metrics,
    topics: [topics.pushSignal.name, topics.pushComment.name, topics.pushLike.name, topics.roomState.name],
  })

/** What this service alone registers, for the page of metrics. */
export const registerOwn = (metrics: Metrics): void => {
  const nothing = (): number => 0
  createEdgeMetrics({
    metrics,
    gauges: {
      connections: nothing,
      subscriptions: nothing,
      queuedBytes: nothing,
      waiting: nothing,
      fast: nothing,
      rooms: nothing,
    },
    waitingBytes: nothing,
  })
  createResumeMetrics({ metrics, ringBytes: nothing })
  createOverloadMetrics(metrics)
  createPresenceRecords(metrics)
  createProbeMetrics(metrics)
  createEdgeLag(metrics)
}
