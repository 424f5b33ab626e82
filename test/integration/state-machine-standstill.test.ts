// deadline: 180 s
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { fetchStableEnds, fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { openTransactionalProducer } from '../../services/shared/kafka/transactional-producer.ts'
import { silentLog } from '../../services/shared/log.ts'
import { newRoomId } from '../support/edge-records.ts'
import { api, startKafkaProxy } from '../support/kafka-proxy.ts'
import { metricSum } from '../support/metric-sum.ts'
import { readMetrics } from '../support/read-metrics.ts'
import { openStateMachineStage } from '../support/state-machine-stage.ts'
import { until } from '../support/until.ts'

/** The watchdog looks three times in it. */
const stallLimitMs = 9_000
/** More than a standstill takes to be believed. */
const looks = 8
const withinMs = 60_000

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

test('a state-machine that has nothing left to decide is not taken for one that stands still', async (t) => {
  const signal = AbortSignal.timeout(170_000)
  const env = { STATE_MACHINE_STALL_LIMIT_MS: String(stallLimitMs) }
  const { brokers, kafka, codec, machine, partitions } = await openStateMachineStage(t, { env, signal })
  const creating = (roomId: string): OutgoingMessage => {
    const record = { eventId: randomUUID(), roomId, occurredAt: Date.now(), uid: 'u', name: null, description: null }
    const value = codec.encode(topics.roomInput, 'LiveCreateRequested', record)
    return { topic: topics.roomInput.name, key: roomId, value, partition: partitionFor(roomId, partitions) }
  }

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
