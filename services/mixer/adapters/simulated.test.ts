import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { startOf, stopOf, testMixCloud } from '../../../test/contract/mix-cloud.ts'
import { startCallbackServer } from '../../../test/support/callback-server.ts'
import type { CallbackServer } from '../../../test/support/callback-server.ts'
import { silentLog } from '../../shared/log.ts'
import { createSimulatedCloud } from './simulated.ts'
import type { SimulatedCloud, SimulatedCloudOptions } from './simulated.ts'

const openCloud = async (
  options: Partial<SimulatedCloudOptions> = {},
  answer?: (nth: number) => number,
): Promise<{ cloud: SimulatedCloud; ingest: CallbackServer; close: () => Promise<void> }> => {
  const ingest = await startCallbackServer(answer && { answer })
  const cloud = createSimulatedCloud({
    ingestUrl: ingest.url,
    playHost: 'play.example',
    app: 'Demo',
    callbackKey: undefined,
    delayMs: 5,
    seed: 1,
    failures: { start: undefined, stop: undefined },
    log: silentLog,
    ...options,
  })
  const close = async (): Promise<void> => {
    await cloud.close()
    await ingest.close()
  }
  return { cloud, ingest, close }
}

const openFor = async (t: TestContext, ...rest: Parameters<typeof openCloud>) => {
  const opened = await openCloud(...rest)
  t.after(opened.close)
  return opened
}

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

testMixCloud({
  name: 'simulated',
  open: ({ refusing }) => openCloud({ failures: { start: refusing, stop: undefined } }),
})

test('an accepted start names the streams of the main room and is followed by the callback EventMix', async (t) => {
  const { cloud, ingest } = await openFor(t)
  const answer = await cloud.startMix(startOf('roomA', 'roomB'), signal())
  assert.deepEqual(answer, { accepted: true, streamNames: ['roomA_mix360', 'roomA_mix480'] })
  const [callback] = await ingest.waitFor(1)
  const { time, ...query } = callback?.query ?? {}
  assert.equal(callback?.path, '/ali/mix/status/notify')
  assert.match(time ?? '', /^\d{10}$/)
  assert.deepEqual(query, {
    MainMixDomain: 'play.example',
    MainMixApp: 'Demo',
    MainMixStream: 'roomA',
    MixDomain: 'play.example',
    MixApp: 'Demo',
    MixStream: 'roomB',
    MixType: 'channel',
    MixTemplate: 'side_by_side',
    Event: 'EventMix',
    Code: 'Success',
    Message: '',
  })
  assert.equal(callback?.headers['ali-live-signature'], undefined)
})

test('EventMixStop has arrived before a stop is answered', async (t) => {
  const { cloud, ingest } = await openFor(t)
  await cloud.startMix(startOf('roomA', 'roomB'), signal())
  await ingest.waitFor(1)
  await cloud.stopMix(stopOf('roomA', 'roomB'), signal())
  assert.deepEqual(
    ingest.received.map(({ query }) => [query['Event'], query['MixTemplate']]),
    [
      ['EventMix', 'side_by_side'],
      ['EventMixStop', 'side_by_side'],
    ],
  )
})

test('a stop of what never ran changes no picture and calls nobody back', async (t) => {
  const { cloud, ingest } = await openFor(t, { failures: { start: 'NoSuchStream', stop: undefined } })
  await cloud.startMix(startOf('roomA', 'roomB'), signal())
  await cloud.stopMix(stopOf('roomA', 'roomB'), signal())
  assert.equal(ingest.received.length, 0)
})

test('a stop of what an earlier process may have started calls back', async (t) => {
  const { cloud, ingest } = await openFor(t)
  await cloud.stopMix(stopOf('roomA', 'roomB'), signal())
  assert.deepEqual(
    ingest.received.map(({ query }) => query['Event']),
    ['EventMixStop'],
  )
})

test('callbacks are signed with the key: MD5 of domain, timestamp and key', async (t) => {
  const { cloud, ingest } = await openFor(t, { callbackKey: 'k' })
  await cloud.stopMix(stopOf('roomA', 'roomB'), signal())
  const headers = ingest.received[0]?.headers ?? {}
  const timestamp = String(headers['ali-live-timestamp'])
  assert.equal(headers['ali-live-signature'], createHash('md5').update(`play.example|${timestamp}|k`).digest('hex'))
})

test('a callback that is not answered 200 is sent again', async (t) => {
  const { cloud, ingest } = await openFor(t, {}, (nth) => (nth < 3 ? 503 : 200))
  const answer = await cloud.stopMix(stopOf('roomA', 'roomB'), signal())
  assert.ok(answer.accepted)
  assert.equal(ingest.received.length, 3)
})

test('a callback that nobody takes is given up, and the stop is answered all the same', async (t) => {
  const { cloud, ingest } = await openFor(t, {}, () => 500)
  const answer = await cloud.stopMix(stopOf('roomA', 'roomB'), signal())
  assert.ok(answer.accepted)
  assert.equal(ingest.received.length, 6)
})

test('closing sends the callbacks that are still to come', async () => {
  const { cloud, ingest, close } = await openCloud({ delayMs: 20 })
  await cloud.startMix(startOf('roomA', 'roomB'), signal())
  await cloud.close()
  assert.equal(ingest.received.length, 1)
  await close()
})

test('a stop that is to fail is refused and calls nobody back', async (t) => {
  const { cloud, ingest } = await openFor(t, { failures: { start: undefined, stop: 'InternalError' } })
  const answer = await cloud.stopMix(stopOf('roomA', 'roomB'), signal())
  assert.ok(!answer.accepted)
  assert.equal(answer.error, 'InternalError')
  assert.equal(ingest.received.length, 0)
})
