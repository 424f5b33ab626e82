// runs alone: it takes the transactional id of a state-machine
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setup } from '../../deploy/local/setup.ts'
import { topics } from '../../schemas/topics.ts'
import { createCodec } from '../../services/shared/codec/codec.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { fetchCommittedOffset } from '../../services/shared/kafka/offsets.ts'
import { silentLog } from '../../services/shared/log.ts'
import { openJournal } from '../../services/state-machine/adapters/journal.ts'
import { newRoomId } from '../support/edge-records.ts'
import { startKafkaProxy } from '../support/kafka-proxy.ts'
import { startKafka } from '../support/kafka.ts'

const partition = 0
/** A transaction takes five requests and more, one after the other. */
const answersLateMs = 800

test('a broker that is merely slow is waited for: a transaction of more than four seconds is committed', async (t) => {
  const broker = await startKafka()
  t.after(broker.stop)
  const { brokers, registryUrl } = broker
  const signal = AbortSignal.timeout(60_000)
  const settings = { kafka: { brokers, ssl: false, sasl: null }, registryUrl, partitions: 12, replication: 1 }
  await setup({ ...settings, log: silentLog, signal })
  const codec = createCodec({ registryUrl, timeoutMs: 5_000, log: silentLog })
  for (const topic of [topics.roomInput, topics.roomState]) await codec.prepare(topic, signal)
  const proxy = await startKafkaProxy(brokers)
  t.after(proxy.close)
  const kafka = createKafka({ brokers: proxy.brokers, clientId: 'test', log: silentLog })
  const groupId = `test.${randomUUID()}`
  const journal = await openJournal({ kafka, codec, partition, groupId, signal, log: silentLog })
  t.after(journal.close)

  proxy.answersLateMs = answersLateMs
  const { next, likesNext } = journal.restored
  const rooms = new Map([[newRoomId(), null]])
  await journal.commit({ outputs: [], traceparents: new Map(), rooms, next: next + 1, likesNext })

  const topic = topics.roomInput.name
  assert.equal(await fetchCommittedOffset({ kafka: broker.kafka, groupId, topic, partition }), next + 1)
})
