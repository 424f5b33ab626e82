import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test, type TestContext } from 'node:test'
import { Fault, isFault } from '../../services/shared/fault.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { fetchCommittedOffset, fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import {
  openTransactionalProducer,
  type TransactionalProducer,
} from '../../services/shared/kafka/transactional-producer.ts'
import { silentLog } from '../../services/shared/log.ts'
import { api, startKafkaProxy, type KafkaProxy } from '../support/kafka-proxy.ts'
import { startKafka, type TestKafka } from '../support/kafka.ts'
import { until } from '../support/until.ts'

let broker: TestKafka

before(async () => {
  broker = await startKafka()
  // Until the offsets topic exists and its partitions are loaded, commits are refused; in the services a group is joined before.
  await fetchCommittedOffset({ kafka: broker.kafka, groupId: 'test', topic: await broker.createTopic(), partition: 0 })
})

after(() => broker.stop())

const open = async (
  t: TestContext,
  {
    transactionalId = `test.${randomUUID()}`,
    brokers = broker.brokers,
    transactionTimeoutMs = 10_000,
  }: { transactionalId?: string; brokers?: readonly string[]; transactionTimeoutMs?: number } = {},
): Promise<TransactionalProducer> => {
  const producer = await openTransactionalProducer({
    kafka: createKafka({ brokers, clientId: 'test', log: silentLog }),
    transactionalId,
    transactionTimeoutMs,
    signal: t.signal,
    log: silentLog,
  })
  t.after(() => producer.close())
  return producer
}

const openProxy = async (t: TestContext): Promise<KafkaProxy> => {
  const proxy = await startKafkaProxy(broker.brokers)
  t.after(() => proxy.close())
  return proxy
}

const message = (topic: string, text: string, partition = 0): OutgoingMessage => ({
  topic,
  key: null,
  partition,
  value: Buffer.from(text),
})

/** All committed records, waiting for open transactions to end. */
const readTexts = async (topic: string, partition = 0): Promise<readonly string[]> => {
  const { kafka } = broker
  const texts: string[] = []
  const to = (await fetchWatermarks({ kafka, topic })).get(partition)?.highWatermark ?? 0
  await readPartition({
    kafka,
    topic,
    partition,
    from: 'earliest',
    to,
    onMessages: (read) => void texts.push(...read.map(({ value }) => String(value))),
  })
  return texts
}

test('a transaction puts messages into several topics and tells where each one went', async (t) => {
  const producer = await open(t)
  const plain = await broker.createTopic({ partitions: 3 })
  const stamped = await broker.createTopic({ config: { 'message.timestamp.type': 'LogAppendTime' } })
  const messages = [
    message(plain, 'a', 1),
    message(stamped, 'b'),
    message(plain, 'c', 1),
    { topic: plain, key: 'room', value: null, headers: { type: 'x' } },
  ]
  const first = await producer.transact({ messages, consumed: null })
  const byKey = partitionFor('room', 3)
  assert.deepEqual(
    first.map(({ partition, offset }) => [partition, offset]),
    [
      [1, 0],
      [0, 0],
      [1, 1],
      [byKey, byKey === 1 ? 2 : 0],
    ],
  )
  assert.deepEqual(
    first.map(({ appendedAt }) => appendedAt === null),
    [true, false, true, true],
  )
  const [second] = await producer.transact({ messages: [message(stamped, 'd')], consumed: null })
  assert.equal(second?.offset, 2, 'one past the marker of the first commit')
  assert.deepEqual(await readTexts(stamped), ['b', 'd'])
})

test('a transaction that is larger than what the broker takes in one request is one all the same', async (t) => {
  const producer = await open(t)
  const topic = await broker.createTopic()
  const texts = Array.from({ length: 40 }, (_, index) => `${index} `.padEnd(100_000, 'x'))
  const appended = await producer.transact({ messages: texts.map((text) => message(topic, text)), consumed: null })
  assert.deepEqual(
    appended.map(({ offset }) => offset),
    texts.map((_, index) => index),
  )
  assert.deepEqual(await readTexts(topic), texts)
})

test('the consumed offset is committed with the messages', async (t) => {
  const { kafka } = broker
  const producer = await open(t)
  const topic = await broker.createTopic()
  const groupId = `test.${randomUUID()}`
  for (const next of [1, 2]) {
    await producer.transact({
      messages: [message(topic, `${next}`)],
      consumed: { groupId, offsets: [{ topic, partition: 0, next }] },
    })
    assert.equal(await fetchCommittedOffset({ kafka, groupId, topic, partition: 0 }), next)
  }
  assert.deepEqual(await readTexts(topic), ['1', '2'])
})

test('an empty transaction is none', async (t) => {
  const producer = await open(t)
  assert.deepEqual(await producer.transact({ messages: [], consumed: null }), [])
  assert.equal(producer.broken, false)
})

test('a newer producer of the same id fences the older one, which is broken from then on', async (t) => {
  const transactionalId = `test.${randomUUID()}`
  const topic = await broker.createTopic()
  const older = await open(t, { transactionalId })
  await older.transact({ messages: [message(topic, 'older')], consumed: null })
  const newer = await open(t, { transactionalId })
  await assert.rejects(older.transact({ messages: [message(topic, 'zombie')], consumed: null }), (error) => {
    return isFault(error, 'PRODUCER_FENCED') && !error.retriable
  })
  assert.equal(older.broken, true)
  await assert.rejects(older.transact({ messages: [], consumed: null }), Fault)
  await newer.transact({ messages: [message(topic, 'newer')], consumed: null })
  assert.deepEqual(await readTexts(topic), ['older', 'newer'])
})

test('opening a newer producer completes the open transaction of the older one first', async (t) => {
  const proxy = await openProxy(t)
  const topic = await broker.createTopic()
  const transactionalId = `test.${randomUUID()}`
  const producer = await open(t, { brokers: proxy.brokers, transactionalId })
  proxy.onRequest = (key) => (key === api.endTxn ? 'hold' : 'pass')
  const hanging = producer.transact({ messages: [message(topic, 'open')], consumed: null })
  await until('the record is in the log', async () => {
    return (await fetchWatermarks({ kafka: broker.kafka, topic })).get(0)?.highWatermark === 1
  })
  const next = await open(t, { transactionalId })
  assert.equal(
    (await fetchWatermarks({ kafka: broker.kafka, topic })).get(0)?.highWatermark,
    2,
    'once the newer producer is open, the abort marker of the older transaction is in the log',
  )
  await next.transact({ messages: [message(topic, 'next')], consumed: null })
  assert.deepEqual(await readTexts(topic), ['next'])
  await proxy.goAway()
  await assert.rejects(hanging, (error) => error instanceof Fault && error.code !== 'PRODUCER_FENCED')
})

test('when the answer to a commit is lost, the producer is broken and the next one finds out what happened', async (t) => {
  const { kafka } = broker
  const proxy = await openProxy(t)
  const topic = await broker.createTopic()
  const groupId = `test.${randomUUID()}`
  const transactionalId = `test.${randomUUID()}`
  const producer = await open(t, { brokers: proxy.brokers, transactionalId })
  proxy.onAnswer = (key) => (key === api.endTxn ? 'cut' : 'pass')
  const consumed = { groupId, offsets: [{ topic, partition: 0, next: 7 }] }
  await assert.rejects(producer.transact({ messages: [message(topic, 'in doubt')], consumed }), (error) => {
    return isFault(error, 'BROKER_UNREACHABLE') && error.retriable
  })
  assert.equal(producer.broken, true)
  await open(t, { transactionalId })
  assert.equal(await fetchCommittedOffset({ kafka, groupId, topic, partition: 0 }), 7)
  assert.deepEqual(await readTexts(topic), ['in doubt'])
})

test('when the request to commit is lost, nothing of the transaction is seen', async (t) => {
  const { kafka } = broker
  const proxy = await openProxy(t)
  const topic = await broker.createTopic()
  const groupId = `test.${randomUUID()}`
  const transactionalId = `test.${randomUUID()}`
  const producer = await open(t, { brokers: proxy.brokers, transactionalId })
  proxy.onRequest = (key) => (key === api.endTxn ? 'cut' : 'pass')
  const consumed = { groupId, offsets: [{ topic, partition: 0, next: 7 }] }
  await assert.rejects(producer.transact({ messages: [message(topic, 'lost')], consumed }))
  await open(t, { transactionalId })
  assert.equal(await fetchCommittedOffset({ kafka, groupId, topic, partition: 0 }), null)
  assert.deepEqual(await readTexts(topic), [])
})

test('messages whose request or answer is lost on the way are sent again, and are in the log once', async (t) => {
  for (const lost of ['request', 'answer']) {
    const proxy = await openProxy(t)
    const topic = await broker.createTopic({ partitions: 2 })
    const producer = await open(t, { brokers: proxy.brokers })
    const send = async (...texts: readonly string[]): Promise<readonly number[]> => {
      const messages = texts.map((text, index) => message(topic, text, index % 2))
      return (await producer.transact({ messages, consumed: null })).map(({ offset }) => offset)
    }
    assert.deepEqual(await send('first', 'other'), [0, 0])
    let cuts = 2
    const judge = (key: number) => (key === api.produce && cuts-- > 0 ? 'cut' : 'pass')
    if (lost === 'request') proxy.onRequest = judge
    else proxy.onAnswer = judge
    assert.deepEqual(await send('a', 'b', 'c'), [2, 2, 3], 'behind the marker of the first commit')
    assert.ok(cuts < 0, `each ${lost} was cut`)
    await send('last')
    assert.deepEqual(await readTexts(topic, 0), ['first', 'a', 'c', 'last'])
    assert.deepEqual(await readTexts(topic, 1), ['other', 'b'])
  }
})

test('closing in the middle of a transaction ends it, and nothing of it is seen', async (t) => {
  const proxy = await openProxy(t)
  const topic = await broker.createTopic()
  const transactionalId = `test.${randomUUID()}`
  const producer = await open(t, { brokers: proxy.brokers, transactionalId })
  const asked = Promise.withResolvers<void>()
  proxy.onAnswer = (key) => {
    if (key !== api.produce) return 'pass'
    asked.resolve()
    return 'hold'
  }
  const hanging = producer.transact({ messages: [message(topic, 'open')], consumed: null })
  await asked.promise
  await Promise.all([
    producer.close(),
    assert.rejects(hanging, (error) => isFault(error, 'BROKER_UNREACHABLE') && error.retriable),
  ])
  await open(t, { transactionalId })
  assert.deepEqual(await readTexts(topic), [])
})

test('a transaction of which the broker refuses a message is aborted as a whole', async (t) => {
  const topic = await broker.createTopic({ partitions: 2, config: { 'max.message.bytes': '2000' } })
  const producer = await open(t)
  const messages = [message(topic, 'fits', 0), message(topic, 'x'.repeat(3000), 1)]
  await assert.rejects(producer.transact({ messages, consumed: null }), (error) => {
    return isFault(error, 'BROKER_REFUSED') && !error.retriable
  })
  assert.equal(producer.broken, true)
  assert.deepEqual(await readTexts(topic, 0), [])
  assert.deepEqual(await readTexts(topic, 1), [])
})

test('a transaction that gets no answer ends at its timeout, and closing does not wait for it', async (t) => {
  const proxy = await openProxy(t)
  const topic = await broker.createTopic()
  const producer = await open(t, { brokers: proxy.brokers, transactionTimeoutMs: 500 })
  proxy.onAnswer = () => 'hold'
  await assert.rejects(producer.transact({ messages: [message(topic, 'x')], consumed: null }), (error) => {
    return isFault(error, 'BROKER_UNREACHABLE') && error.retriable
  })
  await producer.close()
})

test('opening waits for a broker that is away, until it is aborted', async (t) => {
  const proxy = await openProxy(t)
  await proxy.goAway()
  const kafka = createKafka({ brokers: proxy.brokers, clientId: 'test', log: silentLog })
  const options = { kafka, transactionalId: `test.${randomUUID()}`, log: silentLog }
  const aborting = new AbortController()
  const aborted = openTransactionalProducer({ ...options, signal: aborting.signal })
  const opened = openTransactionalProducer({ ...options, signal: t.signal })
  const reason = new Error('no longer wanted')
  aborting.abort(reason)
  await assert.rejects(aborted, reason)
  await proxy.comeBack()
  const producer = await opened
  await producer.transact({ messages: [message(await broker.createTopic(), 'x')], consumed: null })
  await producer.close()
})

test('a transaction timeout that the broker does not allow is refused for good', async (t) => {
  await assert.rejects(open(t, { transactionTimeoutMs: 2 ** 31 - 1 }), (error) => isFault(error, 'BROKER_REFUSED'))
})
