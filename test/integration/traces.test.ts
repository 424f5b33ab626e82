// deadline: 300 s
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test, type TestContext } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.ts'
import { startTestSystem, type ServiceName, type TestSystem } from '../support/system.ts'
import { until } from '../support/until.ts'

const services: readonly ServiceName[] = ['ingest', 'state-machine', 'mixer', 'edge']
/** None of these may be in a span or a log; users, names and texts of the tests have it in them. */
const secret = 'confidential'
const collectorKey = `${secret}-key-of-the-collector`

let receiver: OtlpReceiver
let system: TestSystem

before(async () => {
  receiver = await startOtlpReceiver()
  system = await startTestSystem({
    base: process.env,
    env: {
      MEDIA_AUTH_KEY: `${secret}-key-of-the-video-cloud`,
      LOG_LEVEL: 'debug',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${collectorKey}`,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
  })
})
after(async () => {
  await system?.stop()
  await receiver?.close()
})

const newTrace = (flags = '01') => {
  const traceId = randomBytes(16).toString('hex')
  const spanId = randomBytes(8).toString('hex')
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` }
}
type Trace = ReturnType<typeof newTrace>

const spansOf = ({ traceId }: Trace): readonly ReceivedSpan[] =>
  receiver.spans.filter((span) => span.traceId === traceId)

/** What identifies a step of a trace in these tests. */
const stepOf = ({ service, kind, name, attributes }: ReceivedSpan): string => {
  const type = attributes['roomcast.record.type']
  return `${service.replace('roomcast-', '')} ${kind} ${name}${type === undefined ? '' : ` ${type}`}`
}

/** Resolves when the trace has this path, from its caller's span on, each step the parent of the next; gives its spans. */
const path = async (trace: Trace, ...steps: readonly string[]): Promise<readonly ReceivedSpan[]> => {
  const find = (parentId: string, [step, ...more]: readonly string[]): readonly ReceivedSpan[] | undefined => {
    if (step === undefined) return []
    for (const span of spansOf(trace)) {
      if (span.parentId !== parentId || stepOf(span) !== step) continue
      const rest = find(span.spanId, more)
      if (rest !== undefined) return [span, ...rest]
    }
    return undefined
  }
  let found: readonly ReceivedSpan[] | undefined
  const told = (): string => spansOf(trace).map(stepOf).join('\n')
  await until(steps.join(' → '), () => (found = find(trace.spanId, steps)) !== undefined).catch((error: unknown) => {
    throw new Error(`the trace has only\n${told()}`, { cause: error })
  })
  return found ?? []
}

const post = async (url: string, body: object, trace: Trace) => {
  const answer = await system.app.post(url, { ...body }, { traceparent: trace.traceparent })
  assert.ok(answer.code === 200 || answer.status === 202, `${url} was answered ${answer.code}`)
  return answer
}

/** The callback that says that a room may be mixed, as a part of a trace. */
const available = async (roomId: string, { traceparent }: Trace): Promise<void> => {
  const query = new URLSearchParams({ Domain: 'play.localhost', App: 'DemoApp', Stream: roomId, Event: 'MixAvailable' })
  const url = `${system.environment.ingestUrl}/ali/mix/availability/notify?${query.toString()}`
  const response = await fetch(url, { headers: { traceparent }, signal: AbortSignal.timeout(10_000) })
  assert.equal(response.status, 200)
}

/** Two lives, the second with a client in it. */
const openRooms = async (t: TestContext) => {
  const uids = ['ann', 'bob'].map((name) => `${secret}-${name}-${randomBytes(4).toString('hex')}`)
  const [ann = '', bob = ''] = uids
  const [a, b] = [await system.app.createLive({ uid: ann, name: secret }), await system.app.createLive({ uid: bob })]
  const client = await system.join(bob, b.roomId)
  t.after(() => client.close())
  const pair = { inviterUid: ann, inviteeUid: bob, liveRoomId: a.roomId }
  const invite = { ...pair, inviteeRoomId: b.roomId, type: 'side_by_side', inviterType: 2 }
  return { a: a.roomId, b: b.roomId, client, invite, agreement: { ...pair, status: 1 } }
}

/** From an invite to a mix; each trace is one request. */
const mix = async (t: TestContext, invited: Trace, ready: Trace) => {
  const { a, b, client, invite, agreement } = await openRooms(t)
  await post('/videocall/invite', invite, invited)
  await client.waitForPush(1)
  await post('/videocall/feedback', agreement, newTrace('00'))
  for (const room of [a, b]) await system.app.stream('publish', room)
  await available(a, newTrace('00'))
  await available(b, ready)
  await client.waitForPush(5)
  return { a, b }
}

/** The types of the records of a topic that carry a trace, with their `traceparent`. */
const carriers = async (topic: string, { traceId }: Trace): Promise<ReadonlyMap<string, string>> => {
  const { brokers } = system.environment
  const kafka = createKafka({ brokers, clientId: 'test', ssl: false, sasl: null, log: silentLog })
  const found = new Map<string, string>()
  for (const [partition, bounds] of await fetchWatermarks({ kafka, topic })) {
    const range = { from: bounds.earliest, to: bounds.highWatermark }
    await readPartition({
      kafka,
      topic,
      partition,
      ...range,
      onMessages: (messages) => {
        for (const { headers } of messages) {
          const traceparent = headers['traceparent']?.toString() ?? ''
          if (traceparent.includes(traceId)) found.set(headers['type']?.toString() ?? '', traceparent)
        }
      },
    })
  }
  return found
}

test('by default nothing is traced, and a trace passes through all services as it came', async (t) => {
  const [invited, ready] = [newTrace(), newTrace()]
  await mix(t, invited, ready)
  const expected = [
    [topics.roomInput, invited, ['CohostInviteRequested', 'PeerMessage']],
    [topics.pushSignal, invited, ['CohostInvited']],
    [topics.requestOutcome, invited, ['RequestDecided']],
    [topics.mixCommand, ready, ['StartMix']],
    [topics.roomInput, ready, ['MixAvailabilityNotified', 'PeerMessage', 'MixCommandAnswered']],
    [topics.pushSignal, ready, ['MixSucceeded']],
  ] as const
  for (const [topic, trace, types] of expected) {
    const found = await carriers(topic.name, trace)
    for (const type of types) assert.equal(found.get(type), trace.traceparent, `${type} on ${topic.name}`)
  }
  assert.deepEqual(receiver.texts, [])
})

test('with OTEL_TRACES_EXPORTER=otlp all four services export', async (t) => {
  for (const service of services) await system.restart(service, { env: { OTEL_TRACES_EXPORTER: 'otlp' } })
  await mix(t, newTrace(), newTrace())
  const seen = (): readonly string[] => [...new Set(receiver.spans.map(({ service }) => service))].sort()
  await until('spans of all services', () => seen().length === services.length)
  assert.deepEqual(seen(), services.map((service) => `roomcast-${service}`).toSorted())
  assert.deepEqual([...receiver.headers('authorization')], [`Bearer ${collectorKey}`])
})

test('a comment is one trace from the request to the sockets of its room', async (t) => {
  const { b, client } = await openRooms(t)
  const second = await system.join(`${secret}-carol`, b)
  t.after(() => second.close())
  const trace = newTrace()
  await post('/live/comment', { roomId: b, uid: `${secret}-dave`, name: secret, comment: secret }, trace)
  await second.waitForPush(6)
  const [, send, deliver] = await path(
    trace,
    'ingest SERVER POST /live/comment',
    'ingest PRODUCER send push.comment.v1 Commented',
    'edge CONSUMER process push.comment.v1 Commented',
  )
  assert.deepEqual(deliver?.links, [send?.spanId])
  assert.partialDeepStrictEqual(deliver?.attributes, {
    'messaging.system.name': 'kafka',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'push.comment.v1',
    'roomcast.room.id': b,
    'roomcast.weight': 8,
    'roomcast.connections': 2,
  })
  assert.equal(spansOf(trace).length, 3)
  assert.ok(client.frames.every((frame) => !frame.includes(trace.traceId)))
})

test('an invite is one trace through the transactions of two rooms', async (t) => {
  const { a, b, client, invite } = await openRooms(t)
  const trace = newTrace()
  await post('/videocall/invite', invite, trace)
  await client.waitForPush(1)
  const spans = await path(
    trace,
    'ingest SERVER POST /videocall/invite',
    'ingest PRODUCER send room.input.v1 CohostInviteRequested',
    'state-machine CONSUMER process room.input.v1 CohostInviteRequested',
    'state-machine PRODUCER send room.input.v1 PeerMessage',
    'state-machine CONSUMER process room.input.v1 PeerMessage',
    'edge CONSUMER process push.signal.v1 CohostInvited',
  )
  const [, send, decide, tell, hear, deliver] = spans
  assert.deepEqual([decide?.links, hear?.links, deliver?.links], [[send?.spanId], [tell?.spanId], [hear?.spanId]])
  assert.deepEqual(
    [decide, tell, deliver].map((span) => span?.attributes['roomcast.room.id']),
    [a, b, b],
  )
  assert.equal(deliver?.attributes['roomcast.weight'], 4)
  assert.equal(deliver?.attributes['roomcast.connections'], 1)
  const [, , , commit] = await path(
    trace,
    'ingest SERVER POST /videocall/invite',
    'ingest PRODUCER send room.input.v1 CohostInviteRequested',
    'state-machine CONSUMER process room.input.v1 CohostInviteRequested',
    'state-machine CLIENT commit room.input.v1',
  )
  assert.ok(commit?.links.includes(decide?.spanId ?? ''))
  assert.ok(spansOf(trace).every(({ hasFailed }) => !hasFailed))
})

test('a mix is one trace through the video cloud and back; what the cloud says later begins its own', async (t) => {
  const trace = newTrace()
  const { b } = await mix(t, newTrace('00'), trace)
  const toCommand = [
    'ingest SERVER GET /ali/mix/availability/notify',
    'ingest PRODUCER send room.input.v1 MixAvailabilityNotified',
    'state-machine CONSUMER process room.input.v1 MixAvailabilityNotified',
    'state-machine PRODUCER send room.input.v1 PeerMessage',
    'state-machine CONSUMER process room.input.v1 PeerMessage',
    'mixer CONSUMER process mix.command.v1 StartMix',
  ]
  await path(trace, ...toCommand, 'mixer CLIENT VideoCloud/StartMix')
  await path(
    trace,
    ...toCommand,
    'mixer PRODUCER send room.input.v1 MixCommandAnswered',
    'state-machine CONSUMER process room.input.v1 MixCommandAnswered',
  )
  const pushed = (type: string): ReceivedSpan | undefined =>
    spansOf(trace).find((span) => stepOf(span) === `edge CONSUMER process push.signal.v1 ${type}`)
  for (const type of ['MixAvailable', 'MixSucceeded']) {
    await until(`${type} is in the trace`, () => pushed(type) !== undefined)
    assert.equal(pushed(type)?.attributes['roomcast.room.id'], b)
  }
  const told = (): readonly ReceivedSpan[] => receiver.spans.filter(({ name }) => name === 'GET /ali/mix/status/notify')
  await until('the cloud tells that the picture is there', () => told().length > 0)
  assert.ok(told().every(({ parentId }) => parentId === ''))
})

test('what its caller does not record is recorded nowhere, and says so up to the edge', async (t) => {
  const [invited, ready] = [newTrace('00'), newTrace('00')]
  await mix(t, invited, ready)
  assert.equal((await carriers(topics.pushSignal.name, ready)).get('MixSucceeded'), ready.traceparent)
  // Spans go out in order: what comes later is there, so what came earlier would be.
  const { b, client } = await openRooms(t)
  const last = newTrace()
  await post('/live/like', { roomId: b, uid: 'u' }, last)
  await client.waitForPush(7)
  await path(
    last,
    'ingest SERVER POST /live/like',
    'ingest PRODUCER send push.like.v1 Liked',
    'edge CONSUMER process push.like.v1 Liked',
  )
  assert.deepEqual([invited, ready].flatMap(spansOf), [])
})

// No test behind this one has invites that must wait.
test('a deadline begins a trace, which goes on to the sockets', async (t) => {
  await system.restart('state-machine', { env: { INVITE_TTL_MS: '300' } })
  const { client, invite } = await openRooms(t)
  // On a busy machine it runs out before it has reached the other room, and the answer rightly says so; the withdrawal comes either way.
  await system.app.post('/videocall/invite', invite, { traceparent: newTrace('00').traceparent })
  await client.waitForPush(101)
  const isOf = (span: ReceivedSpan, step: string): boolean => stepOf(span) === step
  await until('the withdrawal is in the trace of a deadline', () =>
    receiver.spans.some(
      (root) =>
        root.parentId === '' &&
        isOf(root, 'state-machine CONSUMER process room.input.v1 TimerFired') &&
        receiver.spans.some(
          (span) => span.traceId === root.traceId && isOf(span, 'edge CONSUMER process push.signal.v1 InviteExpired'),
        ),
    ),
  )
})

test('what waits is exported when a service stops', async (t) => {
  await system.restart('ingest', { env: { OTEL_BSP_SCHEDULE_DELAY: '600000' } })
  const { b } = await openRooms(t)
  const trace = newTrace()
  await post('/live/like', { roomId: b, uid: 'u' }, trace)
  assert.ok(spansOf(trace).every(({ service }) => service !== 'roomcast-ingest'))
  await system.restart('ingest', { env: { OTEL_BSP_SCHEDULE_DELAY: '50' } })
  await path(trace, 'ingest SERVER POST /live/like')
})

test('a collector that is away is told once and hurts nobody', async (t) => {
  await receiver.close()
  const { b, client } = await openRooms(t)
  const name = 'roomcast_trace_spans_dropped_total'
  for (let n = 0; n < 3; n++) {
    const before = await system.metric('ingest', name, 'reason="export"')
    const from = client.lines.length
    await post('/live/like', { roomId: b, uid: 'u' }, newTrace())
    await client.waitForPush(7, { from })
    await until('spans are lost', async () => (await system.metric('ingest', name, 'reason="export"')) > before)
  }
  const log = (await system.readLogs()).get('ingest') ?? ''
  assert.equal(log.split('traces are not taken by their collector').length, 2)
})

test('neither spans nor logs have users, names, texts, push addresses or keys', async () => {
  assert.ok(receiver.texts.length > 0)
  const { ingestApiKey } = system.environment
  for (const text of receiver.texts) {
    assert.doesNotMatch(text, new RegExp(`${secret}|auth_key|rtmp:|authorization|${ingestApiKey}`, 'i'))
  }
  for (const [name, log] of await system.readLogs()) assert.doesNotMatch(log, new RegExp(secret), name)
})
