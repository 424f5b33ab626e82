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

const second = 1_000
const startedAt = 1_700_000_000_000
const key = 'k'

/** Some instances of ingest with one Kafka; `clock.at` is their time. */
const start = async (context: TestContext, settings: Partial<HttpSettings> = {}, instances = 1) => {
  const events = createInMemoryEvents()
  const clock = { at: startedAt, now: () => clock.at }
  const metrics = createMetrics({ service: 'ingest' })
  const warnings: object[] = []
  const log = { ...silentLog, warn: (fields: object) => void warnings.push(fields) }
  const media = createMediaAddresses({
    pushHost: 'push.test',
    playHost: 'play.test',
    app: 'App',
    authKey: undefined,
    mixSuffix: '_mix',
  })
  const open = async () => {
    const http = await createHttp({
      intake: createIntake({
        events,
        outcomes: createInMemoryOutcomes(),
        rooms: createInMemoryRooms(),
        names: createNameMemory({ maxNames: 10 }),
        addresses: media,
        clock,
        newEventId: () => randomBytes(16).toString('hex'),
        sha256: (text) => createHash('sha256').update(text).digest('hex'),
      }),
      roomOf: media.roomOf,
      settings: {
        apiKeys: undefined,
        callbackKey: key,
        callbackAllow: undefined,
        callbackDomains: ['push.test', 'play.test'],
        trustedProxies: undefined,
        rateLimitPerSecond: 0,
        maxBodyBytes: 16_384,
        ...settings,
      },
      clock,
      metrics: instances === 1 ? metrics : createMetrics({ service: 'ingest' }),
      tracing: tracingOff,
      log,
    })
    context.after(() => http.close())
    return http
  }
  const all = await Promise.all(Array.from({ length: instances }, open))
  const [http = await open()] = all
  /** The status with which a callback from an address is answered. */
  const call = async (
    url: string,
    { headers = signedAt(clock.at), from = '127.0.0.1', at = http }: CallOptions & { at?: typeof http } = {},
  ): Promise<number> => (await at.inject({ url, headers, remoteAddress: from })).statusCode
  const refused = async (reason: string): Promise<number> => {
    const text = await metrics.metrics()
    const [, count] = new RegExp(`callbacks_refused_total\\{.*reason="${reason}".*\\} (\\d+)`).exec(text) ?? []
    return Number(count)
  }
  return { all, http, events, clock, call, refused, warnings, metrics }
}

type CallOptions = { readonly headers?: Record<string, string>; readonly from?: string }

const signedAt = (ms: number): Record<string, string> => {
  const timestamp = String(Math.floor(ms / second))
  const signature = createHash('md5').update(`push.test|${timestamp}|${key}`).digest('hex')
  return { 'ali-live-timestamp': timestamp, 'ali-live-signature': signature }
}

const publish = '/ali/stream/notify?action=publish&id=r1'
const available = '/ali/mix/availability/notify?Stream=r1&Event=MixAvailable'
const status = '/ali/mix/status/notify?MainMixStream=r1&MixStream=r2&Event=EventMix&Code=Success'
const paths = [publish, available, status]

test('a signed callback without a time counts as old as its signature, never newer than now', async (context) => {
  const { events, clock, call } = await start(context)
  const old = signedAt(clock.at - 40 * second)
  const ahead = signedAt(clock.at + 40 * second)
  for (const headers of [old, ahead]) for (const url of [publish, available]) await call(url, { headers })
  assert.deepEqual(
    events.appended.map(({ record }) => 'cloudTime' in record && record.cloudTime),
    [clock.at - 40 * second, clock.at - 40 * second, clock.at, clock.at],
  )
})

test('the time that a callback says counts before that of its signature', async (context) => {
  const { events, call } = await start(context)
  await call(`${publish}&time=1699999900`)
  await call(`${available}&time=1699999901`)
  assert.deepEqual(
    events.appended.map(({ record }) => 'cloudTime' in record && record.cloudTime),
    [1_699_999_900_000, 1_699_999_901_000],
  )
})

test('without signatures nobody knows how old a callback is', async (context) => {
  const { events, call } = await start(context, { callbackKey: undefined })
  await call(publish, { headers: signedAt(startedAt) })
  assert.partialDeepStrictEqual(events.appended, [{ record: { cloudTime: null } }])
})

test('a repeated callback of a mix has the event id of the first, at every instance', async (context) => {
  for (const url of [available, status]) {
    const { all, events, clock, call } = await start(context, {}, 2)
    const headers = signedAt(clock.at)
    for (const at of [...all, ...all]) {
      clock.at += second
      assert.equal(await call(url, { headers, at }), 200)
    }
    const [first, second_] = events.appended
    assert.equal(events.appended.length, 2, 'each instance writes it once')
    assert.equal(first?.record.eventId, second_?.record.eventId)
  }
})

test('with a time the same words are the same callback, also when they are signed anew', async (context) => {
  const { events, clock, call } = await start(context)
  for (let attempt = 0; attempt < 3; attempt++) {
    await call(`${status}&time=1700000000`, { headers: signedAt(clock.at) })
    clock.at += 20 * second
  }
  assert.equal(events.appended.length, 1)
})

test('an unsigned callback is recognised by its time, and without one each is another', async (context) => {
  const { events, call } = await start(context, { callbackKey: undefined })
  for (const url of [`${status}&time=1700000000`, `${status}&time=1700000000`, status, status])
    assert.equal(await call(url, { headers: {} }), 200)
  assert.equal(events.appended.length, 3)
})

test('other words, another second or another path are another callback', async (context) => {
  const { events, clock, call } = await start(context)
  const headers = signedAt(clock.at)
  await call(status, { headers })
  await call(`${status}&Message=slow`, { headers })
  await call(`${status}&time=1700000000`, { headers })
  await call(`${status}&time=1700000001`, { headers })
  await call(status, { headers: signedAt(clock.at + second) })
  await call(available, { headers })
  assert.equal(new Set(events.appended.map(({ record }) => record.eventId)).size, 6)
})

test('stream callbacks of one second are each written: a stream may start, break and start again in it', async (context) => {
  const { events, clock, call } = await start(context)
  const headers = signedAt(clock.at)
  for (const action of ['publish', 'publish_done', 'publish'])
    await call(`/ali/stream/notify?action=${action}&id=r1`, { headers })
  assert.equal(new Set(events.appended.map(({ record }) => record.eventId)).size, 3)
})

test('a callback that Kafka did not take is not known as a repeat', async (context) => {
  const { events, clock, call } = await start(context)
  const headers = signedAt(clock.at)
  events.goAway()
  assert.equal(await call(status, { headers }), 503)
  events.comeBack()
  assert.equal(await call(status, { headers }), 200)
  assert.equal(events.appended.length, 1)
})

test('refused callbacks are counted by reason and write nothing', async (context) => {
  const { events, clock, call, refused } = await start(context, { callbackAllow: ['192.0.2.0/24'] })
  const from = '192.0.2.1'
  for (const url of paths) {
    assert.equal(await call(url, { from: '192.0.3.1' }), 403)
    assert.equal(await call(url, { from, headers: {} }), 401)
    assert.equal(await call(url, { from, headers: signedAt(clock.at - 301 * second) }), 403)
    assert.equal(await call(url, { from, headers: { ...signedAt(clock.at), 'ali-live-signature': 'x' } }), 403)
  }
  for (const reason of ['address', 'unsigned', 'stale', 'forged']) assert.equal(await refused(reason), 3, reason)
  assert.deepEqual(events.appended, [])
})

test('callbacks come from the addresses that are allowed, also when these are mapped into IPv6', async (context) => {
  const { call } = await start(context, { callbackAllow: ['203.0.113.0/24', '2001:db8::/32'], callbackKey: undefined })
  for (const from of ['203.0.113.7', '::ffff:203.0.113.7', '::ffff:cb00:7107', '2001:db8::7'])
    for (const url of paths) assert.equal(await call(url, { from, headers: {} }), 200, from)
  for (const from of ['203.0.114.7', '::ffff:203.0.114.7', '2001:db9::7', '127.0.0.1', '::1'])
    for (const url of paths) assert.equal(await call(url, { from, headers: {} }), 403, from)
})

test('the allowed addresses are for callbacks alone', async (context) => {
  const { http } = await start(context, { callbackAllow: ['203.0.113.7'] })
  assert.equal((await http.inject({ url: '/live/list', remoteAddress: '198.51.100.1' })).statusCode, 200)
  assert.equal((await http.inject({ url: '/openapi.json', remoteAddress: '198.51.100.1' })).statusCode, 200)
})

test('X-Forwarded-For of somebody who is no trusted proxy changes nothing', async (context) => {
  const { call } = await start(context, { callbackAllow: ['203.0.113.7'], callbackKey: undefined })
  const headers = { 'x-forwarded-for': '203.0.113.7' }
  assert.equal(await call(publish, { from: '198.51.100.1', headers }), 403)
  assert.equal(await call(publish, { from: '203.0.113.7', headers: { 'x-forwarded-for': '198.51.100.1' } }), 200)
})

test('behind trusted proxies the caller is the last address that is not one of them', async (context) => {
  const settings = {
    callbackAllow: ['203.0.113.7'],
    trustedProxies: ['10.0.0.0/8', '2001:db8::1'],
    callbackKey: undefined,
  }
  const { call } = await start(context, settings)
  const statusOf = (forwarded: string, from = '10.0.0.1') =>
    call(publish, { from, headers: forwarded === '' ? {} : { 'x-forwarded-for': forwarded } })
  assert.equal(await statusOf('203.0.113.7'), 200)
  assert.equal(await statusOf('::ffff:203.0.113.7'), 200)
  assert.equal(await statusOf('203.0.113.7', '::ffff:10.0.0.1'), 200)
  assert.equal(await statusOf('203.0.113.7', '2001:db8::1'), 200)
  assert.equal(await statusOf('203.0.113.7, 10.2.0.1'), 200)
  // what stands in front was written by the caller
  assert.equal(await statusOf('203.0.113.7, 198.51.100.1'), 403)
  assert.equal(await statusOf('203.0.113.7, 198.51.100.1, 10.2.0.1'), 403)
  assert.equal(await statusOf('198.51.100.1, 203.0.113.7'), 200)
  // another proxy, nobody, or no address at all
  assert.equal(await statusOf('203.0.113.7', '11.0.0.1'), 403)
  assert.equal(await statusOf(''), 403)
  for (const garbage of ['unknown', '203.0.113.7:80', '[203.0.113.7]', ',', 'x'.repeat(5_000)])
    assert.equal(await statusOf(garbage), 403, garbage)
})

test('the limit of requests by address counts the caller behind a trusted proxy, and one address once', async (context) => {
  const settings = { callbackKey: undefined, rateLimitPerSecond: 2, trustedProxies: ['10.0.0.1'] }
  const { call } = await start(context, settings)
  const callAs = (forwarded: string, from = '10.0.0.1') =>
    call(publish, { from, headers: { 'x-forwarded-for': forwarded } })
  // more than fit into two windows of a second
  const one = [
    '198.51.100.1',
    '::ffff:198.51.100.1',
    '::FFFF:c633:6401',
    '0:0:0:0:0:ffff:198.51.100.1',
    '1.1.1.1, ::ffff:c633:6401',
  ]
  assert.ok((await Promise.all(one.map((forwarded) => callAs(forwarded)))).includes(429))
  assert.equal(await callAs('198.51.100.2'), 200)
  const spoofed = await Promise.all([1, 2, 3, 4, 5].map((last) => callAs(`198.51.100.${last}`, '10.0.0.2')))
  assert.ok(spoofed.includes(429))
})

test('callers from allowed addresses are not limited', async (context) => {
  const { call } = await start(context, { callbackKey: undefined, callbackAllow: ['127.0.0.1'], rateLimitPerSecond: 1 })
  for (let count = 0; count < 5; count++) assert.equal(await call(publish), 200)
})

test('a refused address is in the log once a minute, cut short, and in no label', async (context) => {
  const { clock, call, warnings, metrics } = await start(context, {
    callbackAllow: ['203.0.113.7'],
    trustedProxies: ['10.0.0.1'],
  })
  await call(publish, { from: '198.51.100.1' })
  await call(publish, { from: '198.51.100.2' })
  clock.at += 60 * second
  await call(publish, { from: '10.0.0.1', headers: { 'x-forwarded-for': 'x'.repeat(1_000) } })
  assert.deepEqual(warnings, [{ address: '198.51.100.1' }, { address: 'x'.repeat(64) }])
  assert.doesNotMatch(await metrics.metrics(), /198\.51/)
})

test('the description tells of signatures and refusals', async (context) => {
  const { http } = await start(context)
  const description = (await http.inject('/openapi.json')).json()
  const { get } = description.paths['/ali/mix/status/notify']
  assert.deepEqual(Object.keys(get.responses), ['200', '400', '401', '403', '429', '500', '503'])
  const headers = get.parameters.filter((parameter: { in: string }) => parameter.in === 'header')
  assert.deepEqual(
    headers.map(({ name, required = false }: { name: string; required?: boolean }) => [name, required]),
    [
      ['ali-live-timestamp', false],
      ['ali-live-signature', false],
    ],
  )
})
