import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { fetchBatches, type FetchedPartition } from './fetch.ts'
import type { Broker } from './internals.ts'
import type { RequestObserver } from './client.ts'

type Bytes = { readonly buffer: Buffer }

const requireHere = createRequire(import.meta.url)
const { RecordBatch } = requireHere('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (batch: object) => Promise<Bytes>
}
const createRecord = requireHere('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => Bytes

/** A record batch as it lies in a log; compaction may have taken any of the records. */
const batch = async (firstOffset: number, lastOffsetDelta: number, deltas: readonly number[]): Promise<Buffer> => {
  const records = deltas.map((offsetDelta) =>
    createRecord({
      key: `key ${firstOffset + offsetDelta}`,
      value: Buffer.from('value'),
      headers: { type: ['first', 'last'] },
      offsetDelta,
      timestampDelta: 5,
    }),
  )
  return (await RecordBatch({ firstOffset, lastOffsetDelta, records, firstTimestamp: 1000, maxTimestamp: 1005 })).buffer
}

const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff])
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const int64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

/** A Fetch answer of version 11 with one partition. */
const answer = (errorCode: number, records: Buffer): Buffer =>
  Buffer.concat([
    int32(0), // throttle time
    int16(0),
    int32(0), // session
    int32(1), // topics
    int16(5),
    Buffer.from('topic'),
    int32(1), // partitions
    int32(3),
    int16(errorCode),
    int64(900), // high watermark
    int64(800), // last stable offset
    int64(0),
    int32(-1), // aborted transactions
    int32(-1),
    int32(records.length),
    records,
  ])

type Sent = {
  readonly request: { readonly encode: () => Promise<unknown> }
  readonly response: { readonly decode: (bytes: Buffer) => unknown }
}

const unobserved: RequestObserver = { answered: () => {}, timedOut: () => {} }

const brokerThatAnswers = (bytes: Buffer): Broker =>
  ({
    lookupRequest: (_: number, definition: { protocol: (options: { version: number }) => unknown }) =>
      definition.protocol({ version: 11 }),
    connectionPool: {
      send: async ({ request, response }: Sent) => {
        await request.encode()
        return response.decode(bytes)
      },
    },
  }) as unknown as Broker

const fetchFrom = async (offset: number, ...batches: readonly Buffer[]): Promise<FetchedPartition> => {
  const [fetched] = await fetchBatches({
    broker: brokerThatAnswers(answer(0, Buffer.concat(batches))),
    topic: 'topic',
    partitions: new Map([[3, offset]]),
    maxWaitMs: 1,
    minBytes: 1,
    maxBytes: 1000,
    partitionMaxBytes: 1000,
    requests: unobserved,
  })
  assert.ok(fetched)
  return fetched
}

test('a record is given with its place, time, key, value and the last of equal headers', async () => {
  const { messages, highWatermark, next } = await fetchFrom(7, await batch(7, 0, [0]))
  assert.equal(highWatermark, 900)
  assert.equal(next, 8)
  assert.deepEqual(messages, [
    {
      topic: 'topic',
      partition: 3,
      offset: 7,
      key: Buffer.from('key 7'),
      value: Buffer.from('value'),
      headers: { type: Buffer.from('last') },
      timestamp: 1005,
      size: 10,
    },
  ])
})

test('reading goes on behind a batch whose last records were compacted away', async () => {
  const { messages, next } = await fetchFrom(10, await batch(10, 9, [1, 4]))
  assert.deepEqual(
    messages.map(({ offset }) => offset),
    [11, 14],
  )
  assert.equal(next, 20)
})

test('reading goes on behind a batch that has lost all its records', async () => {
  const { messages, next } = await fetchFrom(10, await batch(10, 4, []))
  assert.deepEqual(messages, [])
  assert.equal(next, 15)
})

test('records before the wanted offset are not given, though their batch comes whole', async () => {
  const { messages, next } = await fetchFrom(12, await batch(10, 3, [0, 1, 2, 3]))
  assert.deepEqual(
    messages.map(({ offset }) => offset),
    [12, 13],
  )
  assert.equal(next, 14)
})

test('of a batch that is cut off nothing is taken, wherever the cut is', async () => {
  const whole = await batch(0, 1, [0, 1])
  const second = await batch(2, 1, [0, 1])
  for (let length = 0; length < second.length; length += 1) {
    const { messages, next } = await fetchFrom(0, whole, second.subarray(0, length))
    assert.equal(messages.length, 2, `${length} bytes of the second batch`)
    assert.equal(next, 2)
  }
})

test('an answer without records does not move the position', async () => {
  assert.equal((await fetchFrom(5)).next, null)
})

test('an error of a partition is given as it is', async () => {
  const [fetched] = await fetchBatches({
    broker: brokerThatAnswers(answer(1, Buffer.alloc(0))),
    topic: 'topic',
    partitions: new Map([[3, 5]]),
    maxWaitMs: 1,
    minBytes: 1,
    maxBytes: 1000,
    partitionMaxBytes: 1000,
    requests: unobserved,
  })
  assert.deepEqual(fetched, { partition: 3, errorCode: 1, highWatermark: 900, next: null, messages: [] })
})

test('of the time until the answer, what the broker was allowed to wait is not counted', async () => {
  const seen: (readonly [api: string, seconds: number])[] = []
  for (const maxWaitMs of [0, 60_000]) {
    await fetchBatches({
      broker: brokerThatAnswers(answer(0, Buffer.alloc(0))),
      topic: 'topic',
      partitions: new Map([[3, 5]]),
      maxWaitMs,
      minBytes: 1,
      maxBytes: 1000,
      partitionMaxBytes: 1000,
      requests: { ...unobserved, answered: (...one) => void seen.push(one) },
    })
  }
  assert.deepEqual(
    seen.map(([api, seconds]) => [api, seconds > 0, seconds < 60]),
    [
      ['Fetch', true, true],
      ['Fetch', false, true],
    ],
  )
})
