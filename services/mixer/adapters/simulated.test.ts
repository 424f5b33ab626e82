import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { startOf, stopOf, testMixCloud } from '../../../test/contract/mix-cloud.ts'
import { startCallbackServer, type Callback } from '../../../test/support/callback-server.ts'
import { silentLog } from '../../shared/log.ts'
import { noFailures, parseSimulatedFailures, type SimulatedFailures } from '../domain/simulated-failures.ts'
import { createCallbacks } from './callbacks.ts'
import { createSimulatedCloud } from './simulated.ts'
import type { SimulatedCloudOptions } from './simulated.ts'

/** As MIXER_SIMULATED_FAIL has them. */
const failing = (text: string): SimulatedFailures => {
  const parsed = parseSimulatedFailures(text)
  assert.ok(!('complaint' in parsed))
  return parsed
}

const openCloud = async (
  { callbackKey, ...options }: Partial<SimulatedCloudOptions> & { readonly callbackKey?: string } = {},
  answer?: (nth: number) => number,
) => {
  const ingest = await startCallbackServer(answer && { answer })
  const callbacks = createCallbacks({
    ingestUrl: ingest.url,
    pushHost: 'push.example',
    playHost: 'play.example',
    app: 'Demo',
    callbackKey,
    giveUp: { afterAttempts: 6 },
    log: silentLog,
  })
  const cloud = createSimulatedCloud({
    callbacks,
    delayMs: 5,
    seed: 1,
    failures: noFailures,
    ...options,
  })
  const closeCloud = (): Promise<void> => {
    cloud.close()
    return callbacks.close()
  }
  const close = async (): Promise<void> => {
    await closeCloud()
    await ingest.close()
  }
  return { cloud, ingest, closeCloud, close }
}

const openFor = async (t: TestContext, ...rest: Parameters<typeof openCloud>) => {
  const opened = await openCloud(...rest)
  t.after(opened.close)
  return opened
}

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

testMixCloud({
  name: 'simulated',
  open: ({ refusing }) => openCloud({ failures: failing(refusing === undefined ? '' : `start:${refusing}`) }),
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
  const { cloud, ingest } = await openFor(t, { failures: failing('start:NoSuchStream') })
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
  const { cloud, ingest, closeCloud, close } = await openCloud({ delayMs: 20 })
  await cloud.startMix(startOf('roomA', 'roomB'), signal())
  await closeCloud()
  assert.equal(ingest.received.length, 1)
  await close()
})

test('a stop that is to fail is refused and calls nobody back', async (t) => {
  const { cloud, ingest } = await openFor(t, { failures: failing('stop:InternalError') })
  const answer = await cloud.stopMix(stopOf('roomA', 'roomB'), signal())
  assert.ok(!answer.accepted)
  assert.equal(answer.error, 'InternalError')
  assert.equal(ingest.received.length, 0)
})

/** The words with which a hundred starts are answered. */
const answersOf = async (t: TestContext, options: Partial<SimulatedCloudOptions>): Promise<readonly string[]> => {
  const { cloud } = await openFor(t, { delayMs: 1, ...options })
  const rooms = Array.from({ length: 100 }, (_, index) => `room${index}`)
  const answers = await Promise.all(rooms.map((room) => cloud.startMix(startOf(room, 'other'), signal())))
  return answers.map((answer) => (answer.accepted ? '' : answer.error))
}

test('a share of commands fails, the same ones under the same seed, and others under another', async (t) => {
  const failures = failing('start:InternalError@0.3,start:NoSuchStream@0.2')
  const words = await answersOf(t, { failures, seed: 1 })
  const count = (word: string): number => words.filter((one) => one === word).length
  // five standard deviations around 30 and 20 of a hundred
  assert.ok(Math.abs(count('InternalError') - 30) < 23, `${count('InternalError')}`)
  assert.ok(Math.abs(count('NoSuchStream') - 20) < 20 && count('NoSuchStream') > 0, `${count('NoSuchStream')}`)
  assert.deepEqual(await answersOf(t, { failures, seed: 1 }), words)
  assert.notDeepEqual(await answersOf(t, { failures, seed: 2 }), words)
})

test('a command that fails does so at every attempt', async (t) => {
  const { cloud } = await openFor(t, { delayMs: 1, failures: failing('start:InternalError@0.5') })
  for (let room = 0; room < 10; room++) {
    const command = startOf(`room${room}`, 'other')
    const first = await cloud.startMix(command, signal())
    assert.equal((await cloud.startMix(command, signal())).accepted, first.accepted)
  }
})

test('NoAnswer: nothing is heard until the signal aborts, and nothing was started', async (t) => {
  const { cloud, ingest } = await openFor(t, { delayMs: 1, failures: failing('start:NoAnswer') })
  const controller = new AbortController()
  let isOver = false
  const pending = cloud.startMix(startOf('roomA', 'roomB'), controller.signal).finally(() => (isOver = true))
  // other commands take their time meanwhile
  for (let stop = 0; stop < 20; stop++) await cloud.stopMix(stopOf('roomC', 'roomB'), signal())
  assert.ok(!isOver)
  controller.abort(new Error('enough'))
  await assert.rejects(pending, /enough/)
  assert.ok(ingest.received.every(({ query }) => query['MainMixStream'] === 'roomC'))
})

const told = ({ path, query }: Callback): readonly unknown[] => [path.split('/')[3], query['Event'], query['Code']]

for (const [word, back] of [
  ['MainStreamNotExist', ['availability', 'MixAvailable', undefined]],
  ['MixStreamNotExist', ['status', 'EventMix', 'Success']],
] as const) {
  test(`a picture that fails with ${word} is reported after its success, and so is what brings it back`, async (t) => {
    const { cloud, ingest } = await openFor(t, { delayMs: 1, failures: failing(`status:${word}`) })
    await cloud.startMix(startOf('roomA', 'roomB'), signal())
    const callbacks = await ingest.waitFor(3)
    assert.deepEqual(callbacks.map(told), [['status', 'EventMix', 'Success'], ['status', 'EventMix', word], back])
    assert.notEqual(callbacks[1]?.query['Message'], '')
  })
}

test('the picture of a mix that was stopped or started anew does not fail any more', async (t) => {
  const { cloud, ingest } = await openFor(t, { delayMs: 8, failures: failing('status:InternalError') })
  const failed = (): readonly (string | undefined)[] =>
    ingest.received.filter(({ query }) => query['Code'] === 'InternalError').map(({ query }) => query['MainMixStream'])
  await cloud.startMix(startOf('roomA', 'other'), signal())
  await cloud.stopMix(stopOf('roomA', 'other'), signal())
  await cloud.startMix(startOf('roomB', 'other'), signal())
  await cloud.startMix(startOf('roomB', 'other', 3), signal())
  // each takes at least a third as long as the slowest, so that what was to fail before has had its time
  for (const room of ['roomC', 'roomD', 'roomE']) {
    await cloud.startMix(startOf(room, 'other'), signal())
    await ingest.waitFor(1, { matches: () => failed().includes(room) })
  }
  assert.deepEqual(failed(), ['roomB', 'roomC', 'roomD', 'roomE'])
})
