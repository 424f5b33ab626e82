import { topics } from '../../schemas/topics.ts'
import type { Demand } from './demand.ts'
import type { EdgeNeed } from './edge.ts'
import type { Values } from './figures.ts'
import type { ServiceNeed } from './others.ts'
import type { AppendedTopic, Traffic } from './traffic.ts'

export type BrokerNeed = {
  /** Of all brokers together, in a second. */
  readonly inMbit: number
  readonly outMbit: number
  readonly requests: number
  readonly cores: number
  /** Brokers by what asks for them, spares not included. */
  readonly wanted: Readonly<
    Record<'network out' | 'network in' | 'processors' | 'copies of partitions' | 'replication', number>
  >
  /** Copies included, by topic. */
  readonly diskBytes: Readonly<Record<AppendedTopic | 'roomPresence', number>>
}

export type Services = Readonly<Record<'ingest' | 'stateMachine' | 'mixer', ServiceNeed>>

const megabitPerByte = 8 / 1e6
/** A log is deleted, or compacted, by whole segments: this much longer than it is kept. */
const segmentSeconds = 600
const stateSegments = 3

/** How long a topic's records stay, in seconds. */
const keptSeconds = (topic: AppendedTopic | 'roomPresence'): number => {
  const config: Readonly<Record<string, string>> = topics[topic].config
  const retentionMs = config['retention.ms']
  return retentionMs === undefined ? stateSegments * segmentSeconds : Number(retentionMs) / 1_000 + segmentSeconds
}

export const brokerNeed = (
  demand: Demand,
  traffic: Traffic,
  of: Values,
  {
    edge,
    edges,
    services: { ingest, stateMachine, mixer },
    partitions,
    brokers,
  }: {
    readonly edge: EdgeNeed
    readonly edges: number
    readonly services: Services
    readonly partitions: number
    readonly brokers: number
  },
): BrokerNeed => {
  const { REPLICATION: copies, BUSY: busy, ROOMS: rooms } = demand
  const bytes = { ...traffic.bytes, roomPresence: edge.presence * of.presenceBytes }
  const appended = Object.values(bytes).reduce((sum, value) => sum + value, 0)
  const read =
    edges * edge.inBytes +
    (ingest.instances ?? 1) * (bytes.roomState + bytes.requestOutcome) +
    bytes.roomInput +
    bytes.pushLike +
    bytes.mixCommand
  const requests =
    edges * edge.fetches + edge.presence / presencePerRequest + ingest.requests + stateMachine.requests + mixer.requests
  const transactions = stateMachine.transactions + mixer.transactions
  const written = appended + transactions * of.kafkaTransactionBytes
  const inMbit = written * copies * megabitPerByte
  const outMbit = (read + written * (copies - 1)) * megabitPerByte
  const work = (requests * of.brokerRequestUs + transactions * of.brokerTransactionUs) / 1e6
  const kept = (topic: keyof typeof bytes): number => bytes[topic] * keptSeconds(topic) * copies
  const network = demand.NETWORK_GBIT * 1_000 * busy
  return {
    inMbit,
    outMbit,
    requests,
    cores: work + brokers * of.brokerIdleCores,
    wanted: {
      'network out': outMbit / network,
      'network in': inMbit / network,
      processors: work / (demand.BROKER_CORES * busy - of.brokerIdleCores),
      'copies of partitions': (Object.keys(topics).length * partitions * copies) / of.replicasOfBroker,
      replication: copies - demand.SPARE,
    },
    diskBytes: {
      roomInput: kept('roomInput'),
      pushSignal: kept('pushSignal'),
      pushComment: kept('pushComment'),
      pushLike: kept('pushLike'),
      requestOutcome: kept('requestOutcome'),
      mixCommand: kept('mixCommand'),
      roomState: kept('roomState') + rooms * of.stateBytes * copies,
      roomPresence: kept('roomPresence'),
    },
  }
}

/** Edges collect what they write for 2 ms. */
const presencePerRequest = 4
