import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { startCallbackServer } from '../../../test/support/callback-server.ts'
import type { Callback } from '../../../test/support/callback-server.ts'
import { silentLog } from '../../shared/log.ts'
import type { CloudCallback } from '../domain/callback.ts'
import { createCallbacks } from './callbacks.ts'
import type { CallbacksOptions } from './callbacks.ts'

const publish = (roomId: string): CloudCallback => ({ kind: 'stream', action: 'publish', roomId })
const publishDone = (roomId: string): CloudCallback => ({ kind: 'stream', action: 'publish_done', roomId })
const available = (roomId: string): CloudCallback => ({ kind: 'availability', roomId })

const openFor = async (
  t: TestContext,
  answer: (nth: number, callback: Callback) => number | Promise<number> = () => 200,
  options: Partial<CallbacksOptions> = {},
) => {
  const ingest = await startCallbackServer({ answer })
  const callbacks = createCallbacks({
    ingestUrl: ingest.url,
    callbackKey: undefined,
    pushHost: 'push.example',
    playHost: 'play.example',
    app: 'Demo',
    giveUp: { afterMs: 60_000 },
    log: silentLog,
    ...options,
  })
  t.after(async () => {
    await callbacks.close()
    await ingest.close()
  })
  /** What came, as `room:word`. */
  const received = (): readonly string[] =>
    ingest.received.map(({ query }) => `${query['id'] ?? query['Stream']}:${query['action'] ?? query['Event']}`)
  return { ingest, callbacks, received }
}

test('a callback is a GET with the query of the contract, and true once it is answered 200', async (t) => {
  const { ingest, callbacks } = await openFor(t)
  const before = Math.floor(Date.now() / 1_000)
  assert.equal(await callbacks.send(publish('a')), true)
  const [callback] = ingest.received
  assert.equal(callback?.path, '/ali/stream/notify')
  const { time, ...query } = callback.query
  assert.deepEqual(query, { action: 'publish', id: 'a', app: 'push.example', appname: 'Demo' })
  assert.ok(Number(time) >= before && Number(time) <= Date.now() / 1_000)
  assert.equal(callback.headers['ali-live-signature'], undefined)
})

test('callbacks are signed with the key for the domain that they are about', async (t) => {
  const { ingest, callbacks } = await openFor(t, () => 200, { callbackKey: 'k' })
  await callbacks.send(publish('a'))
  await callbacks.send(available('a'))
  assert.deepEqual(
    ingest.received.map(({ headers }) => headers['ali-live-signature']),
    ['push.example', 'play.example'].map((domain, nth) =>
      createHash('md5')
        .update(`${domain}|${String(ingest.received[nth]?.headers['ali-live-timestamp'])}|k`)
        .digest('hex'),
    ),
  )
})

test('callbacks of a room keep their order over failures, and those of another room do not wait for them', async (t) => {
  const { callbacks, received, ingest } = await openFor(t, (_, { query }) =>
    query['id'] === 'slow' && ingest.received.filter((one) => one.query['id'] === 'slow').length < 4 ? 503 : 200,
  )
  const slow = [publish('slow'), available('slow'), publishDone('slow')].map((callback) => callbacks.send(callback))
  await Promise.all([publish('b'), available('b'), publishDone('b')].map((callback) => callbacks.send(callback)))
  assert.ok(!received().includes('slow:MixAvailable'))
  assert.deepEqual(await Promise.all(slow), [true, true, true])
  const of = (room: string) => received().filter((word) => word.startsWith(`${room}:`))
  assert.deepEqual(of('b'), ['b:publish', 'b:MixAvailable', 'b:publish_done'])
  assert.deepEqual(of('slow'), [
    ...Array.from({ length: 4 }, () => 'slow:publish'),
    'slow:MixAvailable',
    'slow:publish_done',
  ])
})

test('a retry tells the time at which it happened, and is signed afresh', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
  const { callbacks, ingest } = await openFor(
    t,
    (nth) => {
      t.mock.timers.setTime(1_700_000_000_000 + nth * 60_000)
      return nth < 3 ? 500 : 200
    },
    { callbackKey: 'k' },
  )
  assert.equal(await callbacks.send(publish('a')), true)
  assert.deepEqual(
    ingest.received.map(({ query, headers }) => [query['time'], headers['ali-live-timestamp']]),
    [
      ['1700000000', '1700000000'],
      ['1700000000', '1700000060'],
      ['1700000000', '1700000120'],
    ],
  )
})

test('the time of a callback never goes back, though the clock does', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
  const { callbacks, ingest } = await openFor(t)
  await callbacks.send(publish('a'))
  t.mock.timers.setTime(1_600_000_000_000)
  await callbacks.send(publishDone('a'))
  assert.deepEqual(
    ingest.received.map(({ query }) => query['time']),
    ['1700000000', '1700000000'],
  )
})

test('a callback is given up after its attempts or its time, and the next one of the room goes on', async (t) => {
  for (const giveUp of [{ afterAttempts: 3 }, { afterMs: 250 }]) {
    const { callbacks, received } = await openFor(t, (_, { query }) => (query['action'] === 'publish' ? 500 : 200), {
      giveUp,
    })
    const sent = [publish('a'), publishDone('a')].map((callback) => callbacks.send(callback))
    assert.deepEqual(await Promise.all(sent), [false, true])
    assert.equal(received().at(-1), 'a:publish_done')
    if ('afterAttempts' in giveUp) assert.equal(received().length, 4)
    else assert.ok(received().length > 2)
  }
})

test('any answer but 200 is tried again, and so is a connection that fails', async (t) => {
  const { callbacks, ingest } = await openFor(t, (nth) => [302, 404, 204][nth - 1] ?? 200)
  assert.equal(await callbacks.send(publish('a')), true)
  assert.equal(ingest.received.length, 4)
  const away = await openFor(t, () => 200, { ingestUrl: 'http://127.0.0.1:1', giveUp: { afterAttempts: 2 } })
  assert.equal(await away.callbacks.send(publish('a')), false)
})

test('a callback that is taken back rejects at once, and those behind it go on', async (t) => {
  const held = Promise.withResolvers<number>()
  const { callbacks, received, ingest } = await openFor(t, (nth) => (nth === 1 ? held.promise : 200))
  const takeBack = new AbortController()
  const first = callbacks.send(publish('a'), takeBack.signal)
  const waiting = callbacks.send(available('a'), takeBack.signal)
  const last = callbacks.send(publishDone('a'))
  await ingest.waitFor(1)
  takeBack.abort(new Error('taken back'))
  await assert.rejects(first, /taken back/)
  await assert.rejects(waiting, /taken back/)
  assert.equal(await last, true)
  assert.deepEqual(received(), ['a:publish', 'a:publish_done'])
  held.resolve(200)
  await assert.rejects(callbacks.send(publish('a'), takeBack.signal), /taken back/)
})

test('closing tries everything once more, at once and in order', async (t) => {
  let isOpen = false
  const { callbacks, received, ingest } = await openFor(t, () => (isOpen ? 200 : 503))
  const sent = [publish('a'), available('a'), publish('b')].map((callback) => callbacks.send(callback))
  await ingest.waitFor(5)
  isOpen = true
  const before = received().length
  await callbacks.close()
  assert.deepEqual(await Promise.all(sent), [true, true, true])
  assert.deepEqual(received().slice(before).toSorted(), ['a:MixAvailable', 'a:publish', 'b:publish'])
})

test('closing while nobody takes callbacks ends, and what waits behind a failure is not tried out of order', async (t) => {
  const { callbacks, received, ingest } = await openFor(t, (_, { query }) => (query['id'] === 'a' ? 503 : 200))
  const sent = [publish('a'), available('a')].map((callback) => callbacks.send(callback))
  await ingest.waitFor(1)
  await callbacks.close()
  assert.deepEqual(await Promise.all(sent), [false, false])
  assert.ok(!received().includes('a:MixAvailable'))
  assert.equal(await callbacks.send(publish('b')), false)
})

test('when too many wait the newest is refused, and taken again when some are through', async (t) => {
  let isOpen = false
  const held = Promise.withResolvers<void>()
  const { callbacks } = await openFor(
    t,
    async () => {
      if (!isOpen) await held.promise
      return 200
    },
    { maxOpen: 300 },
  )
  const sent = Array.from({ length: 300 }, (_, nth) => callbacks.send(publish(`r${nth % 100}`)))
  assert.equal(await callbacks.send(publish('late')), false)
  isOpen = true
  held.resolve()
  await Promise.race(sent)
  assert.equal(await callbacks.send(publish('late')), true)
  assert.ok((await Promise.all(sent)).every((wasTaken) => wasTaken))
})

test('what a mix says again within a second is dated a second later, and a stream may say it within one', async (t) => {
  const { ingest, callbacks } = await openFor(t)
  const words = [available('a'), available('a'), available('b'), available('a')]
  for (const callback of words) assert.equal(await callbacks.send(callback), true)
  for (const callback of [publish('a'), publish('a')]) await callbacks.send(callback)
  const times = ingest.received.map(({ query }) => Number(query['time']))
  const mixes = ingest.received.slice(0, words.length).map(({ query }) => JSON.stringify(query))
  assert.equal(new Set(mixes).size, words.length)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.equal(times.at(-1), times.at(-2))
})
