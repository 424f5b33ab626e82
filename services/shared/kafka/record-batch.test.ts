import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createKafkajsProduceRequest, decodeRecordBatch, DecoderClass } from './internals.ts'
import { encodeRecordBatch, type BatchRecord, type RecordBatchOptions } from './record-batch.ts'

const text = fc.string({ unit: 'binary', maxLength: 80 })
/** kafkajs' decoder takes a name that every object has (`toString`) for one that it has read before: none of those begins like this. */
const headers = fc.dictionary(
  text.map((name) => `h-${name}`),
  text,
  { maxKeys: 4, noNullPrototype: true },
)
/** Around 63 and 8191 bytes a varint grows. */
const bytes = fc.oneof(fc.uint8Array({ maxLength: 150 }), fc.uint8Array({ minLength: 8100, maxLength: 8200 }))

const record: fc.Arbitrary<BatchRecord> = fc.record(
  {
    key: fc.option(text),
    value: fc.option(bytes.map((array) => Buffer.from(array))),
    headers,
  },
  { requiredKeys: ['key', 'value'] },
)

const options: fc.Arbitrary<RecordBatchOptions> = fc.record({
  records: fc.array(record, { minLength: 1, maxLength: 150 }),
  timestampMs: fc.integer({ min: 1, max: 2 ** 48 }),
  producerId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String),
  producerEpoch: fc.integer({ min: 0, max: 2 ** 15 - 1 }),
  firstSequence: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  isTransactional: fc.boolean(),
})

/** The only batch of a request that kafkajs has encoded. */
const encodeByKafkajs = async ({
  records,
  timestampMs,
  producerId,
  producerEpoch,
  firstSequence,
  isTransactional,
}: RecordBatchOptions): Promise<Buffer> => {
  const transactionalId = isTransactional ? 'id' : null
  const messages = records.map((each) => ({ ...each, timestamp: timestampMs }))
  const { encode } = createKafkajsProduceRequest({
    acks: -1,
    timeout: 0,
    transactionalId,
    producerId,
    producerEpoch,
    topicData: [{ topic: 't', partitions: [{ partition: 0, firstSequence, messages }] }],
  })
  const { buffer } = await encode()
  const head = 2 + (transactionalId?.length ?? 0) + 2 + 4 + 4 + (2 + 1) + 4 + 4 + 4
  return buffer.subarray(head)
}

test('a batch has the bytes that kafkajs gives it', async () => {
  await fc.assert(
    fc.asyncProperty(options, async (batch) => {
      assert.deepEqual(encodeRecordBatch(batch), await encodeByKafkajs(batch))
    }),
    { numRuns: 60 },
  )
})

test('what kafkajs decodes from a batch is what was put into it', async () => {
  await fc.assert(
    fc.asyncProperty(options, async (batch) => {
      const decoder = new DecoderClass(encodeRecordBatch(batch))
      const { firstOffset, lastOffsetDelta, records } = await decodeRecordBatch(decoder)
      assert.deepEqual([firstOffset, lastOffsetDelta], ['0', batch.records.length - 1])
      assert.deepEqual(
        records.map(({ offset, timestamp, key, value, headers: read }) => ({ offset, timestamp, key, value, read })),
        batch.records.map(({ key, value, headers: sent }, place) => ({
          offset: String(place),
          timestamp: String(batch.timestampMs),
          key: key === null ? null : Buffer.from(key),
          value,
          read: Object.fromEntries(Object.entries(sent ?? {}).map(([name, each]) => [name, Buffer.from(each)])),
        })),
      )
      assert.equal(decoder.canReadBytes(1), false, 'nothing is left over')
    }),
    { numRuns: 60 },
  )
})

test('a batch of more records than two bytes of a varint can count has the bytes that kafkajs gives it', async () => {
  const records = Array.from({ length: 9000 }, (_, index) => ({ key: `${index}`, value: null }))
  const batch = { records, timestampMs: 1, producerId: '7', producerEpoch: 0, firstSequence: 0, isTransactional: true }
  assert.deepEqual(encodeRecordBatch(batch), await encodeByKafkajs(batch))
})
