import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { Fault, isFault } from '../../services/shared/fault.ts'
import { createBatchingProducer, type BatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import type { Appended, IncomingMessage } from '../../services/shared/kafka/message.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import { api, startKafkaProxy, type KafkaProxy } from '../support/kafka-proxy.ts'
import { startKafka, type TestKafka } from '../support/kafka.ts'
import { until } from '../support/until.ts'

let broker: TestKafka

before(async () => {
  broker = await startKafka()
})

after(() => broker.stop())

const open = async (
  t: TestContext,
  {
    brokers = broker.brokers,
    ...options
  }: Partial<Parameters<typeof createBatchingProducer>[0]> & { brokers?: readonly string[] } = {},
): Promise<BatchingProducer> => {
  const producer = await createBatchingProducer({
    kafka: createKafka({ brokers, clientId: 'test', log: silentLog }),
    maxBufferedMessages: 100_000,
    maxBufferedBytes: 1 << 26,
    deliveryTimeoutMs: 10_000,
    log: silentLog,
    ...options,
  })
  t.after(() => producer.close())
  return producer
}

const openProxy = async (t: TestContext): Promise<KafkaProxy> => {
  const proxy = await startKafkaProxy(broker.brokers)
  t.after(() => proxy.close())
  return proxy
}

const message = (topic: string, text: string, partition = 0) =>
  ({ topic, key: null, partition, value: Buffer.from(text) }) as const

const readAll = async (topic: string, partition = 0): Promise<readonly IncomingMessage[]> => {
  const { kafka } = broker
  const all: IncomingMessage[] = []
  const to = (await fetchWatermarks({ kafka, topic })).get(partition)?.highWatermark ?? 0
  await readPartition({ kafka, topic, partition, from: 'earliest', to, onMessages: (read) => void all.push(...read) })
  return all
}

const textsOf = (messages: readonly IncomingMessage[]): readonly string[] =>
  messages.map(({ value }) => value?.toString() ?? '(null)')

/** How a send ended: where it went, or the code of its fault. */
const ended = (sent: Promise<Appended>): Promise<number | string> =>
  sent.then(
    ({ offset }) => offset,
    (error: unknown) => (error instanceof Fault ? error.code : String(error)),
  )

test('each message is answered with its own partition and offset, and lies there whole', async (t) => {
  const producer = await open(t)
  const topic = await broker.createTopic({ partitions: 5 })
  const keys = Array.from({ length: 3000 }, (_, i) => `room ${i % 100} ø`)
  const places = await Promise.all(
    keys.map((key, i) => producer.send({ topic, key, value: Buffer.from(`${i}`), headers: { type: 'é' } })),
  )
  const byPlace = new Map<string, IncomingMessage>()
  for (const partition of [0, 1, 2, 3, 4]) {
    for (const read of await readAll(topic, partition)) byPlace.set(`${partition}/${read.offset}`, read)
  }
  assert.equal(byPlace.size, keys.length)
  for (const [i, key] of keys.entries()) {
    const { partition, offset, appendedAt } = places[i] ?? { partition: -1, offset: -1, appendedAt: 0 }
    const read = byPlace.get(`${partition}/${offset}`)
    assert.equal(partition, partitionFor(key, 5))
    assert.equal(read?.value?.toString(), `${i}`)
    assert.equal(read?.key?.toString(), key)
    assert.equal(read?.headers['type']?.toString(), 'é')
    assert.equal(appendedAt, null, 'the topic has no LogAppendTime')
  }
})

test('messages of one partition keep the order of their sends', async (t) => {
  const producer = await open(t)
  const topic = await broker.createTopic()
  const texts = Array.from({ length: 20_000 }, (_, i) => `${i}`)
  await Promise.all(texts.map((text) => producer.send(message(topic, text))))
  assert.deepEqual(textsOf(await readAll(topic)), texts)
})

test('a message without key or partition goes somewhere, one without value is a tombstone', async (t) => {
  const producer = await open(t)
  const topic = await broker.createTopic({ partitions: 2 })
  await producer.send({ topic, key: null, value: null })
  assert.deepEqual(textsOf([...(await readAll(topic, 0)), ...(await readAll(topic, 1))]), ['(null)'])
})

test('flush returns once everything sent before has its answer', async (t) => {
  const producer = await open(t, { lingerMs: 60_000 })
  const topic = await broker.createTopic()
  const sent = ['a', 'b', 'c'].map((text) => ended(producer.send(message(topic, text))))
  await producer.flush()
  assert.deepEqual(await Promise.all(sent), [0, 1, 2])
})

test('what does not fit into the buffer is refused at once, and there is room again afterwards', async (t) => {
  const topic = await broker.createTopic()
  const few = await open(t, { maxBufferedMessages: 2, lingerMs: 60_000 })
  const sent = ['a', 'b', 'c'].map((text) => ended(few.send(message(topic, text))))
  assert.equal(await sent[2], 'BUFFER_FULL')
  await few.flush()
  assert.deepEqual(await Promise.all(sent), [0, 1, 'BUFFER_FULL'])
  const again = ended(few.send(message(topic, 'd')))
  await few.flush()
  assert.equal(await again, 2)

  const small = await open(t, { maxBufferedBytes: 1000 })
  await assert.rejects(small.send(message(topic, 'x'.repeat(1000))), (error) => {
    return isFault(error, 'BUFFER_FULL') && error.retriable
  })
})

test('a message that is too large is refused, and its neighbours are not', async (t) => {
  const producer = await open(t)
  const topic = await broker.createTopic({ partitions: 2, config: { 'max.message.bytes': '2000' } })
  const other = await broker.createTopic()
  const sent = [
    message(topic, 'x'.repeat(3000)), // for the broker
    message(topic, 'fits', 1),
    message(other, 'fits'),
    message(other, 'x'.repeat(1 << 20)), // for us
  ].map((each) => producer.send(each))
  const [forBroker, , , forUs] = await Promise.allSettled(sent)
  for (const refused of [forBroker, forUs]) {
    assert.ok(refused?.status === 'rejected' && isFault(refused.reason, 'BROKER_REFUSED') && !refused.reason.retriable)
  }
  assert.equal(await ended(producer.send(message(topic, 'next', 0))), 0)
  assert.deepEqual(textsOf(await readAll(topic, 1)), ['fits'])
  assert.deepEqual(textsOf(await readAll(other)), ['fits'])
})

test('when an answer is lost on the way, the batch is sent again and stands in the log once', async (t) => {
  const proxy = await openProxy(t)
  const producer = await open(t, { brokers: proxy.brokers })
  const topic = await broker.createTopic()
  assert.equal(await ended(producer.send(message(topic, 'first'))), 0)
  let cuts = 3
  proxy.onAnswer = (key) => (key === api.produce && cuts-- > 0 ? 'cut' : 'pass')
  assert.deepEqual(await Promise.all(['a', 'b'].map((text) => ended(producer.send(message(topic, text))))), [1, 2])
  assert.ok(cuts < 0, 'answers were cut')
  assert.equal(await ended(producer.send(message(topic, 'last'))), 3)
  assert.deepEqual(textsOf(await readAll(topic)), ['first', 'a', 'b', 'last'])
})

test('after a batch was given up, the next one is not taken for its repetition', async (t) => {
  const proxy = await openProxy(t)
  const producer = await open(t, { brokers: proxy.brokers, deliveryTimeoutMs: 5000 })
  const topic = await broker.createTopic()
  assert.equal(await ended(producer.send(message(topic, 'first'))), 0)
  proxy.onAnswer = (key) => (key === api.produce ? 'hold' : 'pass')
  await assert.rejects(producer.send(message(topic, 'in doubt')), (error) => {
    return isFault(error, 'BROKER_UNREACHABLE') && error.retriable
  })
  await until('the broker has the message in doubt', async () => (await readAll(topic)).length === 2)
  proxy.onAnswer = () => 'pass'
  assert.equal(await ended(producer.send(message(topic, 'another'))), 2)
  assert.deepEqual(textsOf(await readAll(topic)), ['first', 'in doubt', 'another'])
})

test('while the broker is away each message fails at its own deadline, and what is sent later gets through', async (t) => {
  const proxy = await openProxy(t)
  await proxy.goAway()
  const producer = await open(t, { brokers: proxy.brokers, deliveryTimeoutMs: 5000 })
  const topic = await broker.createTopic()
  const early = ended(producer.send(message(topic, 'early')))
  assert.equal(await early, 'BROKER_UNREACHABLE')
  const waiting = ended(producer.send(message(topic, 'waiting')))
  await proxy.comeBack()
  assert.equal(await waiting, 0)
  await proxy.goAway()
  const again = ended(producer.send(message(topic, 'again')))
  await proxy.comeBack()
  assert.equal(await again, 1)
  assert.deepEqual(textsOf(await readAll(topic)), ['waiting', 'again'])
})

test('every message that was answered is in the log once, in order, however often the connection breaks', async (t) => {
  const proxy = await openProxy(t)
  const producer = await open(t, { brokers: proxy.brokers })
  const topic = await broker.createTopic({ partitions: 2 })
  let answers = 0
  // Every third answer never arrives, and of the others some requests do not.
  proxy.onAnswer = (key) => (key === api.produce && ++answers % 3 === 0 ? 'cut' : 'pass')
  let requests = 0
  proxy.onRequest = (key) => (key === api.produce && ++requests % 7 === 0 ? 'cut' : 'pass')
  const texts = Array.from({ length: 400 }, (_, i) => `${i}`)
  const sent: Promise<number | string>[] = []
  for (const [i, text] of texts.entries()) {
    sent.push(ended(producer.send(message(topic, text, i % 2))))
    if (i % 10 === 9) await sent.at(-1)
  }
  assert.ok((await Promise.all(sent)).every((outcome) => typeof outcome === 'number'))
  assert.ok(answers > 20 && requests > 20)
  for (const partition of [0, 1]) {
    assert.deepEqual(
      textsOf(await readAll(topic, partition)),
      texts.filter((_, i) => i % 2 === partition),
    )
  }
})

test('a topic that does not exist is a retriable fault at the deadline, and in the way of no other', async (t) => {
  const producer = await open(t, { deliveryTimeoutMs: 5000 })
  const missing = producer.send(message('test.no-such-topic', 'x'))
  const missingEnded = ended(missing)
  const topic = await broker.createTopic()
  assert.equal(await ended(producer.send(message(topic, 'a'))), 0)
  assert.equal(await Promise.race([missingEnded, ended(producer.send(message(topic, 'b')))]), 1)
  await assert.rejects(missing, (error) => isFault(error, 'BROKER_UNREACHABLE') && error.retriable)
})

test('a partition that does not exist is refused at once', async (t) => {
  const producer = await open(t)
  const topic = await broker.createTopic({ partitions: 2 })
  assert.equal(await ended(producer.send(message(topic, 'x', 2))), 'BROKER_REFUSED')
})

test('a closed producer takes nothing more', async (t) => {
  const producer = await open(t)
  const topic = await broker.createTopic()
  const sent = ended(producer.send(message(topic, 'before')))
  await producer.close()
  assert.equal(await sent, 0)
  assert.equal(await ended(producer.send(message(topic, 'after'))), 'BROKER_REFUSED')
})
