// deadline: 240 s
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { createOwner } from '../../deploy/local/owner.ts'
import { setup } from '../../deploy/local/setup.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { topics, type Topic } from '../../schemas/topics.ts'
import type { AnyRecord, RequestDecided, Room } from '../../schemas/types.generated.ts'
import { createCodec } from '../../services/shared/codec/codec.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import type { IncomingMessage, OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { createReader, readPartition } from '../../services/shared/kafka/reader.ts'
import { openTransactionalProducer } from '../../services/shared/kafka/transactional-producer.ts'
import { silentLog } from '../../services/shared/log.ts'
import { aRoom } from '../support/edge-records.ts'
import { createAppServer, type Answer } from '../support/app-server.ts'
import { readMetrics } from '../support/read-metrics.ts'
import { startRestartablePlatform } from '../support/restartable-platform.ts'

// The real ingest as processes, against a broker and a registry of its own. The test plays the state machine.

const partitions = 4
const apiKey = 'integration-test-key'
const deadlineMs = 60_000
const main = join(import.meta.dirname, '../../services/ingest/main.ts')

/** A record of a room: one of those that the topics here have. */
type RoomEvent = Extract<AnyRecord, { record: { eventId: string; roomId: string; occurredAt: number } }>
const isOfRoom = (event: AnyRecord): event is RoomEvent => 'eventId' in event.record && 'roomId' in event.record

/** A running part that the tests share, once `before` has started it. */
type Running = Awaited<ReturnType<typeof startParts>>
let running: Running | undefined
type Ingest = Awaited<ReturnType<Running['startIngest']>>
const parts = (): Running => running ?? assert.fail('nothing was started')

const startParts = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-ingest-'))
  const owner = createOwner()
  const platform = await startRestartablePlatform({ dataDir })
  const { brokers, registryUrl } = platform
  const log = silentLog
  const signal = AbortSignal.timeout(deadlineMs)
  await setup({ kafka: { brokers, ssl: false, sasl: null }, registryUrl, partitions, replication: 1, log, signal })
  const kafka = createKafka({ brokers, clientId: 'ingest-test', log })
  const codec = createCodec({ registryUrl, timeoutMs: 2_000, log })
  for (const topic of [topics.roomInput, topics.requestOutcome, topics.roomState]) await codec.prepare(topic, signal)
  const machine = await openTransactionalProducer({
    kafka,
    transactionalId: 'ingest-test',
    signal,
    log,
  })

  /** Writes as the state machine does, in transactions, one after the other. */
  let written = Promise.resolve()
  const write = (...messages: readonly OutgoingMessage[]): Promise<void> => {
    written = written.then(async () => void (await machine.transact({ messages, consumed: null })))
    return written
  }
  const outcomeMessage = (outcome: RequestDecided): OutgoingMessage => ({
    topic: topics.requestOutcome.name,
    key: outcome.roomId,
    value: codec.encode(topics.requestOutcome, 'RequestDecided', outcome),
    headers: { type: 'RequestDecided', eventId: outcome.requestId },
  })

  /** What came in on room.input, and what is decided about it; nothing by default. */
  const inputs: RoomEvent[] = []
  const decisions: ((event: RoomEvent) => Partial<RequestDecided> | undefined)[] = []
  const reader = await createReader({
    kafka,
    topic: topics.roomInput.name,
    maxWaitMs: 100,
    minBytes: 1,
    maxBytes: 1 << 20,
    onMessages: async ({ messages }) => {
      for (const { value } of messages) {
        const event = await codec.decode(value ?? Buffer.alloc(0))
        if (!event.known || !isOfRoom(event)) continue
        inputs.push(event)
        const decision = decisions.map((decide) => decide(event)).find((one) => one !== undefined)
        if (decision !== undefined) await write(outcomeMessage(outcomeOf(event, decision)))
      }
    },
    onOutOfRange: () => 'earliest',
    log,
  })
  for (let partition = 0; partition < partitions; partition++) reader.add(partition, 0)

  const children = new Set<ChildProcess>()
  const startIngest = async (env: Readonly<Record<string, string>> = {}) => {
    const child = spawn(process.execPath, [main], {
      env: {
        PATH: process.env['PATH'],
        KAFKA_BROKERS: brokers.join(','),
        SCHEMA_REGISTRY_URL: registryUrl,
        INGEST_PORT: '0',
        INGEST_ADMIN_PORT: '0',
        INGEST_API_KEYS: apiKey,
        ALI_CALLBACK_KEY: 'callback',
        MEDIA_AUTH_KEY: 'media-key-of-the-test',
        LOG_LEVEL: 'debug',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (child.pid !== undefined) owner.add(child.pid)
    children.add(child)
    const exit = once(child, 'exit')
    const lines: string[] = []
    const started = Promise.withResolvers<Record<string, number>>()
    const ports: Record<string, number> = {}
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line)
      const entry: { msg?: string; port?: number; adminPort?: number } = JSON.parse(line)
      if (entry.port !== undefined) ports['http'] = entry.port
      if (entry.adminPort !== undefined) ports['admin'] = entry.adminPort
      if (entry.msg === 'started') started.resolve(ports)
    })
    void exit.then(() => started.reject(new Error(`ingest ended at its start:\n${lines.join('\n')}`)))
    await started.promise
    const url = `http://127.0.0.1:${ports['http']}`
    return {
      url,
      admin: `http://127.0.0.1:${ports['admin']}`,
      lines,
      app: createAppServer({ url, apiKey, callbackKey: 'callback' }),
      stop: async (): Promise<number | null> => {
        child.kill('SIGTERM')
        const [code] = await exit
        return code
      },
    }
  }

  return {
    kafka,
    codec,
    inputs,
    decisions,
    write,
    outcomeMessage,
    startIngest,
    /** Gives the function that starts it again. */
    stopBroker: async () => {
      await platform.endBroker('SIGTERM')
      return platform.bringBack
    },
    stop: async () => {
      for (const child of children) child.kill('SIGKILL')
      await reader.close()
      await machine.close()
      await platform.stop()
      owner.release()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

const outcomeOf = (event: RoomEvent, decision: Partial<RequestDecided>): RequestDecided => ({
  eventId: `${event.record.eventId}.outcome`,
  roomId: event.record.roomId,
  occurredAt: event.record.occurredAt,
  requestId: event.record.eventId,
  code: 200,
  message: 'done',
  sessionId: null,
  live: null,
  cohost: null,
  ...decision,
})

const room = (change: Partial<Room>): Room =>
  aRoom({ eventId: 'e', roomId: 'r', occurredAt: 1, uid: 'ann', name: 'Ann', createdAt: 1, ...change })

let instances: readonly [Ingest, Ingest] | undefined
/** Two instances that all tests share. */
const both = (): readonly [Ingest, Ingest] => instances ?? assert.fail('no ingest was started')

/** Everything that a topic has on Kafka right now, with its records. */
const readAll = async (topic: Topic): Promise<readonly { message: IncomingMessage; event: RoomEvent }[]> => {
  const { kafka, codec } = parts()
  const found: { message: IncomingMessage; event: RoomEvent }[] = []
  for (const [partition, { highWatermark }] of await fetchWatermarks({ kafka, topic: topic.name })) {
    await readPartition({
      kafka,
      topic: topic.name,
      partition,
      from: 'earliest',
      to: highWatermark,
      onMessages: async (messages) => {
        for (const message of messages) {
          const event = await codec.decode(message.value ?? Buffer.alloc(0))
          if (event.known && isOfRoom(event)) found.push({ message, event })
        }
      },
      deadlineMs,
    })
  }
  return found
}

const recordsOf = async (topic: Topic, roomId: string) =>
  (await readAll(topic)).filter(({ event }) => event.record.roomId === roomId)

/** Lets the state machine decide like this from now on, until the function that it gives is called. */
const decide = (decision: (event: RoomEvent) => Partial<RequestDecided> | undefined): (() => void) => {
  const { decisions } = parts()
  decisions.unshift(decision)
  return () => void decisions.splice(decisions.indexOf(decision), 1)
}

const roomState = (state: Room): OutgoingMessage => ({
  topic: topics.roomState.name,
  key: state.roomId,
  value: parts().codec.encode(topics.roomState, 'Room', state),
  headers: { type: 'Room' },
})

const text = (answer: Answer, field: string): string => String(answer.data[field])

before(async () => {
  running = await startParts()
  await running.write(roomState(room({ roomId: 'early', uid: 'early', name: 'Eve' })))
  instances = await Promise.all([running.startIngest(), running.startIngest()])
})
after(async () => {
  await running?.stop()
})

test('what is answered 202 is on Kafka already, in the partition of its room, with its type and trace', async () => {
  const [{ app }] = both()
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const created = await app.post('/live/create', { uid: 7, name: 'Ann', desc: 'cooking' }, { traceparent })
  assert.equal(created.status, 202)
  const roomId = text(created, 'roomId')
  const [found, ...others] = await recordsOf(topics.roomInput, roomId)
  assert.deepEqual(others, [])
  assert.equal(found?.event.type, 'LiveCreateRequested')
  assert.partialDeepStrictEqual(found?.event.record, { uid: '7', name: 'Ann', description: 'cooking' })
  assert.equal(found?.event.record.eventId, created.data['requestId'])
  assert.equal(found?.message.partition, partitionFor(roomId, partitions))
  assert.equal(found?.message.key?.toString(), roomId)
  assert.equal(found?.message.headers['type']?.toString(), 'LiveCreateRequested')
  assert.equal(found?.message.headers['traceparent']?.toString(), traceparent)
})

test('comments, likes and callbacks are answered once they are on their topics', async () => {
  const [{ app }] = both()
  const commented = await app.comment({ roomId: 'lanes', uid: 'bob', name: 'Bob', comment: 'hello 你好' })
  const liked = await app.like({ roomId: 'lanes', uid: 'bob', count: 3 })
  const published = await app.stream('publish', 'lanes_mix')
  assert.deepEqual([commented.status, liked.status, published.status], [200, 200, 200])
  const [comment] = await recordsOf(topics.pushComment, 'lanes')
  assert.equal(comment?.event.record.eventId, commented.data['id'])
  assert.partialDeepStrictEqual(comment?.event.record, { uid: 'bob', name: 'Bob', comment: 'hello 你好' })
  const [like] = await recordsOf(topics.pushLike, 'lanes')
  assert.partialDeepStrictEqual(like?.event.record, { uid: 'bob', name: 'Bob', count: 3 })
  const [stream] = await recordsOf(topics.roomInput, 'lanes')
  assert.partialDeepStrictEqual(stream?.event, { type: 'StreamNotified', record: { action: 'publish' } })
})

test('a request waits for its decision; a repeat gets it again at any instance, also at one that started later', async () => {
  const [one, other] = both()
  const undo = decide(({ type }) => (type === 'CohostInviteRequested' ? { sessionId: 'session-1' } : undefined))
  const ask = async (liveRoomId: string) => {
    const invite = { inviterUid: 'ann', inviteeUid: 'bob', liveRoomId, inviteeRoomId: 'r2', inviterType: 2 }
    const key = { 'idempotency-key': `invite-${liveRoomId}` }
    return { liveRoomId, invite, key, first: await one.app.post('/videocall/invite', invite, key) }
  }
  let asked = await ask('repeats1')
  // A decision that takes longer than a request waits for it is answered 202, and rightly.
  for (let count = 2; count <= 10 && asked.first.status === 202; count += 1) asked = await ask(`repeats${count}`)
  const { liveRoomId, invite, key, first } = asked
  assert.equal(first.status, 200)
  assert.deepEqual(first.data, { sessionId: 'session-1' })
  undo()

  assert.deepEqual(await other.app.post('/videocall/invite', invite, key), first)
  const late = await parts().startIngest()
  assert.deepEqual(await late.app.post('/videocall/invite', invite, key), first)
  assert.equal((await recordsOf(topics.roomInput, liveRoomId)).length, 1)
  assert.equal(await late.stop(), 0)
})

test('an outcome can be asked for at every instance: 202 while it is open, 404 when nobody knows of it', async () => {
  const { inputs, write, outcomeMessage } = parts()
  const [one, other] = both()
  const left = await one.app.post('/live/leave', { roomId: 'asked' })
  assert.equal(left.status, 202)
  const path = `/requests/${text(left, 'requestId')}`
  assert.equal((await one.app.get(path)).status, 202)
  assert.equal((await other.app.get(path)).status, 404)

  const find = () => inputs.find(({ record }) => record.roomId === 'asked')
  await waitUntil(() => find() !== undefined, { deadlineMs })
  const event = find() ?? assert.fail('the request did not come in')
  await write(outcomeMessage(outcomeOf(event, { code: 2003, message: 'no such room' })))
  for (const { app } of [one, other]) {
    const { status, code, message } = await app.get(path)
    assert.deepEqual({ status, code, message }, { status: 200, code: 2003, message: 'no such room' })
  }
  // a repeated decision does not change what was answered
  await write(outcomeMessage(outcomeOf(event, { code: 200 })))
  assert.equal((await one.app.get(path)).code, 2003)
  assert.equal((await one.app.get('/requests/0123456789abcdef')).status, 404)
})

test('what room.state says holds at once at every instance, whenever it started', async () => {
  const { write } = parts()
  const [one, other] = both()
  const bothList = async (roomId: string): Promise<readonly boolean[]> =>
    Promise.all(
      [one, other].map(async ({ url }) => {
        const headers = { authorization: `Bearer ${apiKey}` }
        const response = await fetch(`${url}/live/list?roomId=${roomId}`, { headers })
        return (await response.text()).includes(roomId)
      }),
    )
  assert.deepEqual(await bothList('early'), [true, true])
  for (let round = 0; round < 10; round++) {
    const roomId = `round${round}`
    await write(roomState(room({ roomId, uid: roomId })))
    assert.deepEqual(await bothList(roomId), [true, true])
  }
  const play = await one.app.play({ roomId: 'early', uid: 'bob' })
  assert.equal(play.code, 200)
  assert.match(text(play, 'playUrl'), /early_mix\.flv$/)
  assert.equal((await one.app.play({ roomId: 'nowhere', uid: 'bob' })).code, 2003)

  await write({ topic: topics.roomState.name, key: 'early', value: null })
  const isGone = async (): Promise<boolean> => (await one.app.play({ roomId: 'early', uid: 'bob' })).code === 2003
  assert.ok(await waitUntil(isGone, { deadlineMs }))
})

test('feedback that names no room finds the invite, and an invite the running live of the invitee', async () => {
  const { write } = parts()
  const [{ app }] = both()
  await write(
    roomState(room({ roomId: 'bobs', uid: 'bob', name: 'Bob' })),
    roomState(
      room({
        roomId: 'anns',
        invites: [
          {
            sessionId: 's',
            number: 1,
            inviterUid: 'ann',
            inviterName: 'Ann',
            inviterType: 2,
            inviteeUid: 'cleo',
            inviteeName: 'Cleo',
            inviteeType: 1,
            inviteeRoomId: null,
            type: 'side_by_side',
            expiresAt: 1,
            attempt: 0,
            offeredNumber: 0,
            open: [],
            eventId: 'e',
          },
        ],
      }),
    ),
  )
  await app.post('/videocall/feedback', { inviterUid: 'ann', inviteeUid: 'cleo', status: 2 })
  await app.post('/videocall/invite', { inviterUid: 'ann', inviteeUid: 'bob', liveRoomId: 'anns', inviterType: 2 })
  const [feedback, invite] = (await recordsOf(topics.roomInput, 'anns')).map(({ event }) => event)
  assert.equal(feedback?.type, 'CohostFeedbackRequested')
  assert.partialDeepStrictEqual(invite?.record, { inviteeRoomId: 'bobs', inviteeName: 'Bob', inviterName: 'Ann' })
  const unknown = await app.post('/videocall/feedback', { inviterUid: 'ann', inviteeUid: 'nobody', status: 1 })
  assert.deepEqual([unknown.status, unknown.code], [200, 3404])
})

test('bytes in room.state that nobody can read go to the dead-letter topic, and reading goes on', async () => {
  const { write, kafka } = parts()
  const [{ app, admin }] = both()
  await write({ topic: topics.roomState.name, key: 'garbled', value: Buffer.from('no avro') })
  await write(roomState(room({ roomId: 'after', uid: 'after' })))
  assert.equal((await app.play({ roomId: 'after', uid: 'bob' })).code, 200)
  const hasDeadLetter = async (): Promise<boolean> => {
    const ends = await fetchWatermarks({ kafka, topic: topics.deadLetter.name })
    return [...ends.values()].some(({ highWatermark }) => highWatermark > 0)
  }
  assert.ok(await waitUntil(hasDeadLetter, { deadlineMs }))
  assert.match(await readMetrics(admin), /roomcast_ingest_rooms\{.*\} \d/)
})

test('while the broker is away nothing is accepted; when it is back everything is', { timeout: 90_000 }, async () => {
  const { stopBroker } = parts()
  const [{ app }] = both()
  assert.equal((await app.comment({ roomId: 'outage', uid: 'bob', comment: 'before' })).status, 200)
  const bringBack = await stopBroker()
  const refused = await Promise.all([
    app.post('/live/leave', { roomId: 'outage' }),
    app.comment({ roomId: 'outage', uid: 'bob', comment: 'lost' }),
    app.stream('publish', 'outage'),
    app.get('/requests/unknown'),
  ])
  for (const { status, code, retryAfter } of refused) assert.deepEqual([status, code, retryAfter], [503, 503, '1'])
  // a list claims nothing of one room: it is shown as it was
  assert.equal((await app.get('/live/list')).status, 200)

  await bringBack()
  const isTaken = async (): Promise<boolean> =>
    (await app.comment({ roomId: 'outage', uid: 'bob', comment: 'after' })).status === 200
  assert.ok(await waitUntil(isTaken, { deadlineMs }))
  const undo = decide(({ record }) => (record.roomId === 'outage' ? { code: 2003 } : undefined))
  const isDecided = async (): Promise<boolean> => (await app.post('/live/leave', { roomId: 'outage' })).status === 200
  assert.ok(await waitUntil(isDecided, { deadlineMs }))
  undo()
})

test('push addresses, keys and bodies are in no log, and a stop is clean', async () => {
  const [one, other] = both()
  const { data } = await one.app.post('/live/create', { uid: 'logged', desc: 'words-of-a-body' })
  assert.match(String(data['rtmpUrl']), /auth_key=/)
  for (const { stop, lines } of [one, other]) {
    assert.equal(await stop(), 0)
    assert.ok(
      lines.some((line) => line.includes('"answered"')),
      'the log is that of debug level',
    )
    const secrets = ['auth_key', apiKey, 'words-of-a-body', 'hello']
    assert.deepEqual(
      lines.filter((line) => secrets.some((secret) => line.includes(secret))),
      [],
    )
  }
})

test('a start without keys ends with the names of what is missing', async () => {
  await assert.rejects(parts().startIngest({ INGEST_API_KEYS: '', ALI_CALLBACK_KEY: '' }), (error) => {
    assert.match(String(error), /INGEST_API_KEYS.*ALI_CALLBACK_KEY/)
    return true
  })
})
