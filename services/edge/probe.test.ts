import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyRecord } from '../../schemas/types.generated.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { silentLog } from '../shared/log.ts'
import { createMetrics } from '../shared/metrics.ts'
import { createLaneReading, type LaneProgress } from './lane-reading.ts'
import { Ring } from './domain/ring.ts'
import type { Line } from './domain/line.ts'
import { createProbeMetrics } from './probe-metrics.ts'
import { createTakeProbe } from './probe.ts'

const probeRoom = 'probe00000000001'
const openedAt = 10_000

const message = (offset: number, roomId: string): IncomingMessage => ({
  topic: 'push.signal.v1',
  partition: 0,
  offset,
  key: Buffer.from(roomId),
  value: Buffer.from('x'),
  headers: {},
  timestamp: 0,
  size: 10,
})
const passed = (occurredAt: number, roomId = probeRoom): AnyRecord => ({
  type: 'ProbePassed',
  record: { eventId: 'p', roomId, occurredAt, inputPos: 3 },
})
const published = (roomId: string): AnyRecord => ({
  type: 'StreamPublished',
  record: {
    eventId: 'e',
    roomId,
    occurredAt: 0,
    inputPos: 3,
    toUid: null,
    endReason: null,
    actor: null,
    uid: 'u',
    name: 'n',
    streamRoomId: roomId,
  },
})

type Answer = AnyRecord | undefined | Promise<AnyRecord | undefined>

/** Probes that are read at a time which the test moves; each message is answered with the next record. */
const stage = (...answers: Answer[]) => {
  const metrics = createMetrics({ service: 'edge' })
  let now = openedAt
  let reads = 0
  const clock = { now: () => now }
  const records = {
    read: () => {
      reads += 1
      return answers.shift()
    },
    putAside: async () => assert.fail('nothing is to be put aside'),
    isWaiting: () => false,
  }
  const takeProbe = createTakeProbe({ records, metrics: createProbeMetrics(metrics), clock, log: silentLog })
  const lines = async (): Promise<readonly string[]> =>
    (await metrics.metrics())
      .split('\n')
      .filter((line) => /^roomcast_edge_probe_(seconds_(sum|count)|last_timestamp_seconds)/.test(line))
      .map((line) => line.replace(/\{.*\}/, '').replace('roomcast_edge_probe_', ''))
  return {
    takeProbe,
    records,
    clock,
    lines,
    reads: () => reads,
    setNow: (time: number) => {
      now = time
    },
  }
}
const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a probe is timed from when it was sent to when it is read, and the newest is known', async () => {
  const { takeProbe, lines, setNow } = stage(passed(10_500), passed(10_400))
  setNow(10_750)
  takeProbe(message(1, probeRoom), openedAt)
  assert.deepEqual(await lines(), ['seconds_sum 0.25', 'seconds_count 1', 'last_timestamp_seconds 10.5'])
  setNow(11_400)
  takeProbe(message(2, probeRoom), openedAt)
  assert.deepEqual(await lines(), ['seconds_sum 1.25', 'seconds_count 2', 'last_timestamp_seconds 10.5'])
})

test('before the first probe there is no time of a newest one', async () => {
  const { lines } = stage()
  assert.deepEqual(await lines(), ['seconds_sum 0', 'seconds_count 0'])
})

test('a probe that lay in the log before its partition was opened is seen, but not timed', async () => {
  const { takeProbe, lines } = stage(passed(9_999))
  takeProbe(message(1, probeRoom), openedAt)
  assert.deepEqual(await lines(), ['seconds_sum 0', 'seconds_count 0', 'last_timestamp_seconds 9.999'])
})

test('a clock that is ahead of ours makes a probe quick, never negative', async () => {
  const { takeProbe, lines } = stage(passed(openedAt + 40))
  takeProbe(message(1, probeRoom), openedAt)
  assert.deepEqual(await lines(), ['seconds_sum 0', 'seconds_count 1', 'last_timestamp_seconds 10.04'])
})

test('what is no probe, or of a type that is not known, is passed over', async () => {
  const { takeProbe, lines } = stage(undefined, published(probeRoom))
  takeProbe(message(1, probeRoom), openedAt)
  takeProbe(message(2, probeRoom), openedAt)
  assert.deepEqual(await lines(), ['seconds_sum 0', 'seconds_count 0'])
})

test('while the schema is asked for, one probe waits, and it is timed by when it came', async () => {
  const schema = Promise.withResolvers<AnyRecord>()
  const { takeProbe, lines, reads, setNow } = stage(schema.promise, passed(12_000))
  takeProbe(message(1, probeRoom), openedAt)
  takeProbe(message(2, probeRoom), openedAt)
  assert.equal(reads(), 1)
  setNow(60_000)
  schema.resolve(passed(openedAt))
  await rest()
  assert.deepEqual(await lines(), ['seconds_sum 0', 'seconds_count 1', 'last_timestamp_seconds 10'])
  takeProbe(message(3, probeRoom), openedAt)
  assert.deepEqual(await lines(), ['seconds_sum 48', 'seconds_count 2', 'last_timestamp_seconds 12'])
})

test('a probe whose reading is given up ends quietly, and the next is taken', async () => {
  const { takeProbe, lines } = stage(Promise.reject(new Error('stopped')), passed(openedAt))
  takeProbe(message(1, probeRoom), openedAt)
  await rest()
  takeProbe(message(2, probeRoom), openedAt)
  assert.deepEqual(await lines(), ['seconds_sum 0', 'seconds_count 1', 'last_timestamp_seconds 10'])
})

const newProgress = (): LaneProgress => {
  const ring = () => new Ring<never>(0, { maxBytes: 1e6, maxAgeMs: 1e6, maxForgottenRooms: 10 })
  return {
    openedAt,
    positions: { signal: 0, comment: 0, like: 0 },
    rings: { signal: ring(), comment: ring(), like: ring() },
  }
}

test('a lane gives probes to nobody and keeps none, waits for none, and moves on, also where somebody asks for their room', async () => {
  const never = new Promise<AnyRecord>(() => {})
  const { takeProbe, records, clock } = stage(never, published('r'))
  const given: Line[] = []
  const readLane = createLaneReading({
    records,
    homeOf: () => 0,
    onLine: (line) => given.push(line),
    takeProbe,
    clock,
  })
  const progress = newProgress()
  const fetched = {
    partition: 0,
    messages: [message(4, probeRoom), message(6, 'r'), message(8, probeRoom)],
    position: 9,
    highWatermark: 9,
  }
  await readLane('signal', fetched, progress, () => false)
  assert.deepEqual(
    given.map(({ room, pos }) => [room, pos]),
    [['r', 6]],
  )
  assert.equal(progress.positions.signal, 9)
  assert.deepEqual(progress.rings.signal.after(probeRoom, -1), [])
  assert.equal(progress.rings.signal.after('r', -1).length, 1)
})

test('a probe that is fetched again is not timed again, also where what came behind it could not be taken', async () => {
  const { takeProbe, records, clock, lines } = stage(
    passed(openedAt),
    Promise.reject(new Error('stopped')),
    published('r'),
    passed(openedAt),
  )
  const given: Line[] = []
  const readLane = createLaneReading({ records, homeOf: () => 0, onLine: (line) => given.push(line), takeProbe, clock })
  const progress = newProgress()
  const fetched = {
    partition: 0,
    messages: [message(4, probeRoom), message(5, 'r')],
    position: 6,
    highWatermark: 6,
  }
  await assert.rejects(
    readLane('signal', fetched, progress, () => false),
    /stopped/,
  )
  await readLane('signal', fetched, progress, () => false)
  await readLane('signal', fetched, progress, () => false)
  assert.equal(given.length, 1)
  assert.deepEqual(await lines(), ['seconds_sum 0', 'seconds_count 1', 'last_timestamp_seconds 10'])
})
