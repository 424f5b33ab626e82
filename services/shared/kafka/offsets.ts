import { Fault } from '../fault.ts'
import type { Kafka } from './client.ts'
import { withCluster } from './cluster.ts'
import {
  apiKeys,
  createErrorFromCode,
  DecoderClass,
  EncoderClass,
  isolationLevels,
  type Cluster,
  type Decoder,
  type ProtocolRequest,
} from './internals.ts'

/** The bounds of a partition: the first offset that is kept, and one past the last record, committed or not. */
export type Watermarks = { readonly earliest: number; readonly highWatermark: number }

type Query = {
  readonly kafka: Kafka
  readonly topic: string
  /** All of them unless named. */
  readonly partitions?: readonly number[]
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

const defaultDeadlineMs = 10_000

/** Timestamps that mean the ends of a log in a ListOffsets request. */
const latest = -1
const earliest = -2

/** Offsets by timestamp, asked of each partition's leader; -1 where no record is that young. */
const listOffsets = async (
  cluster: Cluster,
  {
    topic,
    partitions,
    timestamp,
    // kafkajs' admin lets this default to read_committed.
    isolationLevel = isolationLevels.READ_UNCOMMITTED,
  }: { topic: string; partitions: readonly number[]; timestamp: number; isolationLevel?: number },
): Promise<ReadonlyMap<number, number>> => {
  const wanted = new Set(partitions)
  const leaders = Map.groupBy(
    cluster.findTopicPartitionMetadata(topic).filter(({ partitionId }) => wanted.has(partitionId)),
    ({ leader }) => leader,
  )
  const answers = await Promise.all(
    [...leaders].map(async ([nodeId, led]) => {
      const broker = await cluster.findBroker({ nodeId })
      const { responses } = await broker.listOffsets({
        isolationLevel,
        topics: [{ topic, partitions: led.map(({ partitionId }) => ({ partition: partitionId, timestamp })) }],
      })
      return responses.flatMap((answer) => answer.partitions)
    }),
  )
  const offsets = new Map(answers.flat().map(({ partition, offset }) => [partition, Number(offset)]))
  const missing = partitions.find((partition) => !offsets.has(partition))
  if (missing !== undefined) throw new Fault('BROKER_REFUSED', `${topic} has no partition ${missing}`)
  return offsets
}

/** The bounds of some partitions, over connections that are open. */
export const listWatermarks = async (
  cluster: Cluster,
  topic: string,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, Watermarks>> => {
  const [starts, ends] = await Promise.all(
    [earliest, latest].map((timestamp) => listOffsets(cluster, { topic, partitions, timestamp })),
  )
  return new Map(
    partitions.map((partition) => [
      partition,
      { earliest: starts?.get(partition) ?? 0, highWatermark: ends?.get(partition) ?? 0 },
    ]),
  )
}

const partitionsOf = (cluster: Cluster, topic: string): readonly number[] =>
  cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)

/**
 * Bounds of the partitions of a topic.
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 10 s)
 */
export const fetchWatermarks = ({
  kafka,
  topic,
  partitions,
  deadlineMs = defaultDeadlineMs,
  signal,
}: Query): Promise<ReadonlyMap<number, Watermarks>> =>
  withCluster({ kafka, topics: [topic], deadlineMs, signal }, ({ cluster }) =>
    listWatermarks(cluster, topic, partitions ?? partitionsOf(cluster, topic)),
  )

/**
 * Per partition the last stable offset: where reading committed records ends for now. Behind the high watermark while a transaction
 * is open; past the markers of those that ended.
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 10 s)
 */
export const fetchStableEnds = ({
  kafka,
  topic,
  partitions,
  deadlineMs = defaultDeadlineMs,
  signal,
}: Query): Promise<ReadonlyMap<number, number>> =>
  withCluster({ kafka, topics: [topic], deadlineMs, signal }, ({ cluster }) =>
    listOffsets(cluster, {
      topic,
      partitions: partitions ?? partitionsOf(cluster, topic),
      timestamp: latest,
      isolationLevel: isolationLevels.READ_COMMITTED,
    }),
  )

/**
 * Number of partitions of a topic.
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 10 s), also when there is no such topic
 */
export const fetchPartitionCount = ({
  kafka,
  topic,
  deadlineMs = defaultDeadlineMs,
  signal,
}: Omit<Query, 'partitions'>): Promise<number> =>
  withCluster(
    { kafka, topics: [topic], deadlineMs, signal },
    async ({ cluster }) => partitionsOf(cluster, topic).length,
  )

/**
 * Per partition the first offset whose timestamp is at or after `timestamp` (epoch ms), or the high watermark when none is.
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 10 s)
 */
export const fetchOffsetsByTime = ({
  kafka,
  topic,
  partitions,
  timestamp,
  deadlineMs = defaultDeadlineMs,
  signal,
}: Query & { readonly timestamp: number }): Promise<ReadonlyMap<number, number>> =>
  withCluster({ kafka, topics: [topic], deadlineMs, signal }, async ({ cluster }) => {
    const wanted = partitions ?? partitionsOf(cluster, topic)
    // The end first: what is appended between the two answers is younger than the look-back and must not be lost.
    const ends = await listOffsets(cluster, { topic, partitions: wanted, timestamp: latest })
    const found = await listOffsets(cluster, { topic, partitions: wanted, timestamp })
    return new Map(
      wanted.map((partition) => {
        const offset = found.get(partition) ?? -1
        return [partition, offset >= 0 ? offset : (ends.get(partition) ?? 0)]
      }),
    )
  })

/**
 * OffsetFetch version 7 with require_stable (KIP-447): kafkajs knows up to 4, without it. From version 6 on the encoding is
 * "flexible" (KIP-482): compact strings, and tagged fields, of which kafkajs' request header has none, so that the header's
 * empty ones open the body.
 */
const stableOffsetFetch = ({
  groupId,
  topic,
  partition,
}: {
  groupId: string
  topic: string
  partition: number
}): ProtocolRequest<{ readonly offset: number; readonly errorCodes: readonly number[] }> => ({
  request: {
    apiKey: apiKeys.OffsetFetch,
    apiVersion: 7,
    apiName: 'OffsetFetch',
    encode: async () =>
      new EncoderClass()
        .writeUVarInt(0) // tagged fields of the header
        .writeUVarIntString(groupId)
        .writeUVarInt(2) // one topic: compact lengths count from one
        .writeUVarIntString(topic)
        .writeUVarInt(2) // one partition
        .writeInt32(partition)
        .writeUVarInt(0) // tagged fields of the topic
        .writeBoolean(true) // require_stable
        .writeUVarInt(0), // tagged fields of the request
  },
  response: {
    decode: async (bytes) => {
      const decoder: Decoder = new DecoderClass(bytes)
      decoder.readUVarInt() // tagged fields of the header
      decoder.readInt32() // throttle time
      // A coordinator that has moved or is loading gives its error alone.
      if (decoder.readUVarInt() <= 1) return { offset: -1, errorCodes: [decoder.readInt16()] }
      decoder.readUVarIntString()
      decoder.readUVarInt() // partitions
      decoder.readInt32()
      const offset = Number(decoder.readInt64().toString())
      decoder.readInt32() // leader epoch
      decoder.readUVarIntString() // metadata
      const partitionError = decoder.readInt16()
      decoder.readUVarInt() // tagged fields of the partition
      decoder.readUVarInt() // tagged fields of the topic
      return { offset, errorCodes: [partitionError, decoder.readInt16()] }
    },
    parse: async (answer) => {
      const failed = answer.errorCodes.find((code) => code !== 0)
      if (failed !== undefined) throw createErrorFromCode(failed)
      return answer
    },
  },
})

/**
 * The offset that a group has committed for a partition: the next one to consume, or null when there is none.
 * While a transaction that commits one is open or being completed, waits for its end (KIP-447).
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 10 s)
 */
export const fetchCommittedOffset = ({
  kafka,
  groupId,
  topic,
  partition,
  deadlineMs = defaultDeadlineMs,
  signal,
}: {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}): Promise<number | null> =>
  withCluster({ kafka, topics: [topic], deadlineMs, signal }, async ({ cluster }) => {
    const coordinator = await cluster.findGroupCoordinator({ groupId })
    const { offset } = await coordinator.connectionPool.send(stableOffsetFetch({ groupId, topic, partition }))
    return offset >= 0 ? offset : null
  })
