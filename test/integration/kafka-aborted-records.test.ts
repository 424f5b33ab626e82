import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { isFault } from '../../services/shared/fault.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { openTransactionalProducer } from '../../services/shared/kafka/transactional-producer.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startKafka, type TestKafka } from '../support/kafka.ts'

let broker: TestKafka

before(async () => {
  broker = await startKafka()
})

after(() => broker.stop())

const producers = 6
const transactionsEach = 40
const messagesEach = 5

test('of many interleaved transactions on one partition, all that committed and none that aborted is read', async (t) => {
  const { kafka } = broker
  const topic = await broker.createTopic()
  const refusing = await broker.createTopic({ config: { 'max.message.bytes': '100' } })
  /** Makes the broker refuse a part of the transaction, so that all of it is aborted. */
  const poison: OutgoingMessage = { topic: refusing, key: null, partition: 0, value: Buffer.alloc(200) }
  const committed: string[] = []

  const produce = async (name: number): Promise<void> => {
    const options = { kafka, transactionalId: `test.${randomUUID()}`, signal: t.signal, log: silentLog }
    let producer = await openTransactionalProducer(options)
    for (let i = 0; i < transactionsEach; i += 1) {
      const texts = Array.from({ length: messagesEach }, (_, m) => `${name}/${i}/${m}`)
      const messages = texts.map((text) => ({ topic, key: null, partition: 0, value: Buffer.from(text) }))
      if ((name + i) % 2 === 0) {
        await producer.transact({ messages, consumed: null })
        committed.push(...texts)
        continue
      }
      await assert.rejects(producer.transact({ messages: [...messages, poison], consumed: null }), (error) =>
        isFault(error, 'BROKER_REFUSED'),
      )
      await producer.close()
      producer = await openTransactionalProducer(options)
    }
    await producer.close()
  }
  await Promise.all(Array.from({ length: producers }, (_, name) => produce(name)))

  const to = (await fetchWatermarks({ kafka, topic })).get(0)?.highWatermark ?? 0
  assert.ok(to >= producers * transactionsEach * messagesEach, 'the aborted records are in the log, too')
  // From several places, since an answer that begins inside a transaction lists it with an earlier offset.
  for (const from of [0, 7, Math.floor(to / 2), to - 20]) {
    const read: { text: string; offset: number }[] = []
    await readPartition({
      kafka,
      topic,
      partition: 0,
      from,
      to,
      onMessages: (messages) =>
        void read.push(...messages.map(({ value, offset }) => ({ text: String(value), offset }))),
    })
    const texts = read.map(({ text }) => text)
    const leaked = texts.filter((text) => !committed.includes(text))
    assert.deepEqual(leaked, [], `leaked from ${from}`)
    if (from === 0) assert.deepEqual(new Set(texts), new Set(committed))
    assert.equal(new Set(texts).size, texts.length)
  }
})
