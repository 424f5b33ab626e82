import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test, type TestContext } from 'node:test'
import { isFault, type Fault } from '../../services/shared/fault.ts'
import { deleteRecordsBefore } from '../../services/shared/kafka/admin.ts'
import { createBatchingProducer, type BatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import {
  createReader,
  readPartition,
  type AfterOutOfRange,
  type Fetched,
  type OutOfRange,
  type Reader,
} from '../../services/shared/kafka/reader.ts'
import { openTransactionalProducer } from '../../services/shared/kafka/transactional-producer.ts'
import { silentLog } from '../../services/shared/log.ts'
import { api, startKafkaProxy, type KafkaProxy } from '../support/kafka-proxy.ts'
import { startKafka, type TestKafka } from '../support/kafka.ts'
import { until } from '../support/until.ts'

let broker: TestKafka
let producer: BatchingProducer

before(async () => {
  broker = await startKafka()
  producer = await createBatchingProducer({
    kafka: broker.kafka,
    maxBufferedMessages: 200_000,
    maxBufferedBytes: 1 << 27,
    deliveryTimeoutMs: 20_000,
    log: silentLog,
  })
})

after(async () => {
  await producer.close()
  await broker.stop()
})

/** A reader that notes what it gets, per partition. */
type Noted = {
  readonly reader: Reader
  readonly texts: (partition?: number) => readonly string[]
  readonly offsets: (partition?: number) => readonly number[]
  readonly fetched: readonly Fetched[]
  readonly outages: readonly Fault[]
  readonly recoveries: () => number
}

const open = async (
  t: TestContext,
  topic: string,
  options: {
    brokers?: readonly string[]
    maxWaitMs?: number
    minBytes?: number
    idleWaitMs?: number
    onMessages?: (fetched: Fetched) => void | Promise<void>
    onOutOfRange?: (outOfRange: OutOfRange) => AfterOutOfRange
  } = {},
): Promise<Noted> => {
  const fetched: Fetched[] = []
  const outages: Fault[] = []
  let recoveries = 0
  const reader = await createReader({
    kafka: createKafka({ brokers: options.brokers ?? broker.brokers, clientId: 'test', log: silentLog }),
    topic,
    maxWaitMs: options.maxWaitMs ?? 100,
    minBytes: options.minBytes ?? 1,
    maxBytes: 4 << 20,
    ...(options.idleWaitMs === undefined ? {} : { idleWaitMs: options.idleWaitMs }),
    onMessages: async (each) => {
      await options.onMessages?.(each)
      fetched.push(each)
    },
    onOutOfRange: options.onOutOfRange ?? (() => 'stop'),
    onOutage: (error) => outages.push(error),
    onRecovered: () => {
      recoveries += 1
    },
    log: silentLog,
  })
  t.after(() => reader.close())
  const messages = (partition: number) =>
    fetched.filter((each) => each.partition === partition).flatMap((each) => each.messages)
  return {
    reader,
    texts: (partition = 0) => messages(partition).map(({ value }) => String(value)),
    offsets: (partition = 0) => messages(partition).map(({ offset }) => offset),
    fetched,
    outages,
    recoveries: () => recoveries,
  }
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

const append = (topic: string, texts: readonly string[], partition = 0) =>
  Promise.all(texts.map((text) => producer.send(message(topic, text, partition))))

const highWatermarkOf = async (topic: string, partition = 0): Promise<number> =>
  (await fetchWatermarks({ kafka: broker.kafka, topic })).get(partition)?.highWatermark ?? 0

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${i}`)

test('each partition is read from its own offset, in order, and what comes later follows', async (t) => {
  const topic = await broker.createTopic({ partitions: 3 })
  await append(topic, ['a', 'b', 'c'], 0)
  await append(topic, ['d', 'e'], 1)
  await append(topic, ['never'], 2)
  const { reader, texts, offsets, fetched } = await open(t, topic)
  reader.add(0, 1)
  reader.add(1, 2)
  await until('the records that are there are read', () => texts(0).length === 2)
  await append(topic, ['f'], 1)
  await until('the record that came is read', () => texts(1).length === 1)
  assert.deepEqual([texts(0), texts(1), texts(2)], [['b', 'c'], ['f'], []])
  assert.deepEqual([offsets(0), offsets(1)], [[1, 2], [2]])
  assert.deepEqual([reader.position(0), reader.position(1), reader.position(2)], [3, 3, undefined])
  assert.deepEqual(fetched.at(-1)?.highWatermark, 3)
})

test('a reader that collects gets the first record after a silence at once, and collects what follows', async (t) => {
  const topic = await broker.createTopic()
  // Whatever it would collect comes after half a minute: longer than anything here waits.
  const { reader, texts } = await open(t, topic, { maxWaitMs: 30_000, minBytes: 300_000, idleWaitMs: 100 })
  reader.add(0, 0)
  await append(topic, ['first'])
  await until('the first record is read', () => texts().length === 1)
  await append(topic, ['x'.repeat(200_000)])
  assert.equal(texts().length, 1)
  await append(topic, ['y'.repeat(200_000)])
  await until('enough has been collected', () => texts().length === 3)
})

test('a partition that is paused or removed is silent, and goes on where it was', async (t) => {
  const topic = await broker.createTopic({ partitions: 2 })
  const { reader, texts } = await open(t, topic, { maxWaitMs: 20 })
  reader.add(0, 0)
  reader.add(1, 0)
  reader.pause(0)
  await append(topic, ['a', 'b'], 0)
  await append(topic, ['c'], 1)
  await until('the other partition is read', () => texts(1).length === 1)
  assert.deepEqual(texts(0), [])
  assert.equal(reader.position(0), 0)
  reader.resume(0)
  await until('the paused partition is read', () => texts(0).length === 2)
  reader.remove(0)
  await append(topic, ['d'], 0)
  await append(topic, ['e'], 1)
  await until('the other partition is read', () => texts(1).length === 2)
  assert.deepEqual(texts(0), ['a', 'b'])
  reader.add(0, 1)
  await until('the partition is read from its new place', () => texts(0).length === 4)
  assert.deepEqual(texts(0), ['a', 'b', 'b', 'd'])
})

test('nothing is fetched while no partition is to be read', async (t) => {
  const topic = await broker.createTopic()
  const proxy = await openProxy(t)
  let fetches = 0
  proxy.onRequest = (key) => {
    if (key === api.fetch) fetches += 1
    return 'pass'
  }
  const { reader, texts } = await open(t, topic, { brokers: proxy.brokers, maxWaitMs: 10 })
  reader.add(0, 0)
  await until('it is read', () => fetches > 2)
  reader.pause(0)
  await until('the last fetch has ended', async () => {
    const before = fetches
    await append(topic, ['x'])
    return before === fetches
  })
  const fetchesBefore = fetches
  await append(topic, numbered(50))
  assert.equal(fetches, fetchesBefore)
  reader.resume(0)
  await until('it is read again', () => texts().at(-1) === '49')
})

test('what was in flight for a partition that has been replaced is not delivered', async (t) => {
  const topic = await broker.createTopic()
  await append(topic, ['a', 'b', 'c'])
  const proxy = await openProxy(t)
  const { reader, offsets } = await open(t, topic, { brokers: proxy.brokers })
  let replaced = false
  proxy.onAnswer = (key) => {
    if (key === api.fetch && !replaced) {
      replaced = true
      reader.add(0, 2)
    }
    return 'pass'
  }
  reader.add(0, 0)
  await until('it is read', () => offsets().length > 0)
  assert.deepEqual(offsets(), [2])
})

test('the position passes markers and aborted records, which are not delivered', async (t) => {
  const { kafka } = broker
  const topic = await broker.createTopic({ config: { 'max.message.bytes': '5000' } })
  const { reader, texts } = await open(t, topic)
  reader.add(0, 0)
  const transactionalId = `test.${randomUUID()}`
  const transact = async (...messages: OutgoingMessage[]): Promise<void> => {
    const options = { kafka, transactionalId, signal: t.signal, log: silentLog }
    const transactional = await openTransactionalProducer(options)
    try {
      await transactional.transact({ messages, consumed: null })
    } finally {
      await transactional.close()
    }
  }
  const other = await broker.createTopic({ config: { 'max.message.bytes': '100' } })
  await transact(message(topic, 'a'))
  await assert.rejects(transact(message(topic, 'aborted'), message(other, 'x'.repeat(200))))
  await transact(message(topic, 'b'))
  await until('the position is at the end of the log', async () => {
    return reader.position(0) === (await highWatermarkOf(topic))
  })
  assert.deepEqual(texts(), ['a', 'b'])
  assert.ok((await highWatermarkOf(topic)) >= 5)
})

test('while the handler is busy nothing more is delivered, and no record is lost by waiting', async (t) => {
  const topic = await broker.createTopic({ partitions: 2 })
  let busy = 0
  let most = 0
  let release = Promise.withResolvers<void>()
  const { reader, texts } = await open(t, topic, {
    onMessages: async () => {
      busy += 1
      most = Math.max(most, busy)
      await release.promise
      busy -= 1
    },
  })
  reader.add(0, 0)
  reader.add(1, 0)
  await append(topic, ['a'], 0)
  await until('the handler has it', () => busy === 1)
  await append(topic, numbered(100), 1)
  assert.deepEqual([texts(0), texts(1)], [[], []])
  release.resolve()
  release = Promise.withResolvers()
  release.resolve()
  await until('everything is read', () => texts(1).length === 100)
  assert.equal(most, 1)
})

test('records that the handler refuses come again until it takes them', async (t) => {
  const topic = await broker.createTopic()
  let refusals = 3
  const { reader, texts, outages } = await open(t, topic, {
    onMessages: () => {
      if (refusals-- > 0) throw new Error('not now')
    },
  })
  await append(topic, ['a', 'b'])
  reader.add(0, 0)
  await until('they are taken', () => texts().length === 2)
  assert.deepEqual(texts(), ['a', 'b'])
  assert.deepEqual(outages, [])
})

test('a position past the end is told to the caller, who may go on at the end', async (t) => {
  const topic = await broker.createTopic()
  await append(topic, ['a', 'b'])
  const told: OutOfRange[] = []
  const { reader, texts } = await open(t, topic, {
    onOutOfRange: (outOfRange) => {
      told.push(outOfRange)
      return 'end'
    },
  })
  reader.add(0, 99)
  await until('it is told', () => told.length > 0)
  await append(topic, ['c'])
  await until('it goes on', () => texts().length > 0)
  assert.deepEqual(told, [{ partition: 0, position: 99, earliest: 0, end: 2 }])
  assert.deepEqual(texts(), ['c'])
})

test('a position before the start is told to the caller, who may go on at the start, elsewhere, or not at all', async (t) => {
  const { kafka } = broker
  const topic = await broker.createTopic({ partitions: 3 })
  for (const partition of [0, 1, 2]) {
    await append(topic, ['a', 'b', 'c', 'd'], partition)
    await deleteRecordsBefore({ kafka, topic, partition, offset: 2 })
  }
  const decisions: readonly AfterOutOfRange[] = ['earliest', 3, 'stop']
  const told: OutOfRange[] = []
  const { reader, texts } = await open(t, topic, {
    onOutOfRange: (outOfRange) => {
      told.push(outOfRange)
      return decisions[outOfRange.partition] ?? 'stop'
    },
  })
  for (const partition of [0, 1, 2]) reader.add(partition, 1)
  await until('all are told', () => told.length === 3)
  await append(topic, ['e'], 2)
  await until('two go on', () => texts(0).length === 2 && texts(1).length === 1)
  assert.deepEqual([texts(0), texts(1), texts(2)], [['c', 'd'], ['d'], []])
  assert.equal(reader.position(2), undefined)
  assert.deepEqual(
    told.toSorted((a, b) => a.partition - b.partition),
    [0, 1, 2].map((partition) => ({ partition, position: 1, earliest: 2, end: 4 })),
  )
})

test('a broker that goes away and comes back costs nothing but time, and both are told once', async (t) => {
  const topic = await broker.createTopic()
  const proxy = await openProxy(t)
  const { reader, texts, outages, recoveries } = await open(t, topic, { brokers: proxy.brokers })
  reader.add(0, 0)
  await append(topic, ['a'])
  await until('it is read', () => texts().length === 1)
  assert.equal(outages.length, 0)
  await proxy.goAway()
  await until('the outage is told', () => outages.length > 0)
  await append(topic, ['b'])
  assert.ok(outages.every((fault) => isFault(fault, 'BROKER_UNREACHABLE')))
  await proxy.comeBack()
  await until('it goes on', () => texts().length === 2)
  await until('the end of the outage is told', () => recoveries() === 1)
  assert.equal(outages.length, 1)
  assert.deepEqual(texts(), ['a', 'b'])
})

test('a reader may be there before its broker', async (t) => {
  const topic = await broker.createTopic()
  const proxy = await openProxy(t)
  await proxy.goAway()
  const { reader, texts, outages } = await open(t, topic, { brokers: proxy.brokers })
  reader.add(0, 0)
  await append(topic, ['a'])
  await until('the outage is told', () => outages.length === 1)
  await proxy.comeBack()
  await until('it is read', () => texts().length === 1)
})

test('answers that break off half-way are read again, and nothing of them is mixed into the next', async (t) => {
  const topic = await broker.createTopic()
  const texts = numbered(2000).map((text) => text.padEnd(500))
  await append(topic, texts)
  const proxy = await openProxy(t)
  let cuts = 0
  proxy.onAnswer = (key) => (key === api.fetch && cuts++ < 5 ? 'break' : 'pass')
  const noted = await open(t, topic, { brokers: proxy.brokers })
  noted.reader.add(0, 0)
  await until('all is read', () => noted.texts().length >= texts.length)
  assert.ok(cuts > 5)
  assert.deepEqual(noted.texts(), texts)
})

test('a reader closes at once, also while the broker says nothing, and delivers nothing afterwards', async (t) => {
  const topic = await broker.createTopic()
  const proxy = await openProxy(t)
  const { reader, fetched } = await open(t, topic, { brokers: proxy.brokers, maxWaitMs: 30_000 })
  reader.add(0, 0)
  let asked = false
  proxy.onAnswer = (key) => {
    asked ||= key === api.fetch
    return key === api.fetch ? 'hold' : 'pass'
  }
  await append(topic, ['a'])
  await until('an answer is held back', () => asked)
  await reader.close()
  assert.deepEqual(fetched, [])
})

test('a partition is read up to an offset and no further', async () => {
  const { kafka } = broker
  const topic = await broker.createTopic()
  const texts = numbered(100)
  await append(topic, texts)
  const read: string[] = []
  const options = { kafka, topic, partition: 0, onMessages: () => {} }
  const position = await readPartition({
    ...options,
    from: 10,
    to: 20,
    onMessages: (messages) => void read.push(...messages.map(({ value }) => String(value))),
  })
  assert.ok(position >= 20)
  assert.deepEqual(read, texts.slice(10, 20))
  assert.equal(await readPartition({ ...options, from: 'earliest', to: 0 }), 0)
  assert.equal(await readPartition({ ...options, from: 100, to: 100 }), 100)
})

test('reading a range ends with a fault at its deadline, outside of the log, and with what the handler throws', async (t) => {
  const { kafka } = broker
  const topic = await broker.createTopic()
  await append(topic, numbered(5))
  await deleteRecordsBefore({ kafka, topic, partition: 0, offset: 2 })
  const options = { kafka, topic, partition: 0, to: 5, onMessages: () => {} }
  await assert.rejects(readPartition({ ...options, from: 1 }), (error) => isFault(error, 'OFFSET_OUT_OF_RANGE'))
  await assert.rejects(readPartition({ ...options, from: 6, to: 7 }), (error) => isFault(error, 'OFFSET_OUT_OF_RANGE'))
  await assert.rejects(readPartition({ ...options, from: 2, to: 6, deadlineMs: 300 }), (error) => {
    return isFault(error, 'DEADLINE_PASSED')
  })
  const thrown = new Error('of the handler')
  const onMessages = (): void => {
    throw thrown
  }
  await assert.rejects(readPartition({ ...options, from: 'earliest', onMessages }), thrown)
  const reason = new Error('no longer wanted')
  await assert.rejects(readPartition({ ...options, from: 2, to: 6, signal: AbortSignal.abort(reason) }), reason)
  assert.equal(await readPartition({ ...options, from: 'earliest', signal: t.signal }), 5)
})

test('over the holes that compaction leaves reading goes on, from any offset', async (t) => {
  const { kafka } = broker
  const topic = await broker.createTopic({
    config: {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
      'max.compaction.lag.ms': '100',
      'delete.retention.ms': '0',
    },
  })
  const transactional = await openTransactionalProducer({
    kafka,
    transactionalId: `test.${randomUUID()}`,
    signal: t.signal,
    log: silentLog,
  })
  t.after(() => transactional.close())
  const put = (key: string, text: string): Promise<unknown> =>
    transactional.transact({ messages: [{ topic, key, partition: 0, value: Buffer.from(text) }], consumed: null })
  for (let i = 0; i < 30; i += 1) await put(`key ${i % 3}`, `${i}`)

  const readAll = async (): Promise<readonly string[]> => {
    const read: string[] = []
    await readPartition({
      kafka,
      topic,
      partition: 0,
      from: 'earliest',
      to: await highWatermarkOf(topic),
      onMessages: (messages) =>
        void read.push(...messages.map(({ key, value }) => [String(key), String(value)].join('='))),
    })
    return read
  }
  // Segments are rolled, and so become cleanable, by appends alone; the cleaner looks every 15 s.
  await until(
    'the cleaner has taken the old values',
    async () => {
      await put('other', 'x')
      return !(await readAll()).includes('key 0=0')
    },
    45_000,
  )
  // The newest value of each key is left; of the last segment, which is not cleaned, also older ones.
  const state = new Map((await readAll()).map((each) => each.split('=')).map(([key, text]) => [key, text]))
  assert.deepEqual(Object.fromEntries(state), { 'key 0': '27', 'key 1': '28', 'key 2': '29', other: 'x' })
  const end = await highWatermarkOf(topic)
  for (let from = 0; from < end; from += 1) {
    assert.equal(await readPartition({ kafka, topic, partition: 0, from, to: end, onMessages: () => {} }), end)
  }
})
