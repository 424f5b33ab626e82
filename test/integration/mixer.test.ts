// deadline: 240 s
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { findFreePort } from '../../deploy/local/ports.ts'
import { createOwner } from '../../deploy/local/owner.ts'
import { startProcess, stopProcess } from '../../deploy/local/processes.ts'
import { awaitReady } from '../../deploy/local/ready.ts'
import { root } from '../../deploy/local/services.ts'
import { setup } from '../../deploy/local/setup.ts'
import { isServiceReady } from '../../deploy/local/system.ts'
import { topics } from '../../schemas/topics.ts'
import type { MixCommandAnswered } from '../../schemas/types.generated.ts'
import { createCodec } from '../../services/shared/codec/codec.ts'
import type { Codec } from '../../services/shared/codec/codec.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import type { BatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { fetchCommittedOffset, fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { createReader } from '../../services/shared/kafka/reader.ts'
import type { IncomingMessage } from '../../services/shared/kafka/message.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startOf, stopOf } from '../contract/mix-cloud.ts'
import { startCallbackServer } from '../support/callback-server.ts'
import type { Callback, CallbackServer } from '../support/callback-server.ts'
import { startKafka } from '../support/kafka.ts'
import type { TestKafka } from '../support/kafka.ts'
import { until } from '../support/until.ts'

const partitions = 12
const deadline = (): AbortSignal => AbortSignal.timeout(60_000)

let kafka: TestKafka
let codec: Codec
let producer: BatchingProducer

before(async () => {
  kafka = await startKafka()
  await setup({
    kafka: { brokers: kafka.brokers, ssl: false, sasl: null },
    registryUrl: kafka.registryUrl,
    partitions,
    replication: 1,
    log: silentLog,
    signal: deadline(),
  })
  codec = createCodec({ registryUrl: kafka.registryUrl, timeoutMs: 5_000, log: silentLog })
  await codec.prepare(topics.mixCommand, deadline())
  producer = await createBatchingProducer({
    kafka: kafka.kafka,
    maxBufferedMessages: 100,
    maxBufferedBytes: 1_000_000,
    deliveryTimeoutMs: 10_000,
    log: silentLog,
  })
})
after(async () => {
  await producer.close()
  await kafka.stop()
})

/** Room ids with the same partition, of this test alone. */
const roomsTogether = (count: number): readonly string[] => {
  const rooms: string[] = []
  while (rooms.length < count) {
    const room = randomUUID().replaceAll('-', '').slice(0, 16)
    const [first = room] = rooms
    if (partitionFor(room, partitions) === partitionFor(first, partitions)) rooms.push(room)
  }
  return rooms
}

const send = async (command: ReturnType<typeof startOf> | ReturnType<typeof stopOf>): Promise<void> => {
  const value =
    'mixType' in command
      ? codec.encode(topics.mixCommand, 'StartMix', command)
      : codec.encode(topics.mixCommand, 'StopMix', command)
  await producer.send({ topic: topics.mixCommand.name, key: command.roomId, value })
}

/** Everything that is appended to a topic from now on. */
const follow = async (t: TestContext, topic: string) => {
  const messages: IncomingMessage[] = []
  const watchers = new Set<() => void>()
  const reader = await createReader({
    kafka: kafka.kafka,
    topic,
    maxWaitMs: 50,
    minBytes: 1,
    maxBytes: 1_000_000,
    onMessages: (fetched) => {
      messages.push(...fetched.messages)
      for (const look of watchers) look()
    },
    onOutOfRange: () => 'end',
    log: silentLog,
  })
  t.after(() => reader.close())
  for (const [partition, { highWatermark }] of await fetchWatermarks({ kafka: kafka.kafka, topic }))
    reader.add(partition, highWatermark)
  /** Resolves with the first `count` that match. */
  const waitFor = (
    count: number,
    matches: (message: IncomingMessage) => boolean,
  ): Promise<readonly IncomingMessage[]> =>
    new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer)
        watchers.delete(look)
      }
      const look = (): void => {
        const found = messages.filter(matches)
        if (found.length < count) return
        finish()
        resolve(found)
      }
      const timer = setTimeout(() => {
        finish()
        reject(new Error(`${messages.filter(matches).length} of ${count} records came to ${topic} in time`))
      }, 20_000)
      watchers.add(look)
      look()
    })
  return { messages, waitFor }
}

/** Waits until the newest command of a room is committed: nothing comes behind it, as these are written without transactions. */
const untilCommitted = async (room: string): Promise<void> => {
  const topic = topics.mixCommand.name
  const partition = partitionFor(room, partitions)
  const end = (await fetchWatermarks({ kafka: kafka.kafka, topic, partitions: [partition] })).get(partition)
  await until(`the commands of ${room} are committed`, async () => {
    const committed = await fetchCommittedOffset({ kafka: kafka.kafka, groupId: 'mixer', topic, partition })
    return committed === end?.highWatermark
  })
}

/** The answers to the commands of a room. */
const followAnswers = async (t: TestContext) => {
  const { waitFor } = await follow(t, topics.roomInput.name)
  return async (room: string, count: number): Promise<readonly MixCommandAnswered[]> => {
    const found = await waitFor(count, ({ key }) => key?.toString('utf8') === room)
    const decoded = await Promise.all(found.map(async ({ value }) => codec.decode(value ?? Buffer.alloc(0))))
    return decoded.flatMap((record) => (record.known && record.type === 'MixCommandAnswered' ? [record.record] : []))
  }
}

/** Mixer processes of one test, one after the other. */
const mixers = async (t: TestContext, ingest: CallbackServer, env: Record<string, string> = {}) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-mixer-'))
  const owner = createOwner()
  const stop = async (): Promise<void> => void (await stopProcess({ dataDir, name: 'mixer', graceMs: 10_000 }))
  t.after(async () => {
    await stop()
    owner.release()
    await rm(dataDir, { recursive: true, force: true })
  })
  const start = async (): Promise<number> => {
    const port = await findFreePort()
    const started = await startProcess({
      dataDir,
      name: 'mixer',
      command: [process.execPath, join(root, 'services/mixer/main.ts')],
      ports: { MIXER_ADMIN_PORT: port },
      env: {
        ...process.env,
        KAFKA_BROKERS: kafka.brokers.join(','),
        SCHEMA_REGISTRY_URL: kafka.registryUrl,
        MIXER_ADMIN_PORT: String(port),
        MIXER_SIMULATED_DELAY_MS: '10',
        INGEST_URL: ingest.url,
        ALLOW_INSECURE_LOCAL: '1',
        ...env,
      },
      onStart: owner.add,
    })
    await awaitReady({
      dataDir,
      started,
      isReady: (signal) => isServiceReady(port, signal),
      deadlineMs: 30_000,
    })
    return started.pid
  }
  return { start, stop }
}

const openIngest = async (t: TestContext, answer?: (nth: number, callback: Callback) => number | Promise<number>) => {
  const server = await startCallbackServer(answer && { answer })
  t.after(server.close)
  return server
}

test('a command is carried out, the cloud calls back, and the answer is on room.input', async (t) => {
  const ingest = await openIngest(t)
  const answersOf = await followAnswers(t)
  const { start } = await mixers(t, ingest)
  await start()
  const [room = ''] = roomsTogether(1)

  await send(startOf(room, 'other'))
  const [started] = await answersOf(room, 1)
  assert.deepEqual(
    { ...started, occurredAt: 0 },
    {
      eventId: `${room}.start.1.answer`,
      roomId: room,
      occurredAt: 0,
      commandId: `${room}.start.1`,
      sessionId: 's1',
      generation: 1,
      action: 'start',
      code: 200,
      reason: '',
      message: '',
      streamNames: [`${room}_mix360`, `${room}_mix480`],
    },
  )
  await ingest.waitFor(1)

  await send(stopOf(room, 'other'))
  const [, stopped] = await answersOf(room, 2)
  assert.deepEqual([stopped?.action, stopped?.code, stopped?.generation], ['stop', 200, 2])
  assert.deepEqual(
    ingest.received.map(({ query }) => [query['Event'], query['MainMixStream'], query['MixStream']]),
    [
      ['EventMix', room, 'other'],
      ['EventMixStop', room, 'other'],
    ],
  )
})

test('a command that takes long holds up its own main stream only, and a crash in its middle loses nothing', async (t) => {
  const [slow = '', quick = ''] = roomsTogether(2)
  const released = Promise.withResolvers<number>()
  // The stop of the slow room waits for this callback before it is answered.
  const ingest = await openIngest(t, (_, { query }) =>
    query['Event'] === 'EventMixStop' && query['MainMixStream'] === slow ? released.promise : 200,
  )
  const answersOf = await followAnswers(t)
  const { start, stop } = await mixers(t, ingest)
  const pid = await start()

  await send(stopOf(slow, 'other', 1))
  await send(startOf(slow, 'other', 2))
  await send(startOf(quick, 'other', 1))
  const [other] = await answersOf(quick, 1)
  assert.equal(other?.code, 200)
  await ingest.waitFor(1, { matches: ({ query }) => query['Event'] === 'EventMixStop' })

  process.kill(pid, 'SIGKILL')
  await stop()
  await start()
  await ingest.waitFor(2, { matches: ({ query }) => query['Event'] === 'EventMixStop' })
  released.resolve(200)

  const answers = await answersOf(slow, 2)
  assert.deepEqual(
    answers.map(({ eventId, code }) => [eventId, code]),
    [
      [`${slow}.stop.1.answer`, 200],
      [`${slow}.start.2.answer`, 200],
    ],
  )
  // The quick command was finished, but lay behind an unfinished one: it is carried out again, and known by its event id.
  const repeated = await answersOf(quick, 2)
  assert.deepEqual(
    repeated.map(({ eventId }) => eventId),
    [`${quick}.start.1.answer`, `${quick}.start.1.answer`],
  )
})

test('what was committed before a stop is not carried out again', async (t) => {
  const ingest = await openIngest(t)
  const { messages } = await follow(t, topics.roomInput.name)
  const answersOf = await followAnswers(t)
  const { start, stop } = await mixers(t, ingest)
  await start()
  const [first = '', second = ''] = roomsTogether(2)
  await send(startOf(first, 'other'))
  await answersOf(first, 1)
  await untilCommitted(first)
  await stop()
  await start()
  await send(startOf(second, 'other'))
  await answersOf(second, 1)
  assert.equal(messages.filter(({ key }) => key?.toString('utf8') === first).length, 1)
})

test('a failure on request is the answer; an InternalError that lasts is 3500 before the deadline', async (t) => {
  const ingest = await openIngest(t)
  const answersOf = await followAnswers(t)
  const { start } = await mixers(t, ingest, { MIXER_SIMULATED_FAIL: 'start:InternalError,stop:NoSuchStream' })
  await start()
  const [room = ''] = roomsTogether(1)
  const command = { ...startOf(room, 'other'), deadline: Date.now() + 6_000 }
  await send(command)
  await send(stopOf(room, 'other'))
  const [started, stopped] = await answersOf(room, 2)
  assert.deepEqual([started?.code, started?.reason, started?.streamNames], [3500, 'InternalError', []])
  assert.ok((started?.occurredAt ?? Infinity) < command.deadline)
  assert.deepEqual([stopped?.code, stopped?.reason], [3404, 'NoSuchStream'])
  assert.equal(ingest.received.length, 0)
})

test('a cloud that never answers is given up before the deadline, and the commands behind are carried out', async (t) => {
  const ingest = await openIngest(t)
  const answersOf = await followAnswers(t)
  const { start } = await mixers(t, ingest, { MIXER_SIMULATED_FAIL: 'start:NoAnswer' })
  await start()
  const [room = '', other = ''] = roomsTogether(2)
  const command = { ...startOf(room, 'other'), deadline: Date.now() + 6_000 }
  await send(command)
  await send(stopOf(room, 'other'))
  await send(stopOf(other, 'other'))
  await answersOf(other, 1)
  const [started, stopped] = await answersOf(room, 2)
  assert.deepEqual([started?.code, started?.reason, started?.action], [3000, 'NoAnswer', 'start'])
  assert.ok((started?.occurredAt ?? Infinity) < command.deadline)
  assert.deepEqual([stopped?.code, stopped?.action], [200, 'stop'])
})

test('bytes that are no command go to the dead letters, and those behind them are carried out', async (t) => {
  const ingest = await openIngest(t)
  const answersOf = await followAnswers(t)
  const deadLetters = await follow(t, topics.deadLetter.name)
  const { start } = await mixers(t, ingest)
  await start()
  const [room = ''] = roomsTogether(1)
  const value = Buffer.from('no Avro at all')
  await producer.send({ topic: topics.mixCommand.name, key: room, value })
  await send(startOf(room, 'other'))
  const [answered] = await answersOf(room, 1)
  assert.equal(answered?.code, 200)
  const [letter] = await deadLetters.waitFor(1, ({ key }) => key?.toString('utf8') === room)
  assert.deepEqual(letter?.value, value)
  assert.equal(letter?.headers['source-topic']?.toString('utf8'), topics.mixCommand.name)
  assert.equal(letter?.headers['service']?.toString('utf8'), 'mixer')
})
