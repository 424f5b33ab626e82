import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { startOf, stopOf, testMixCloud } from '../../test/contract/mix-cloud.ts'
import { until } from '../../test/support/until.ts'
import { silentLog } from '../shared/log.ts'
import type { StatusCallback } from './domain/callback.ts'
import type { ReaderEnd, ReaderRequest, StartEncoder, StartReader } from './domain/media.ts'
import { createMixes } from './mixes.ts'
import type { MixPair } from './mix-pair.ts'
import type { MixesOptions } from './mixes.ts'

const pairOf = (roomId: string, mixRoomId: string): MixPair => ({
  roomId,
  mixRoomId,
  mixType: 'channel',
  mixTemplate: 'side_by_side',
})
const signal = (): AbortSignal => AbortSignal.timeout(10_000)

type RunningReader = { readonly request: ReaderRequest; readonly end: (why: ReaderEnd) => void }

/** Readers and encoders without processes: a reader gives three frames at once, an encoder takes and publishes all. */
const createMedia = () => {
  const readers = new Set<RunningReader>()
  const encoders = new Map<string, { readonly end: () => void }>()
  let started = 0
  const startReader: StartReader = (request) => {
    const ended = Promise.withResolvers<ReaderEnd>()
    const reader = { request, end: ended.resolve }
    readers.add(reader)
    const give = setImmediate(() => {
      for (let left = 3; left > 0; left--) request.onFrame(request.pool.take())
    })
    void ended.promise.then(() => {
      clearImmediate(give)
      readers.delete(reader)
    })
    return { ended: ended.promise, kill: () => void setImmediate(() => ended.resolve('failed')) }
  }
  const startEncoder: StartEncoder = ({ roomId, onPublished }) => {
    assert.ok(!encoders.has(roomId), 'a name is published once at a time')
    started += 1
    let frames = 0
    const ended = Promise.withResolvers<string>()
    const end = (): void => {
      encoders.delete(roomId)
      ended.resolve('exit code 1')
    }
    encoders.set(roomId, { end })
    return {
      send: () => {
        frames += 1
        onPublished(frames)
      },
      pending: () => 0,
      lastTakenAtMs: () => performance.now(),
      ended: ended.promise,
      kill: end,
      finish: async () => {
        end()
        await ended.promise
      },
    }
  }
  return { startReader, startEncoder, readers, encoders, started: () => started }
}

const openMixes = async (
  t: Pick<TestContext, 'after'> | undefined,
  options: Partial<MixesOptions> & { left?: readonly MixPair[] } = {},
) => {
  const media = createMedia()
  const told: StatusCallback[] = []
  const runningWhenTold: number[] = []
  const flowing = new Set(['roomA', 'roomB', 'roomC'])
  let written: readonly MixPair[] | undefined
  const mixes = await createMixes({
    sources: { isFlowing: (id) => flowing.has(id), isAvailable: (id) => flowing.has(id) },
    callbacks: {
      send: (callback) => {
        if (callback.kind === 'status') told.push(callback)
        runningWhenTold.push(media.readers.size + media.encoders.size)
        return Promise.resolve(true)
      },
    },
    startReader: media.startReader,
    startEncoder: media.startEncoder,
    endLeftovers: () => Promise.resolve(0),
    journal: {
      read: () => Promise.resolve(options.left),
      write: (pairs) => {
        written = pairs
      },
    },
    mixSuffix: '_mix',
    size: { width: 64, height: 32 },
    frameRate: 50,
    maxMixes: 2,
    maxMixMs: 60_000,
    settleMs: 0,
    patienceMs: 0,
    onMixes: () => {},
    onFailed: () => {},
    onWhole: () => {},
    now: () => performance.now(),
    log: silentLog,
    ...options,
  })
  t?.after(mixes.close)
  return {
    mixes,
    media,
    told,
    runningWhenTold,
    flowing,
    written: () => written,
    codes: () => told.map(({ event, code }) => `${event} ${code}`),
  }
}

testMixCloud({
  name: 'mixes',
  open: async ({ refusing }) => {
    const { mixes } = await openMixes(undefined)
    const cloud: typeof mixes =
      refusing === undefined
        ? mixes
        : { ...mixes, startMix: (command, within) => mixes.startMix({ ...command, mixTemplate: 'mosaic' }, within) }
    return { cloud, close: mixes.close }
  },
})

const errorOf = async (answer: ReturnType<typeof Promise.resolve<{ accepted: boolean; error?: string }>>) =>
  (await answer).error

test('a main stream that is not available and another one that does not flow are refused', async (t) => {
  const { mixes, media } = await openMixes(t)
  assert.equal(await errorOf(mixes.startMix(startOf('roomX', 'roomA'), signal())), 'NoSuchStream')
  assert.equal(await errorOf(mixes.startMix(startOf('roomA', 'roomX'), signal())), 'NoSuchStream')
  assert.equal(media.started(), 0)
})

test('a template that does not exist, and a stream with itself, are invalid', async (t) => {
  const { mixes } = await openMixes(t)
  assert.equal(await errorOf(mixes.startMix(startOf('roomA', 'roomA'), signal())), 'InvalidArgument')
  const unknown = { ...startOf('roomA', 'roomB'), mixTemplate: 'toString' }
  assert.equal(await errorOf(mixes.startMix(unknown, signal())), 'InvalidArgument')
})

test('more mixes than the limit are refused, until one has ended', async (t) => {
  const { mixes, media } = await openMixes(t)
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  await mixes.startMix(startOf('roomB', 'roomA'), signal())
  assert.equal(await errorOf(mixes.startMix(startOf('roomC', 'roomA'), signal())), 'LimitExceeded')
  assert.equal(media.encoders.size, 2)
  await mixes.stopMix(stopOf('roomA', 'roomB'), signal())
  assert.ok((await mixes.startMix(startOf('roomC', 'roomA'), signal())).accepted)
})

test('a start of what runs starts nothing, and is told success again', async (t) => {
  const times: number[] = []
  const { mixes, media, codes } = await openMixes(t, { onWhole: (seconds) => times.push(seconds) })
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  await until('success is told', () => codes().length === 1)
  await mixes.startMix(startOf('roomA', 'roomB', 2), signal())
  await until('success is told again', () => codes().length === 2)
  assert.equal(times.length, 1, 'the time to the first whole frame is that of the first start')
  assert.deepEqual(codes(), ['EventMix Success', 'EventMix Success'])
  assert.equal(media.started(), 1)
})

test('a start with another stream or template takes the place of what runs, also at the limit', async (t) => {
  const { mixes, media, told } = await openMixes(t, { maxMixes: 1 })
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  await mixes.startMix(startOf('roomA', 'roomC', 2), signal())
  await until('success is told', () => told.some(({ mixRoomId, code }) => mixRoomId === 'roomC' && code === 'Success'))
  assert.deepEqual([...media.readers].map(({ request }) => request.roomId).toSorted(), ['roomA', 'roomC'])
  const inset = { ...startOf('roomA', 'roomC', 3), mixTemplate: 'picture_in_picture' }
  await mixes.startMix(inset, signal())
  await until('success is told', () => told.some(({ mixTemplate }) => mixTemplate === 'picture_in_picture'))
  assert.equal(media.started(), 3)
  assert.equal(media.encoders.size, 1)
})

test('a stop of another pair leaves alone what runs', async (t) => {
  const { mixes, media, codes } = await openMixes(t)
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  assert.ok((await mixes.stopMix(stopOf('roomA', 'roomC'), signal())).accepted)
  assert.equal(media.encoders.size, 1)
  assert.ok(!codes().includes('EventMixStop Success'))
})

test('a stop right after the start ends everything, and is reported before its answer', async (t) => {
  const { mixes, media, codes } = await openMixes(t)
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  await mixes.stopMix(stopOf('roomA', 'roomB'), signal())
  assert.deepEqual(codes(), ['EventMixStop Success'])
  assert.deepEqual([media.readers.size, media.encoders.size], [0, 0])
})

test('while a mix ends, another stop waits for that and a start for its turn', async (t) => {
  const { mixes, media, codes } = await openMixes(t)
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  const answers = await Promise.all([
    mixes.stopMix(stopOf('roomA', 'roomB'), signal()),
    mixes.stopMix(stopOf('roomA', 'roomB'), signal()),
    mixes.startMix(startOf('roomA', 'roomB', 3), signal()),
  ])
  assert.ok(answers.every(({ accepted }) => accepted))
  assert.equal(media.started(), 2)
  assert.equal(media.encoders.size, 1)
  await until('success is told', () => codes().includes('EventMix Success'))
  assert.deepEqual(codes(), ['EventMixStop Success', 'EventMix Success'])
})

test('a callback that nobody takes holds up the answer to a stop for a short time only', async (t) => {
  const { mixes } = await openMixes(t, { callbacks: { send: () => new Promise(() => {}) } })
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  assert.ok((await mixes.stopMix(stopOf('roomA', 'roomB'), signal())).accepted)
})

test('a stop that is given up rejects, and the mix has ended all the same', async (t) => {
  const { mixes, media } = await openMixes(t, { callbacks: { send: () => new Promise(() => {}) } })
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  const controller = new AbortController()
  const stopping = mixes.stopMix(stopOf('roomA', 'roomB'), controller.signal)
  controller.abort()
  await assert.rejects(stopping)
  assert.equal(media.encoders.size, 0)
})

test('breaks of either stream are told once, with the words for each', async (t) => {
  const { mixes, media, flowing, codes } = await openMixes(t)
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  await until('success is told', () => codes().length === 1)
  for (const roomId of ['roomB', 'roomA', 'roomB']) {
    flowing.delete(roomId)
    mixes.onSourceChanged({ roomId, isFlowing: false })
    for (const { request, end } of media.readers) if (request.roomId === roomId) end('failed')
  }
  assert.deepEqual(codes(), ['EventMix Success', 'EventMix MixStreamNotExist', 'EventMix MainStreamNotExist'])
  assert.equal(media.encoders.size, 1)
})

test('an encoder that ends by itself ends the mix, which is told when its name is free', async (t) => {
  const { mixes, media, codes, told, runningWhenTold } = await openMixes(t)
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  await until('success is told', () => codes().length === 1)
  media.encoders.get('roomA')?.end()
  await until('the failure is told', () => codes().length === 2)
  assert.equal(codes()[1], 'EventMix InternalError')
  assert.equal(told[1]?.message, 'the encoder ended by itself')
  assert.deepEqual(runningWhenTold, [3, 0])
  assert.ok((await mixes.startMix(startOf('roomA', 'roomB', 2), signal())).accepted)
  assert.equal(media.started(), 2)
})

test('a mix that runs for too long is ended and told', async (t) => {
  const { media, codes, mixes } = await openMixes(t, { maxMixMs: 100 })
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  await until('the failure is told', () => codes().includes('EventMix InternalError'))
  assert.deepEqual([media.readers.size, media.encoders.size], [0, 0])
})

test('a reader that cannot be started is tried again, and the mix given up at last', async (t) => {
  let attempts = 0
  let nowMs = 0
  const { mixes, codes } = await openMixes(t, {
    startReader: () => {
      attempts += 1
      throw new Error('no more processes')
    },
    // Ten times as fast.
    now: () => (nowMs = performance.now() * 10),
  })
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  await until('the failure is told', () => codes().includes('EventMix InternalError'))
  assert.ok(attempts >= 7 && nowMs > 0)
})

test('what runs is in the journal, and stays there when the mixer closes', async (t) => {
  const { mixes, written } = await openMixes(t)
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  await mixes.startMix(startOf('roomB', 'roomA'), signal())
  await mixes.stopMix(stopOf('roomB', 'roomA'), signal())
  assert.deepEqual(written(), [pairOf('roomA', 'roomB')])
  await mixes.close()
  assert.deepEqual(written(), [pairOf('roomA', 'roomB')])
})

test('what ran before is told as a failure as soon as its sources flow, and then forgotten', async (t) => {
  const left = [pairOf('roomA', 'roomX')]
  const { flowing, told, written } = await openMixes(t, { left, settleMs: 60_000 })
  assert.deepEqual(told, [])
  flowing.add('roomX')
  await until('it is told', () => told.length > 0)
  assert.deepEqual(
    told.map(({ roomId, mixRoomId, code }) => [roomId, mixRoomId, code]),
    [['roomA', 'roomX', 'InternalError']],
  )
  assert.deepEqual(written(), [])
})

test('what ran before is told also when its sources stay away', async (t) => {
  for (const settleMs of [0, 50]) {
    const { codes, written } = await openMixes(t, { left: [pairOf('roomX', 'roomY')], settleMs })
    await until('it is told', () => codes().length > 0)
    assert.deepEqual(codes(), ['EventMix InternalError'])
    assert.deepEqual(written(), [])
  }
})

test('what ran before is not told any more when it was stopped or started meanwhile', async (t) => {
  const left = [pairOf('roomX', 'roomA'), pairOf('roomA', 'roomY')]
  const { mixes, codes, written, flowing } = await openMixes(t, { left, settleMs: 500 })
  await mixes.stopMix(stopOf('roomX', 'roomA'), signal())
  await mixes.startMix(startOf('roomA', 'roomB'), signal())
  flowing.add('roomX').add('roomY')
  await until('success is told', () => codes().length > 0)
  assert.deepEqual(codes(), ['EventMix Success'])
  assert.deepEqual(written(), [pairOf('roomA', 'roomB')])
})

test('right after the start a command waits for its sources to be found', async (t) => {
  const { mixes, flowing } = await openMixes(t, { settleMs: 60_000 })
  const starting = mixes.startMix(startOf('roomX', 'roomA'), signal())
  setImmediate(() => flowing.add('roomX'))
  assert.ok((await starting).accepted)
})

test('a start waits for another stream that stands still for a moment, not for a main stream', async (t) => {
  const { mixes, flowing } = await openMixes(t, { patienceMs: 60_000 })
  const starting = mixes.startMix(startOf('roomA', 'roomX'), signal())
  setImmediate(() => flowing.add('roomX'))
  assert.ok((await starting).accepted)
  assert.equal(await errorOf(mixes.startMix(startOf('roomY', 'roomA'), signal())), 'NoSuchStream')
})

test('no command is taken before what an earlier mixer left has ended', async () => {
  const ending = Promise.withResolvers<number>()
  let isOpen = false
  const opening = openMixes(undefined, { endLeftovers: () => ending.promise }).then(({ mixes }) => {
    isOpen = true
    return mixes.close()
  })
  await new Promise(setImmediate)
  assert.ok(!isOpen)
  ending.resolve(1)
  await opening
})
