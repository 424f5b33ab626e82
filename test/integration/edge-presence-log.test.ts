import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { setup } from '../../deploy/local/setup.ts'
import { topics } from '../../schemas/topics.ts'
import { createPresenceLog, type PresenceLog } from '../../services/edge/adapters/presence-log.ts'
import type { Report } from '../../services/edge/domain/reports.ts'
import { systemClock } from '../../services/shared/clock.ts'
import { createCodec } from '../../services/shared/codec/codec.ts'
import { createDeadLetters } from '../../services/shared/dead-letter.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import { createMetrics } from '../../services/shared/metrics.ts'
import { createRecordReader } from '../../services/shared/record-reader.ts'
import { newRoomId } from '../support/edge-records.ts'
import { startKafka } from '../support/kafka.ts'
import { until } from '../support/until.ts'

const partitions = 12
const lookBackMs = 60_000
const topic = topics.roomPresence.name

const platform = await startKafka()
const { kafka, brokers, registryUrl } = platform
const signal = AbortSignal.timeout(120_000)
await setup({
  kafka: { brokers, ssl: false, sasl: null },
  registryUrl,
  partitions,
  replication: 1,
  log: silentLog,
  signal,
})
const producer = await createBatchingProducer({
  kafka,
  maxBufferedMessages: 1_000,
  maxBufferedBytes: 1024 * 1024,
  deliveryTimeoutMs: 10_000,
  log: silentLog,
})
after(async () => {
  await producer.close()
  await platform.stop()
})
const codec = createCodec({ registryUrl, timeoutMs: 5_000, log: silentLog })
await codec.prepare(topics.roomPresence, signal)

type Heard = Report & { readonly ageMs: number }

const partitionOf = (room: string): number => partitionFor(room, partitions)

/** A log, and what it has reported. */
const openLog = async (
  t: TestContext,
  clock = systemClock,
): Promise<{ readonly presence: PresenceLog; readonly heard: (room: string) => readonly Heard[] }> => {
  const all: Heard[] = []
  const metrics = createMetrics({ service: 'edge' })
  const log = silentLog
  const deadLetters = createDeadLetters({ producer, service: 'edge', metrics, log })
  const presence = await createPresenceLog({
    kafka,
    producer,
    codec,
    records: createRecordReader({ codec, deadLetters, metrics, log, signal }),
    partitionOf,
    onReport: (report, ageMs) => all.push({ ...report, ageMs }),
    lookBackMs,
    clock,
    log,
    signal,
  })
  t.after(() => presence.stop())
  await until('the registry has answered', presence.isWritable)
  return { presence, heard: (room) => all.filter((report) => report.room === room) }
}

const numbers = (heard: readonly Heard[]): readonly number[] => heard.map(({ viewers }) => viewers)

test('what was reported in the last minute is there when a partition is open, with its age; the rest follows', async (t) => {
  const room = newRoomId()
  const past = { now: () => systemClock.now() - 30_000 }
  const writer = await openLog(t, past)
  const { presence, heard } = await openLog(t)
  await writer.presence.write({ room, instance: 'w', viewers: 1 })
  await writer.presence.write({ room, instance: 'w', viewers: 2 })
  await until('the look-back is read', async () => {
    await presence.open(partitionOf(room))
    return heard(room).length === 2
  })
  assert.deepEqual(numbers(heard(room)), [1, 2])
  for (const { ageMs } of heard(room)) assert.ok(ageMs >= 30_000 && ageMs < lookBackMs, String(ageMs))

  // The other machine's clock says nothing of what comes while one listens.
  await writer.presence.write({ room, instance: 'w', viewers: 3 })
  await until('the live report is read', () => heard(room).length === 3)
  assert.deepEqual(heard(room)[2], { room, instance: 'w', viewers: 3, ageMs: 0 })
})

test('of a partition that was closed nothing is heard until it is opened again', async (t) => {
  const [room, witness] = [newRoomId(), newRoomId()]
  const { presence, heard } = await openLog(t)
  await presence.open(partitionOf(room))
  await presence.write({ room, instance: 'w', viewers: 1 })
  await until('the first report is read', () => heard(room).length === 1)
  presence.close(partitionOf(room))
  await presence.write({ room, instance: 'w', viewers: 2 })
  const other = await openLog(t)
  await other.presence.open(partitionOf(room))
  await until('another reader has it', () => numbers(other.heard(room)).includes(2))
  if (partitionOf(witness) !== partitionOf(room)) {
    await presence.open(partitionOf(witness))
    await presence.write({ room: witness, instance: 'w', viewers: 1 })
    await until('what was written later elsewhere is read', () => heard(witness).length === 1)
  }
  assert.deepEqual(numbers(heard(room)), [1])
  await presence.open(partitionOf(room))
  await until('the missed report is read', () => heard(room).length === 3)
  assert.deepEqual(numbers(heard(room)), [1, 1, 2])
})

test('what makes no sense goes to the dead-letter topic, and what comes behind it is heard', async (t) => {
  const room = newRoomId()
  const partition = partitionOf(room)
  const { presence, heard } = await openLog(t)
  await presence.open(partition)
  const valueOf = (roomId: string, viewers = 1): Buffer =>
    codec.encode(topics.roomPresence, 'RoomPresence', { eventId: 'e', roomId, occurredAt: 1, instance: 'w', viewers })
  const bad = [Buffer.from('no record'), null, valueOf(room, -1), valueOf(newRoomId())]
  for (const value of bad) await producer.send({ topic, key: room, value, partition })
  const stranger = newRoomId()
  const wrong = (partitionOf(stranger) + 1) % partitions
  await presence.open(wrong)
  await producer.send({ topic, key: stranger, value: valueOf(stranger), partition: wrong })
  await presence.write({ room, instance: 'w', viewers: 5 })
  await until('the good report is read', () => heard(room).length === 1)
  assert.deepEqual(numbers(heard(room)), [5])

  const buried = async (key: string, from: number): Promise<number> => {
    const asked = { kafka, topic: topics.deadLetter.name, signal: AbortSignal.timeout(10_000) }
    const to = (await fetchWatermarks({ ...asked, partitions: [from] })).get(from)?.highWatermark ?? 0
    let count = 0
    const onMessages = (messages: readonly { readonly key: Buffer | null }[]): void => {
      count += messages.filter((message) => message.key?.toString('latin1') === key).length
    }
    await readPartition({ ...asked, partition: from, from: 'earliest', to, onMessages })
    return count
  }
  // At least: other edges of a shared broker may put them there, too.
  await until('the bad ones are kept', async () => (await buried(room, partition)) >= bad.length)
  await until('and the one in the wrong place', async () => (await buried(stranger, wrong)) >= 1)
  assert.deepEqual(heard(stranger), [])
})
