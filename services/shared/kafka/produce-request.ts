import { apiKeys, requests, type Broker, type ProducedPartition } from './internals.ts'
import type { Appended } from './message.ts'
import { encodeRecordBatch, type BatchRecord } from './record-batch.ts'

/** The records of one partition in a request: one record batch. */
export type ProducedLot = {
  readonly topic: string
  readonly partition: number
  /** The number of the first record; the same when the lot is sent again. */
  readonly firstSequence: number
  readonly records: readonly BatchRecord[]
}

export type ProduceRequest = {
  /** null outside of a transaction. */
  readonly transactionalId: string | null
  readonly producerId: string
  readonly producerEpoch: number
  readonly lots: readonly ProducedLot[]
}

/** All in-sync replicas. */
const acks = -1
/** How long the leader may wait for its followers. */
const replicationTimeoutMs = 5000

/** Key of a partition in the answer of `produce`. */
export const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`

/** Where the record at a place of a lot went, when the lot's answer is no error. */
export const toAppended = ({ partition, baseOffset, logAppendTime }: ProducedPartition, place: number): Appended => ({
  partition,
  offset: Number(baseOffset) + place,
  appendedAt: Number(logAppendTime) >= 0 ? Number(logAppendTime) : null,
})

const int16 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(value)
  return bytes
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

const string = (text: string): readonly Buffer[] => {
  const bytes = Buffer.from(text)
  return [int16(bytes.length), bytes]
}

/**
 * The body of a Produce request, versions 3 to 7 (`kafkajs/src/protocol/requests/produce/v3/request.js`).
 * @param timestampMs of every record
 */
export const encodeProduceRequest = (
  { transactionalId, producerId, producerEpoch, lots }: ProduceRequest,
  timestampMs: number,
): Buffer => {
  const parts = [...(transactionalId === null ? [int16(-1)] : string(transactionalId))]
  const byTopic = Map.groupBy(lots, ({ topic }) => topic)
  parts.push(int16(acks), int32(replicationTimeoutMs), int32(byTopic.size))
  for (const [topic, group] of byTopic) {
    parts.push(...string(topic), int32(group.length))
    for (const { partition, firstSequence, records } of group) {
      const batch = encodeRecordBatch({
        records,
        timestampMs,
        producerId,
        producerEpoch,
        firstSequence,
        isTransactional: transactionalId !== null,
      })
      parts.push(int32(partition), int32(batch.length), batch)
    }
  }
  return Buffer.concat(parts)
}

/**
 * Sends lots to the broker that leads their partitions, once, and answers what it says of each by `placeOf`: also an error is an
 * answer (`errorCode`), and a partition may be left out. kafkajs sends it and reads the answer, but its parser is not asked: that
 * throws the first error, and all the other answers away with it.
 * @throws KafkaJSError when there is no answer: nobody knows then what was written
 */
export const produce = async (
  broker: Broker,
  produceRequest: ProduceRequest,
): Promise<ReadonlyMap<string, ProducedPartition>> => {
  // kafkajs knows which version both sides have and how it is answered; of its request nothing but the name is used.
  const { request, response } = broker.lookupRequest(
    apiKeys.Produce,
    requests.Produce,
  )({ acks, timeout: replicationTimeoutMs, topicData: [] })
  const { topics } = await broker.connectionPool.send({
    request: {
      ...request,
      encode: async () => {
        const buffer = encodeProduceRequest(produceRequest, Date.now())
        return { buf: buffer, buffer }
      },
    },
    response: { decode: response.decode, parse: async (answer) => answer },
  })
  return new Map(
    topics.flatMap(({ topicName, partitions }) =>
      partitions.map((produced) => [placeOf(topicName, produced.partition), produced]),
    ),
  )
}
