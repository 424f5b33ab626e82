// deadline: 120 s
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test, type TestContext } from 'node:test'
import { createKafkaMetrics } from '../../services/shared/kafka-metrics.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { createKafka, type Kafka } from '../../services/shared/kafka/client.ts'
import { fetchCommittedOffset } from '../../services/shared/kafka/offsets.ts'
import { createReader } from '../../services/shared/kafka/reader.ts'
import { openTransactionalProducer } from '../../services/shared/kafka/transactional-producer.ts'
import { silentLog } from '../../services/shared/log.ts'
import { createMetrics } from '../../services/shared/metrics.ts'
import { api, startKafkaProxy, type KafkaProxy } from '../support/kafka-proxy.ts'
import { startKafka, type TestKafka } from '../support/kafka.ts'
import { metricSum } from '../support/metric-sum.ts'
import { until } from '../support/until.ts'

const lateMs = 200
/** Clocks and timers are a little off. */
const atLeastSeconds = 0.9 * (lateMs / 1_000)
let broker: TestKafka

before(async () => {
  broker = await startKafka()
  // Until the offsets topic exists and its partitions are loaded, commits are refused.
  await fetchCommittedOffset({ kafka: broker.kafka, groupId: 'test', topic: await broker.createTopic(), partition: 0 })
})
after(() => broker.stop())

/** A broker behind a proxy, and what is seen of the requests to it. */
const openObserved = async (t: TestContext) => {
  const proxy: KafkaProxy = await startKafkaProxy(broker.brokers)
  t.after(() => proxy.close())
  const metrics = createMetrics({ service: 'test' })
  const requests = createKafkaMetrics(metrics)
  const kafka: Kafka = createKafka({ brokers: proxy.brokers, clientId: 'test', requests, log: silentLog })
  /** The sum of a metric's samples of an api. */
  const seen = async (name: string, of: string): Promise<number> =>
    metricSum(await metrics.metrics(), `roomcast_kafka_request_${name}`, `api="${of}"`)
  return { proxy, kafka, seen }
}

test('each request of a transaction is counted once, and timed as long as the broker takes', async (t) => {
  const { proxy, kafka, seen } = await openObserved(t)
  const topic = await broker.createTopic()
  const producer = await openTransactionalProducer({
    kafka,
    transactionalId: `test.${randomUUID()}`,
    signal: t.signal,
    log: silentLog,
  })
  t.after(() => producer.close())
  const transact = () =>
    producer.transact({
      messages: [{ topic, key: null, partition: 0, value: Buffer.from('x') }],
      consumed: { groupId: 'test', offsets: [{ topic, partition: 0, next: 1 }] },
    })
  await transact()
  for (const one of ['Produce', 'AddPartitionsToTxn', 'EndTxn']) assert.equal(await seen('seconds_count', one), 1, one)

  const before = await seen('seconds_sum', 'EndTxn')
  proxy.answersLateMs = lateMs
  await transact()
  assert.equal(await seen('seconds_count', 'EndTxn'), 2)
  assert.ok((await seen('seconds_sum', 'EndTxn')) - before >= atLeastSeconds)
})

test('of a fetch it is seen how late the answer is, not how long the broker was to wait for records', async (t) => {
  const { proxy, kafka, seen } = await openObserved(t)
  const topic = await broker.createTopic()
  const maxWaitMs = 2_000
  const reader = await createReader({
    kafka,
    topic,
    minBytes: 1,
    maxWaitMs,
    maxBytes: 100_000,
    onMessages: () => {},
    onOutOfRange: () => 'end',
    log: silentLog,
  })
  t.after(() => reader.close())
  reader.add(0, 0)
  await until('fetches were answered', async () => (await seen('seconds_count', 'Fetch')) >= 2)
  const [count, seconds] = [await seen('seconds_count', 'Fetch'), await seen('seconds_sum', 'Fetch')]
  assert.ok(seconds < (count * maxWaitMs) / 1_000, `${count} fetches are said to have taken ${seconds} s`)
  proxy.answersLateMs = lateMs
  // The first of these was under way already, but its answer had not come.
  await until('late fetches were answered', async () => (await seen('seconds_count', 'Fetch')) >= count + 3)
  const late = (await seen('seconds_sum', 'Fetch')) - seconds
  assert.ok(late >= 2 * atLeastSeconds, `${late} s`)
})

test('a request that has no answer is counted as a timeout, and as long as it was waited for', async (t) => {
  const { proxy, kafka, seen } = await openObserved(t)
  const topic = await broker.createTopic()
  const producer = await createBatchingProducer({
    kafka,
    maxBufferedMessages: 10,
    maxBufferedBytes: 10_000,
    deliveryTimeoutMs: 60_000,
    log: silentLog,
  })
  t.after(() => producer.close())
  const send = () => producer.send({ topic, key: null, partition: 0, value: Buffer.from('x') })
  await send()
  assert.deepEqual([await seen('seconds_count', 'Produce'), await seen('timeouts_total', 'Produce')], [1, 0])
  const before = await seen('seconds_sum', 'Produce')
  proxy.onAnswer = (apiKey) => {
    if (apiKey !== api.produce) return 'pass'
    proxy.onAnswer = () => 'pass'
    return 'hold'
  }
  await send()
  assert.deepEqual([await seen('seconds_count', 'Produce'), await seen('timeouts_total', 'Produce')], [3, 1])
  assert.ok((await seen('seconds_sum', 'Produce')) - before >= 10)
})
