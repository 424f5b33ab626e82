import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { isFault } from '../../services/shared/fault.ts'
import { createTopics, deleteRecordsBefore, fetchClusterId } from '../../services/shared/kafka/admin.ts'
import { createBatchingProducer, type BatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import {
  fetchCommittedOffset,
  fetchOffsetsByTime,
  fetchPartitionCount,
  fetchStableEnds,
  fetchWatermarks,
} from '../../services/shared/kafka/offsets.ts'
import { createReader } from '../../services/shared/kafka/reader.ts'
import { openTransactionalProducer } from '../../services/shared/kafka/transactional-producer.ts'
import { silentLog } from '../../services/shared/log.ts'
import { api, startKafkaProxy } from '../support/kafka-proxy.ts'
import { startKafka, type TestKafka } from '../support/kafka.ts'
import { until } from '../support/until.ts'

let broker: TestKafka
let producer: BatchingProducer

before(async () => {
  broker = await startKafka()
  producer = await createBatchingProducer({
    kafka: broker.kafka,
    maxBufferedMessages: 10_000,
    maxBufferedBytes: 1 << 24,
    deliveryTimeoutMs: 10_000,
    log: silentLog,
  })
})

after(async () => {
  await producer.close()
  await broker.stop()
})

const value = Buffer.from('value')
const unaborted = new AbortController().signal

test('topics are created once, with their settings, and creating them again changes nothing', async () => {
  const { kafka } = broker
  const name = `test.${randomUUID()}`
  const topics = [{ name, partitions: 3, replication: 1, config: { 'message.timestamp.type': 'LogAppendTime' } }]
  await createTopics({ kafka, topics })
  const { appendedAt } = await producer.send({ topic: name, key: 'room', value })
  assert.ok(appendedAt !== null, 'the topic has LogAppendTime')
  await createTopics({ kafka, topics })
  assert.equal(await fetchPartitionCount({ kafka, topic: name }), 3)
})

test('a topic that exists with another number of partitions is a configuration fault that says so', async () => {
  const { kafka } = broker
  const name = await broker.createTopic({ partitions: 2 })
  await assert.rejects(
    createTopics({ kafka, topics: [{ name, partitions: 3, replication: 1, config: {} }] }),
    (error) => isFault(error, 'CONFIG_INVALID') && error.message.includes(`${name} exists with 2 partitions, not 3`),
  )
})

test('a setting that the broker refuses is a fault at once', async () => {
  const topics = [{ name: `test.${randomUUID()}`, partitions: 1, replication: 1, config: { 'no.such.setting': '1' } }]
  await assert.rejects(createTopics({ kafka: broker.kafka, topics }), (error) => isFault(error, 'BROKER_REFUSED'))
})

test('the cluster has an id that stays', async () => {
  const { kafka } = broker
  assert.match(await fetchClusterId({ kafka }), /^[\w-]{22}$/)
  assert.equal(await fetchClusterId({ kafka }), await fetchClusterId({ kafka }))
})

test('questions to a broker that is away end at their deadline with a retriable fault, or when they are aborted', async () => {
  const proxy = await startKafkaProxy(broker.brokers)
  await proxy.goAway()
  const kafka = createKafka({ brokers: proxy.brokers, clientId: 'test', log: silentLog })
  await assert.rejects(
    fetchWatermarks({ kafka, topic: 'any', deadlineMs: 3_000 }),
    (error) => isFault(error, 'BROKER_UNREACHABLE') && error.retriable,
  )
  const reason = new Error('no longer wanted')
  await assert.rejects(fetchClusterId({ kafka, signal: AbortSignal.abort(reason) }), reason)
  await proxy.comeBack()
  proxy.onAnswer = () => 'hold'
  await assert.rejects(
    fetchClusterId({ kafka, deadlineMs: 200 }),
    (error) => isFault(error, 'DEADLINE_PASSED') && error.retriable,
  )
  await proxy.close()
})

test('a partition that does not exist is refused', async () => {
  const topic = await broker.createTopic()
  await assert.rejects(fetchWatermarks({ kafka: broker.kafka, topic, partitions: [1] }), (error) =>
    isFault(error, 'BROKER_REFUSED'),
  )
})

test('the watermarks of all partitions are told, from the first record that is kept', async () => {
  const { kafka } = broker
  const topic = await broker.createTopic({ partitions: 2 })
  for (let i = 0; i < 5; i += 1) await producer.send({ topic, key: null, value, partition: 1 })
  await deleteRecordsBefore({ kafka, topic, partition: 1, offset: 2 })
  assert.deepEqual(
    await fetchWatermarks({ kafka, topic }),
    new Map([
      [0, { earliest: 0, highWatermark: 0 }],
      [1, { earliest: 2, highWatermark: 5 }],
    ]),
  )
})

test('while a transaction is open, the high watermark is past its records, which nobody can read yet', async () => {
  const { kafka } = broker
  const topic = await broker.createTopic()
  const groupId = `test.${randomUUID()}`
  const consumed = { groupId, offsets: [{ topic, partition: 0, next: 1 }] }
  await fetchCommittedOffset({ kafka, groupId, topic, partition: 0 }) // the group's coordinator is ready from here on
  await producer.send({ topic, key: null, value, partition: 0 })

  const proxy = await startKafkaProxy(broker.brokers)
  proxy.onRequest = (key) => (key === api.endTxn ? 'hold' : 'pass')
  const transactionalId = `test.${randomUUID()}`
  const open = await openTransactionalProducer({
    kafka: createKafka({ brokers: proxy.brokers, clientId: 'test', log: silentLog }),
    transactionalId,
    signal: unaborted,
    log: silentLog,
  })
  const hanging = open.transact({
    messages: [
      { topic, key: null, partition: 0, value },
      { topic, key: null, partition: 0, value },
    ],
    consumed,
  })
  const positions: number[] = []
  const reader = await createReader({
    kafka,
    topic,
    maxWaitMs: 50,
    minBytes: 1,
    maxBytes: 1 << 20,
    onMessages: ({ position }) => {
      positions.push(position)
    },
    onOutOfRange: () => 'stop',
    log: silentLog,
  })
  reader.add(0, 0)
  const highWatermark = async (): Promise<number | undefined> =>
    (await fetchWatermarks({ kafka, topic })).get(0)?.highWatermark

  const stableEnd = async (): Promise<number | undefined> => (await fetchStableEnds({ kafka, topic })).get(0)
  await until('the open transaction has both records in the log', async () => (await highWatermark()) === 3)
  assert.equal(await stableEnd(), 1)
  await until('the record before it is read', () => positions.length > 0)
  assert.deepEqual(positions, [1])
  await until('the pending commit of the group hides its offset', async () => {
    try {
      await fetchCommittedOffset({ kafka, groupId, topic, partition: 0, deadlineMs: 100 })
      return false
    } catch (error) {
      return isFault(error, 'BROKER_REFUSED') && error.retriable
    }
  })

  const next = await openTransactionalProducer({ kafka, transactionalId, signal: unaborted, log: silentLog })
  assert.equal(await fetchCommittedOffset({ kafka, groupId, topic, partition: 0 }), null)
  await until('reading goes on behind the aborted transaction and its marker', () => positions.at(-1) === 4)
  assert.deepEqual([await highWatermark(), await stableEnd()], [4, 4])
  await proxy.goAway()
  await assert.rejects(hanging)
  await Promise.all([reader.close(), next.close(), open.close()])
})

test('the offset of a group is told once a transaction has committed it', async () => {
  const { kafka } = broker
  const topic = await broker.createTopic({ partitions: 2 })
  const groupId = `test.${randomUUID()}`
  assert.equal(await fetchCommittedOffset({ kafka, groupId, topic, partition: 1 }), null)
  const transactional = await openTransactionalProducer({
    kafka,
    transactionalId: `test.${randomUUID()}`,
    signal: unaborted,
    log: silentLog,
  })
  for (const next of [1, 2, 3]) {
    await transactional.transact({ messages: [], consumed: { groupId, offsets: [{ topic, partition: 1, next }] } })
    assert.equal(await fetchCommittedOffset({ kafka, groupId, topic, partition: 1 }), next)
  }
  assert.equal(await fetchCommittedOffset({ kafka, groupId, topic, partition: 0 }), null)
  await transactional.close()
})

test('a look-back finds the first record that is young enough, or the end of the log', async () => {
  const { kafka } = broker
  const topic = await broker.createTopic({ partitions: 2, config: { 'message.timestamp.type': 'LogAppendTime' } })
  const first = await producer.send({ topic, key: null, value, partition: 0 })
  const firstAt = first.appendedAt ?? 0
  await until('the clock has moved on', () => Date.now() > firstAt)
  const second = await producer.send({ topic, key: null, value, partition: 0 })
  const ask = (timestamp: number): Promise<ReadonlyMap<number, number>> =>
    fetchOffsetsByTime({ kafka, topic, timestamp })
  assert.deepEqual(await ask(firstAt), new Map([[0, 0], [1, 0]])) // prettier-ignore
  assert.deepEqual(await ask(second.appendedAt ?? 0), new Map([[0, 1], [1, 0]])) // prettier-ignore
  assert.deepEqual(await ask(Date.now() + 60_000), new Map([[0, 2], [1, 0]])) // prettier-ignore
})
