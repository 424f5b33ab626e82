import type { RequestObserver } from './client.ts'
import type { IncomingMessage } from './message.ts'
import { dropAbortedRecords, type AbortedTransaction } from './aborted-records.ts'
import {
  apiKeys,
  createErrorFromCode,
  decodeRecordBatch,
  DecoderClass,
  isolationLevels,
  requests,
  type Broker,
  type Decoder,
  type RawRecord,
} from './internals.ts'

/** What a fetch brought of one partition. */
export type FetchedPartition = {
  readonly partition: number
  /** 0, or the broker's reason why there is nothing (`kafkajs/src/protocol/error.js`). */
  readonly errorCode: number
  readonly highWatermark: number
  /** Where to go on: one past the last whole batch, which may be a marker, aborted or compacted; null when there was none. */
  readonly next: number | null
  /** Committed records from the wanted offset on. */
  readonly messages: readonly IncomingMessage[]
}

/** Bytes of a batch that are before its records; less is the cut-off tail that a broker may leave. */
const batchHeaderBytes = 61

const lastOf = (value: Buffer | readonly Buffer[]): Buffer =>
  Buffer.isBuffer(value) ? value : (value.at(-1) ?? Buffer.alloc(0))

const toIncoming = (topic: string, partition: number, record: RawRecord): IncomingMessage => ({
  topic,
  partition,
  offset: Number(record.offset),
  key: record.key,
  value: record.value,
  headers: Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, lastOf(value)])),
  timestamp: Number(record.timestamp),
  size: (record.key?.length ?? 0) + (record.value?.length ?? 0),
})

const isCutOff = (error: unknown): boolean => error instanceof Error && error.name === 'KafkaJSPartialMessageError'

/** All whole batches of a partition's bytes, and the offset after them. */
const decodeBatches = async (bytes: Buffer): Promise<{ records: readonly RawRecord[]; next: number | null }> => {
  const decoder = new DecoderClass(bytes)
  const records: RawRecord[] = []
  let next: number | null = null
  try {
    while (decoder.canReadBytes(batchHeaderBytes)) {
      const batch = await decodeRecordBatch(decoder)
      // Not the last record's offset: compaction leaves batches whose last records, or all of them, are gone.
      next = Number(batch.firstOffset) + batch.lastOffsetDelta + 1
      for (const record of batch.records) records.push(record)
    }
  } catch (error) {
    if (!isCutOff(error)) throw error
  }
  return { records, next }
}

const readAborted = (decoder: Decoder): AbortedTransaction => ({
  producerId: decoder.readInt64().toString(),
  firstOffset: decoder.readInt64().toString(),
})

/** One partition of a Fetch answer, version 11 (`kafkajs/src/protocol/requests/fetch/v11/response.js`). */
const decodePartition =
  (topic: string, wanted: ReadonlyMap<number, number>) =>
  async (decoder: Decoder): Promise<FetchedPartition> => {
    const partition = decoder.readInt32()
    const errorCode = decoder.readInt16()
    const highWatermark = Number(decoder.readInt64().toString())
    decoder.readInt64() // last stable offset
    decoder.readInt64() // log start offset
    const abortedTransactions = decoder.readArray(readAborted)
    decoder.readInt32() // preferred read replica
    const size = decoder.readInt32()
    const { records, next } = await decodeBatches(size > 0 ? decoder.readBytes(size) : Buffer.alloc(0))
    const from = wanted.get(partition) ?? 0
    const messages = dropAbortedRecords({ messages: records, abortedTransactions })
      // A batch comes whole, also when the wanted offset is inside it.
      .filter(({ offset, isControlRecord }) => !isControlRecord && Number(offset) >= from)
      .map((record) => toIncoming(topic, partition, record))
    return { partition, errorCode, highWatermark, next, messages }
  }

/**
 * One read_committed Fetch of some partitions of a topic that this broker leads. kafkajs sends it, but its own decoder is not
 * asked: that throws all away when one partition has an error, and forgets where a batch ended that has lost its records.
 * @param partitions partition → offset; every answer is cut at `maxBytes`, one partition's part at `partitionMaxBytes`, but not
 *   inside the first batch
 */
export const fetchBatches = async ({
  broker,
  topic,
  partitions,
  maxWaitMs,
  minBytes,
  maxBytes,
  partitionMaxBytes,
  requests: observer,
}: {
  broker: Broker
  topic: string
  partitions: ReadonlyMap<number, number>
  maxWaitMs: number
  minBytes: number
  maxBytes: number
  partitionMaxBytes: number
  requests: RequestObserver
}): Promise<readonly FetchedPartition[]> => {
  const { request, requestTimeout } = broker.lookupRequest(
    apiKeys.Fetch,
    requests.Fetch,
  )({
    maxWaitTime: maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel: isolationLevels.READ_COMMITTED,
    topics: [
      {
        topic,
        partitions: [...partitions].map(([partition, offset]) => ({
          partition,
          fetchOffset: String(offset),
          maxBytes: partitionMaxBytes,
        })),
      },
    ],
  })
  let sentAt = 0
  return broker.connectionPool.send({
    request: {
      ...request,
      encode: () => {
        // It is connected by now: the next thing is to write it.
        sentAt = performance.now()
        return request.encode()
      },
    },
    ...(requestTimeout === undefined ? {} : { requestTimeout }),
    response: {
      decode: async (bytes) => {
        observer.answered('Fetch', Math.max(0, performance.now() - sentAt - maxWaitMs) / 1_000)
        const decoder: Decoder = new DecoderClass(bytes)
        decoder.readInt32() // throttle time
        const errorCode = decoder.readInt16()
        if (errorCode !== 0) throw createErrorFromCode(errorCode)
        decoder.readInt32() // session id
        const answers = await decoder.readArrayAsync(async (inner) => {
          inner.readString()
          return inner.readArrayAsync(decodePartition(topic, partitions))
        })
        return answers.flat()
      },
      parse: async (answer) => answer,
    },
  })
}
