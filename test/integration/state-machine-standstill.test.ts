// deadline: 180 s
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findFreePort } from '../../deploy/local/ports.ts'
import { setup } from '../../deploy/local/setup.ts'
import { topics } from '../../schemas/topics.ts'
import { createCodec } from '../../services/shared/codec/codec.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { fetchStableEnds, fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { openTransactionalProducer } from '../../services/shared/kafka/transactional-producer.ts'
import { silentLog } from '../../services/shared/log.ts'
import { newRoomId } from '../support/edge-records.ts'
import { api, startKafkaProxy } from '../support/kafka-proxy.ts'
import { startKafka } from '../support/kafka.ts'
import { metricSum } from '../support/metric-sum.ts'
import { readMetrics } from '../support/read-metrics.ts'
import { createServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

const partitions = 12
/** The watchdog looks three times in it. */
const stallLimitMs = 6_000
/** More than a standstill takes to be believed. */
const looks = 10
const withinMs = 60_000

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

test('a state-machine that has nothing left to decide is not taken for one that stands still', async (t) => {
  const broker = await startKafka()
  t.after(broker.stop)
  const { brokers, kafka, registryUrl } = broker
  const signal = AbortSignal.timeout(170_000)
  const settings = { kafka: { brokers, ssl: false, sasl: null }, registryUrl, partitions, replication: 1 }
  await setup({ ...settings, log: silentLog, signal })
  const codec = createCodec({ registryUrl, timeoutMs: 5_000, log: silentLog })
  await codec.prepare(topics.roomInput, signal)
  const creating = (roomId: string): OutgoingMessage => {
    const record = { eventId: randomUUID(), roomId, occurredAt: Date.now(), uid: 'u', name: null, description: null }
    const value = codec.encode(topics.roomInput, 'LiveCreateRequested', record)
    return { topic: topics.roomInput.name, key: roomId, value, partition: partitionFor(roomId, partitions) }
  }

  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-standstill-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const machine = createServiceProcess({
    dataDir,
    service: 'state-machine',
    name: 'state-machine',
    adminPort: await findFreePort(new Set()),
    env: {
      ...process.env,
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
      DATA_DIR: dataDir,
      STATE_MACHINE_STALL_LIMIT_MS: String(stallLimitMs),
    },
  })
  t.after(machine.stop)
  await machine.start()
  await machine.ready()
  const count = async (name: string, label: string): Promise<number> =>
    metricSum(await readMetrics(machine.adminUrl), name, label)
  const created = () => count('roomcast_inputs_total', 'type="LiveCreateRequested"')
  const looked = () => count('roomcast_kafka_request_seconds_count', 'api="ListOffsets"')

  // An upstream service may write in transactions: the marker of one is the last that the log has.
  const committing = await openTransactionalProducer({
    kafka,
    transactionalId: `upstream-${randomUUID()}`,
    signal,
    log: silentLog,
  })
  t.after(committing.close)
  await committing.transact({ messages: [creating(newRoomId())], consumed: null })
  await until('what was committed is decided', async () => (await created()) === 1, withinMs)

  // One that hangs keeps its records from every reader.
  const proxy = await startKafkaProxy(brokers)
  t.after(() => proxy.close())
  proxy.onRequest = (key) => (key === api.endTxn ? 'hold' : 'pass')
  const transactionalId = `upstream-${randomUUID()}`
  const hanging = await openTransactionalProducer({
    kafka: createKafka({ brokers: proxy.brokers, clientId: 'upstream', log: silentLog }),
    transactionalId,
    transactionTimeoutMs: 150_000,
    signal,
    log: silentLog,
  })
  t.after(hanging.close)
  const roomId = newRoomId()
  const never = hanging.transact({ messages: [creating(roomId)], consumed: null }).catch(() => {})
  const heldBack = async (): Promise<number> => {
    const query = { kafka, topic: topics.roomInput.name, partitions: [partitionFor(roomId, partitions)] }
    const [bounds, stable] = await Promise.all([fetchWatermarks(query), fetchStableEnds(query)])
    return sum([...bounds.values()].map(({ highWatermark }) => highWatermark)) - sum([...stable.values()])
  }
  await until('the record is held back', async () => (await heldBack()) === 1, withinMs)

  const before = await looked()
  await until('the watchdog has looked again and again', async () => (await looked()) >= before + looks, withinMs)
  assert.deepEqual([await created(), await heldBack()], [1, 1])

  // Whoever takes the id over ends it; behind it all goes on.
  const next = await openTransactionalProducer({ kafka, transactionalId, signal, log: silentLog })
  t.after(next.close)
  await next.transact({ messages: [creating(roomId)], consumed: null })
  await until('what comes behind it is decided', async () => (await created()) === 2, withinMs)
  await proxy.goAway()
  await never
})
