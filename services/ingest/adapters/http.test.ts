import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../../shared/log.ts'
import { createMediaAddresses } from '../../shared/media.ts'
import { createMetrics } from '../../shared/metrics.ts'
import { tracingOff } from '../../shared/tracing/tracing.ts'
import { createNameMemory } from '../domain/names.ts'
import { createInMemoryEvents, createInMemoryOutcomes, createInMemoryRooms } from '../in-memory.ts'
import { createIntake } from '../intake.ts'
import { createHttp, type HttpSettings } from './http.ts'

const now = 1_700_000_000_000
const apiKey = 'a-key-of-sixteen-or-more'

const start = async (context: TestContext, settings: Partial<HttpSettings> = {}) => {
  const events = createInMemoryEvents()
  const rooms = createInMemoryRooms()
  const media = createMediaAddresses({
    pushHost: 'push.test',
    playHost: 'play.test',
    app: 'App',
    authKey: undefined,
    mixSuffix: '_mix',
  })
  const clock = { now: () => now }
  const metrics = createMetrics({ service: 'ingest' })
  const intake = createIntake({
    events,
    outcomes: createInMemoryOutcomes(),
    rooms,
    names: createNameMemory({ maxNames: 10 }),
    addresses: media,
    clock,
    newEventId: () => randomBytes(16).toString('hex'),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  })
  const http = await createHttp({
    intake,
    roomOf: media.roomOf,
    settings: {
      apiKeys: undefined,
      callbackKey: undefined,
      callbackDomains: ['push.test', 'play.test'],
      callbackAllow: undefined,
      trustedProxies: undefined,
      rateLimitPerSecond: 0,
      maxBodyBytes: 16_384,
      ...settings,
    },
    clock,
    metrics,
    tracing: tracingOff,
    log: silentLog,
  })
  context.after(() => http.close())
  const post = (url: string, body: object, headers: Record<string, string> = {}) =>
    http.inject({ method: 'POST', url, body, headers })
  return { http, events, rooms, metrics, post }
}

const valid = {
  '/live/create': { uid: 'ann' },
  '/live/leave': { roomId: 'r1' },
  '/live/play': { roomId: 'r1', uid: 'ann' },
  '/live/audience/leave': { roomId: 'r1', uid: 'ann' },
  '/live/comment': { roomId: 'r1', uid: 'ann', comment: 'hi' },
  '/live/like': { roomId: 'r1', uid: 'ann' },
  '/videocall/invite': { inviterUid: 'ann', inviteeUid: 'bob', liveRoomId: 'r1', inviterType: 2 },
  '/videocall/cancel': { inviterUid: 'ann', liveRoomId: 'r1' },
  '/videocall/feedback': { inviterUid: 'ann', inviteeUid: 'bob', liveRoomId: 'r1', status: 1 },
  '/videocall/close': { closeRoomId: 'r1', notifiedRoomId: 'r2' },
} as const

const live = {
  roomId: 'r1',
  uid: 'ann',
  name: 'Ann',
  description: null,
  status: 1,
  type: 2,
  mixReady: false,
  mixed: false,
  createdAt: 1,
  invites: [],
  sessionPairs: [],
}

test('every path takes its smallest body, as JSON and as a form, and writes the same record', async (context) => {
  const { http, events, rooms, post } = await start(context)
  rooms.table.put(live)
  for (const [url, body] of Object.entries(valid)) {
    const asJson = await post(url, body)
    assert.ok([200, 202].includes(asJson.statusCode), `${url}: ${asJson.body}`)
    const asForm = await http.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(
        Object.entries(body).map(([key, value]): [string, string] => [key, String(value)]),
      ).toString(),
    })
    assert.equal(asForm.statusCode, asJson.statusCode, url)
    const [one, other] = events.appended.splice(0)
    assert.equal(one?.type, other?.type)
    if (url !== '/live/create') assert.equal(one?.record.roomId, other?.record.roomId)
  }
})

type Bad = readonly [path: keyof typeof valid, field: string, value: unknown]

test('a field that is missing or bad is refused with 400 and its name', async (context) => {
  const { events, post } = await start(context)
  const missing = Object.entries(valid)
    .flatMap(([path, body]) => Object.keys(body).map((field) => [path, field, undefined] as Bad))
    .filter(([path, field]) => path !== '/videocall/feedback' || field !== 'liveRoomId')
  const bad: readonly Bad[] = [
    ...missing,
    ['/live/create', 'uid', ''],
    ['/live/create', 'uid', 'u'.repeat(129)],
    ['/live/create', 'uid', 1.5],
    ['/live/create', 'uid', 2 ** 53],
    ['/live/create', 'uid', true],
    ['/live/create', 'uid', ['ann']],
    ['/live/create', 'name', 'n'.repeat(257)],
    ['/live/create', 'name', 7],
    ['/live/create', 'desc', 'd'.repeat(4097)],
    ['/live/leave', 'roomId', 'r-1'],
    ['/live/leave', 'roomId', 'r'.repeat(65)],
    ['/live/leave', 'roomId', -1],
    ['/live/leave', 'roomId', ''],
    ['/live/comment', 'comment', ''],
    ['/live/comment', 'comment', 7],
    ['/live/like', 'count', 0],
    ['/live/like', 'count', 1001],
    ['/live/like', 'count', '1.5'],
    ['/live/like', 'count', 'many'],
    ['/videocall/invite', 'inviterType', 3],
    ['/videocall/invite', 'inviterType', '2.0'],
    ['/videocall/invite', 'type', 'diagonal'],
    ['/videocall/invite', 'inviteeRoomId', 'r 2'],
    ['/videocall/feedback', 'status', 0],
    ['/videocall/feedback', 'liveRoomId', '/'],
    ['/videocall/feedback', 'inviteeType', 'x'],
    ['/videocall/cancel', 'inviteeUid', {}],
  ]
  for (const [path, field, value] of bad) {
    const response = await post(path, { ...valid[path], [field]: value })
    assert.equal(response.statusCode, 400, `${path} ${field} ${JSON.stringify(value)}: ${response.body}`)
    const { code, message, data } = response.json()
    assert.equal(code, 400)
    assert.deepEqual(data, { field }, `${path} ${field}`)
    assert.ok(message.startsWith(`${field}: `), message)
  }
  assert.deepEqual(events.appended, [])
})

test('a comment as long as the bound is taken, a longer one is not', async (context) => {
  const { post } = await start(context, { maxBodyBytes: 100_000 })
  const commentOf = (length: number) =>
    post('/live/comment', { ...valid['/live/comment'], comment: 'c'.repeat(length) })
  assert.equal((await commentOf(16_384)).statusCode, 200)
  assert.deepEqual((await commentOf(16_385)).json().data, { field: 'comment' })
})

test('ids may be numbers, numbers may be decimal strings, what is empty or unknown is left out', async (context) => {
  const { events, post } = await start(context)
  await post('/videocall/invite', {
    inviterUid: 1,
    inviterName: '',
    inviteeUid: Number.MAX_SAFE_INTEGER,
    inviteeName: null,
    liveRoomId: 42,
    inviteeRoomId: '',
    type: '',
    inviterType: '1',
    extra: { ignored: true },
  })
  assert.partialDeepStrictEqual(events.appended[0], {
    type: 'CohostInviteRequested',
    record: {
      roomId: '42',
      occurredAt: now,
      inviterUid: '1',
      inviterName: null,
      inviteeUid: '9007199254740991',
      inviteeName: null,
      inviteeRoomId: null,
      type: 'picture_in_picture',
      inviterType: 1,
    },
  })
  await post('/live/like', { roomId: 'r1', uid: 'ann', count: '1000' })
  assert.partialDeepStrictEqual(events.appended[1]?.record, { count: 1000 })
})

test('close is also taken with the room spelt closeRooomId; the right spelling counts first', async (context) => {
  const { http, events, post } = await start(context)
  await post('/videocall/close', { closeRooomId: 'r1', notifiedRoomId: 'r2' })
  await http.inject({
    method: 'POST',
    url: '/videocall/close',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: 'closeRooomId=r1&notifiedRoomId=r2',
  })
  await post('/videocall/close', { closeRooomId: 'r3', closeRoomId: 'r1', notifiedRoomId: 'r2' })
  assert.deepEqual(
    events.appended.map(({ record }) => record.roomId),
    ['r1', 'r1', 'r1'],
  )
})

test('a body that is not one object of the field, or no body, is refused with 400', async (context) => {
  const { http } = await start(context)
  const json = { 'content-type': 'application/json' }
  const url = '/live/leave'
  for (const payload of ['{', '"r1"', '[]', 'null', '{"roomId":"r1"} ,']) {
    const response = await http.inject({ method: 'POST', url, headers: json, payload })
    assert.equal(response.statusCode, 400, payload)
    assert.equal(response.json().code, 400)
  }
  const empty = await http.inject({ method: 'POST', url })
  assert.deepEqual(empty.json(), { code: 400, message: 'roomId: is missing', data: { field: 'roomId' } })
})

test('a malformed body is not echoed', async (context) => {
  const { http } = await start(context)
  const headers = { 'content-type': 'application/json' }
  const response = await http.inject({ method: 'POST', url: '/live/leave', headers, payload: '{"token": hunter2' })
  assert.deepEqual(response.json(), { code: 400, message: 'body: is not valid', data: { field: 'body' } })
})

test('another content type is 415, a body over the limit 413, both as JSON', async (context) => {
  const { http, post } = await start(context, { maxBodyBytes: 100 })
  const asText = await http.inject({
    method: 'POST',
    url: '/live/leave',
    headers: { 'content-type': 'text/plain' },
    payload: 'roomId=r1',
  })
  assert.equal(asText.statusCode, 415)
  assert.equal(asText.json().code, 415)
  const tooLarge = await post('/live/comment', { ...valid['/live/comment'], comment: 'c'.repeat(100) })
  assert.equal(tooLarge.statusCode, 413)
  assert.equal(tooLarge.json().code, 413)
})

test('an unknown path is 404, a wrong method 405 with the right one', async (context) => {
  const { http } = await start(context)
  const unknown = await http.inject('/nowhere?a=b')
  assert.equal(unknown.statusCode, 404)
  assert.equal(unknown.json().code, 404)
  const wrong = await http.inject({ method: 'DELETE', url: '/live/list?a=b' })
  assert.equal(wrong.statusCode, 405)
  assert.equal(wrong.headers.allow, 'GET, POST')
  assert.equal((await http.inject({ method: 'HEAD', url: '/ali/stream/notify?action=publish&id=r1' })).statusCode, 405)
  assert.equal((await http.inject('/%zz')).statusCode, 400)
})

test('the list is to be had by GET and by POST, with and without a body', async (context) => {
  const { http, rooms, post } = await start(context)
  rooms.table.put(live)
  for (const response of [
    await http.inject('/live/list'),
    await http.inject('/live/list?roomId=r1'),
    await http.inject({ method: 'POST', url: '/live/list' }),
    await post('/live/list', { roomId: 'r1' }),
  ]) {
    assert.equal(response.statusCode, 200)
    assert.deepEqual(
      response.json().data.map(({ roomId }: { roomId: string }) => roomId),
      ['r1'],
    )
  }
  assert.deepEqual((await http.inject('/live/list?roomId=-')).json().data, { field: 'roomId' })
})

test('what is not decided is 202 with its request id, and can be asked for', async (context) => {
  const { http, events, post } = await start(context)
  const response = await post('/live/leave', { roomId: 'r1' })
  const requestId = events.appended[0]?.record.eventId
  assert.equal(response.statusCode, 202)
  assert.deepEqual(response.json(), { code: 202, message: 'accepted, not decided yet', data: { requestId } })
  assert.equal(response.headers['cache-control'], 'no-store')
  assert.equal((await http.inject(`/requests/${requestId}`)).statusCode, 202)
  assert.equal((await http.inject('/requests/unknown')).statusCode, 404)
})

test('while Kafka is away every path that writes answers 503 with Retry-After', async (context) => {
  const { http, events, rooms, post } = await start(context)
  rooms.table.put(live)
  events.goAway()
  for (const [url, body] of Object.entries(valid)) {
    const response = await post(url, body)
    assert.equal(response.statusCode, 503, url)
    assert.equal(response.json().code, 503)
    assert.equal(response.headers['retry-after'], '1')
  }
  assert.equal((await http.inject('/ali/stream/notify?action=publish&id=r1')).statusCode, 503)
})

test('an idempotency key makes a repeat the same request; one that is too long is refused by name', async (context) => {
  const { events, post } = await start(context)
  const key = { 'idempotency-key': 'once' }
  const first = await post('/live/create', { uid: 'ann' }, key)
  const second = await post('/live/create', { uid: 'ann' }, key)
  assert.deepEqual(first.json(), second.json())
  assert.equal(events.appended.length, 1)
  const tooLong = await post('/live/create', { uid: 'ann' }, { 'idempotency-key': 'k'.repeat(257) })
  assert.deepEqual(tooLong.json().data, { field: 'idempotency-key' })
})

test('with keys configured, requests need one: 401 without, 403 with a wrong one', async (context) => {
  const { http, events, post } = await start(context, { apiKeys: [apiKey] })
  const body = valid['/live/leave']
  const without = await post('/live/leave', body)
  assert.equal(without.statusCode, 401)
  assert.equal(without.json().code, 401)
  assert.equal(without.headers['www-authenticate'], 'Bearer')
  assert.equal((await post('/live/leave', body, { authorization: 'Bearer not-one-of-our-keys' })).statusCode, 403)
  assert.equal((await http.inject('/requests/any')).statusCode, 401)
  assert.equal((await http.inject('/live/list')).statusCode, 401)
  assert.deepEqual(events.appended, [])
  assert.equal((await post('/live/leave', body, { authorization: `Bearer ${apiKey}` })).statusCode, 202)
})

test('the description is open to everybody, and lists every path', async (context) => {
  const { http } = await start(context, { apiKeys: [apiKey], callbackKey: 'k' })
  const description = (await http.inject('/openapi.json')).json()
  const documented = Object.keys(description.paths)
  for (const path of [...Object.keys(valid), '/live/list', '/requests/{requestId}', '/ali/mix/status/notify']) {
    assert.ok(documented.includes(path), path)
  }
  const create = description.paths['/live/create'].post
  assert.deepEqual(create.requestBody.content['application/json'].schema.required, ['uid'])
  assert.ok(create.requestBody.content['application/x-www-form-urlencoded'])
  const page = await http.inject('/docs/')
  assert.equal(page.statusCode, 200)
  assert.doesNotMatch(page.body, /(src|href)="https?:/)
})

test('past the limit of requests a second a caller gets 429 with Retry-After, others do not', async (context) => {
  const otherKey = 'another-key-of-sixteen'
  const { post } = await start(context, { apiKeys: [apiKey, otherKey], rateLimitPerSecond: 2 })
  const like = (key: string) => post('/live/like', valid['/live/like'], { authorization: `Bearer ${key}` })
  // more than fit into two windows of a second
  const responses = await Promise.all(Array.from({ length: 5 }, () => like(apiKey)))
  const refused = responses.filter(({ statusCode }) => statusCode === 429)
  assert.ok(refused.length > 0)
  assert.equal(refused[0]?.json().code, 429)
  assert.equal(refused[0]?.headers['retry-after'], '1')
  assert.equal((await like(otherKey)).statusCode, 200)
})

test('stream callbacks become records of the room, without the suffix of the stream', async (context) => {
  const { http, events } = await start(context)
  assert.equal(
    (await http.inject('/ali/stream/notify?action=publish&id=r1_mix&app=App&time=1700000000')).statusCode,
    200,
  )
  assert.equal((await http.inject('/ali/stream/notify?action=publish_done&id=r1')).statusCode, 200)
  assert.partialDeepStrictEqual(events.appended, [
    { type: 'StreamNotified', record: { roomId: 'r1', action: 'publish', cloudTime: 1_700_000_000_000 } },
    { type: 'StreamNotified', record: { roomId: 'r1', action: 'publish_done', cloudTime: null } },
  ])
})

test('mix callbacks become records of the main stream, with the defaults of what is left out', async (context) => {
  const { http, events } = await start(context)
  const status = '/ali/mix/status/notify?MainMixDomain=d&MainMixApp=App&MainMixStream=r1&MixStream=r2_mix'
  await http.inject('/ali/mix/availability/notify?Domain=d&App=App&Stream=r1_mix&Event=MixAvailable')
  await http.inject(`${status}&Event=EventMix&Code=Success`)
  await http.inject(
    `${status}&Event=MixResult&Code=InternalError&Message=no+luck&MixType=stream&MixTemplate=side_by_side`,
  )
  assert.partialDeepStrictEqual(events.appended, [
    { type: 'MixAvailabilityNotified', record: { roomId: 'r1', cloudTime: null } },
    {
      type: 'MixStatusNotified',
      record: {
        roomId: 'r1',
        mixRoomId: 'r2',
        mixType: 'channel',
        mixTemplate: 'picture_in_picture',
        event: 'EventMix',
        code: 'Success',
        message: '',
      },
    },
    {
      type: 'MixStatusNotified',
      record: { mixType: 'stream', mixTemplate: 'side_by_side', code: 'InternalError', message: 'no luck' },
    },
  ])
})

test('a callback with a missing or garbled parameter is refused with 400 and its name', async (context) => {
  const { http, events } = await start(context)
  const status = '/ali/mix/status/notify?MainMixStream=r1&MixStream=r2&Event=EventMix&Code=Success'
  const bad: readonly [url: string, field: string][] = [
    ['/ali/stream/notify?id=r1', 'action'],
    ['/ali/stream/notify?action=record&id=r1', 'action'],
    ['/ali/stream/notify?action=publish', 'id'],
    ['/ali/stream/notify?action=publish&id=', 'id'],
    ['/ali/stream/notify?action=publish&id=r/1', 'id'],
    ['/ali/stream/notify?action=publish&id=r1&id=r2', 'id'],
    ['/ali/stream/notify?action=publish&id=r1&time=now', 'time'],
    ['/ali/mix/availability/notify?Stream=r1&Event=Other', 'Event'],
    ['/ali/mix/availability/notify?Event=MixAvailable', 'Stream'],
    [status.replace('MainMixStream=r1', ''), 'MainMixStream'],
    [status.replace('&MixStream=r2', ''), 'MixStream'],
    [status.replace('EventMix', 'EventNone'), 'Event'],
    [status.replace('Code=Success', ''), 'Code'],
    [`${status}&MixType=triangle`, 'MixType'],
  ]
  for (const [url, field] of bad) {
    const response = await http.inject(url)
    assert.equal(response.statusCode, 400, url)
    assert.deepEqual(response.json().data, { field }, url)
  }
  assert.deepEqual(events.appended, [])
})

test('with a callback key configured, callbacks need a signature and no API key', async (context) => {
  const { http, events } = await start(context, { apiKeys: [apiKey], callbackKey: 'k', rateLimitPerSecond: 1 })
  const url = '/ali/stream/notify?action=publish&id=r1'
  const signature = createHash('md5').update('play.test|1700000000|k').digest('hex')
  const headers = { 'ali-live-signature': signature, 'ali-live-timestamp': '1700000000' }
  assert.equal((await http.inject({ url })).statusCode, 401)
  assert.equal((await http.inject({ url, headers: { ...headers, 'ali-live-signature': 'wrong' } })).statusCode, 403)
  assert.deepEqual(events.appended, [])
  // what is signed is not limited
  for (let count = 0; count < 5; count++) assert.equal((await http.inject({ url, headers })).statusCode, 200)
})

test('requests are timed by route and status, never by what they name', async (context) => {
  const { http, metrics, post } = await start(context)
  await post('/live/leave', { roomId: 'secretroom' })
  await http.inject('/requests/secretroom')
  await http.inject('/secretroom')
  const text = await metrics.metrics()
  assert.match(text, /roomcast_ingest_request_seconds_count\{.*route="\/live\/leave",status="202".*\} 1/)
  assert.match(text, /route="\/requests\/:requestId",status="404"/)
  assert.doesNotMatch(text, /secretroom/)
})

test('what is refused before it becomes an event is counted by the code of its answer, and nothing else is', async (context) => {
  const { http, rooms, events, metrics, post } = await start(context, { apiKeys: [apiKey], maxBodyBytes: 1_000 })
  rooms.table.put(live)
  const authorization = `Bearer ${apiKey}`
  const send = (url: string, payload: string, type = 'application/json') =>
    http.inject({ method: 'POST', url, headers: { authorization, 'content-type': type }, payload })
  await post('/live/like', valid['/live/like'])
  await post('/live/like', valid['/live/like'], { authorization: 'Bearer somebody-elses-key' })
  await post('/live/like', { roomId: 'r1' }, { authorization })
  await send('/live/like', '{"roomId":')
  await send('/live/like', JSON.stringify({ ...valid['/live/like'], more: 'x'.repeat(2_000) }))
  await send('/live/like', '<like/>', 'application/xml')
  await http.inject('/nowhere')
  await http.inject('/live/like')
  await post('/live/play', { roomId: 'r7', uid: 'ann' }, { authorization })
  await post('/videocall/feedback', { inviterUid: 'x', inviteeUid: 'y', status: 1 }, { authorization })
  assert.deepEqual(events.appended, [])
  assert.equal((await post('/live/like', valid['/live/like'], { authorization })).statusCode, 200)
  assert.equal((await post('/live/play', valid['/live/play'], { authorization })).statusCode, 200)
  assert.equal((await post('/live/leave', valid['/live/leave'], { authorization })).statusCode, 202)

  const counted = await metrics.getSingleMetric('roomcast_ingest_refusals_total')?.get()
  const codes = counted?.values.map(({ labels, value }): [string, number] => [String(labels['code']), value])
  assert.deepEqual(Object.fromEntries(codes ?? []), {
    400: 2,
    401: 1,
    403: 1,
    404: 1,
    405: 1,
    413: 1,
    415: 1,
    429: 0,
    2003: 1,
    3404: 1,
    other: 0,
  })
})
