import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultWindowBytes, Flow, maxWindowBytes, newRoomStream, type RoomStream } from './flow.ts'

const bulk = { bulkBytes: 100, hasSignal: false }
const signal = { bulkBytes: 0, hasSignal: true }
const answer = { bulkBytes: 0, hasSignal: false }

const withWindow = (bytes: number | null): Flow => {
  const flow = new Flow()
  flow.setWindow(bytes)
  return flow
}

const publish = (stream: RoomStream, bytes: number, kind: 'bulk' | 'signal'): void => {
  stream.bytes += bytes
  if (kind === 'bulk') stream.bulkBytes += bytes
  else stream.signalEnd = stream.bytes
}

test('what a room publishes counts as sent from the moment of following it until the end of that', () => {
  const stream = newRoomStream()
  publish(stream, 500, 'bulk')
  const flow = withWindow(10_000)
  flow.sentDirect(40, answer)
  flow.follow(stream)
  assert.equal(flow.sent, 40)
  publish(stream, 300, 'bulk')
  flow.sentDirect(10, answer)
  assert.deepEqual([flow.sent, flow.inFlight, flow.bulkInFlight], [350, 350, 300])
  flow.unfollow()
  publish(stream, 1_000, 'bulk')
  assert.deepEqual([flow.sent, flow.bulkInFlight], [350, 300])
})

test('an acknowledgement frees the window, up to what was sent, and never takes back', () => {
  const flow = withWindow(4096)
  flow.sentDirect(100, bulk)
  assert.equal(flow.acknowledge(60), true)
  assert.deepEqual([flow.inFlight, flow.bulkInFlight], [40, 40])
  assert.equal(flow.acknowledge(50), false)
  assert.equal(flow.acknowledge(1e9), true)
  assert.deepEqual([flow.inFlight, flow.bulkInFlight], [0, 0])
  assert.equal(flow.acknowledge(1e9), false)
})

test('a frame with bulk counts until all of it is acknowledged', () => {
  const flow = withWindow(4096)
  flow.sentDirect(150, bulk)
  flow.sentDirect(1_000, signal)
  flow.acknowledge(149)
  assert.equal(flow.bulkInFlight, 100)
  flow.acknowledge(150)
  assert.deepEqual([flow.bulkInFlight, flow.signalInFlight], [0, 1_000])
})

test('bulk is admitted inside the window, and one message when none is on its way', () => {
  const flow = withWindow(4096)
  flow.sentDirect(50_000, signal)
  assert.equal(flow.admitsBulk(9_000, true), true)
  assert.equal(flow.admitsBulk(9_000, false), false)
  flow.sentDirect(100, bulk)
  assert.equal(flow.admitsBulk(9_000, true), false)
  assert.equal(flow.admitsBulk(3_996, false), true)
  assert.equal(flow.admitsBulk(3_997, false), false)
})

test('a client that acknowledges nothing has a window of 64 KiB, freed by its marks', () => {
  const flow = withWindow(null)
  assert.equal(flow.windowBytes, defaultWindowBytes)
  assert.equal(flow.wantsMark, false)
  flow.sentDirect(20_000, bulk)
  assert.deepEqual([flow.wantsMark, flow.isUnmarked], [true, true])
  assert.equal(flow.mark(), 20_000)
  assert.deepEqual([flow.wantsMark, flow.isUnmarked], [false, false])
  assert.equal(flow.acknowledge(20_000), false)
  assert.equal(flow.inFlight, 20_000)
  assert.equal(flow.confirm(20_000), true)
  assert.equal(flow.inFlight, 0)
})

test('the marks of those who follow a room fall due at different times', () => {
  const stream = newRoomStream()
  const flows = Array.from({ length: 60 }, (_, turn) => {
    const flow = withWindow(null)
    flow.follow(stream, turn)
    return flow
  })
  for (let round = 0; round < 12; round += 1) {
    publish(stream, 2_048, 'bulk')
    const marked = flows.filter((flow) => flow.wantsMark)
    for (const flow of marked) flow.mark()
    assert.ok(marked.length >= 5 && marked.length <= 20, `${marked.length} in round ${round}`)
  }
})

test('a mark tells of a client with a window that it lives, and frees nothing', () => {
  const flow = withWindow(4096)
  flow.sentDirect(20_000, signal)
  assert.equal(flow.wantsMark, false)
  assert.equal(flow.owesSignals, true)
  assert.equal(flow.confirm(flow.mark()), true)
  assert.deepEqual([flow.owesSignals, flow.inFlight], [false, 20_000])
})

test('no window is larger than a MiB', () => {
  assert.equal(withWindow(1e12).windowBytes, maxWindowBytes)
})

test('signals are owed until the last of them was read, on both ways', () => {
  const stream = newRoomStream()
  publish(stream, 100, 'signal')
  const flow = withWindow(4096)
  flow.follow(stream)
  assert.equal(flow.owesSignals, false, 'those before it followed')
  publish(stream, 50, 'bulk')
  assert.equal(flow.owesSignals, false)
  publish(stream, 50, 'signal')
  publish(stream, 50, 'bulk')
  assert.equal(flow.owesSignals, true)
  flow.acknowledge(99)
  assert.equal(flow.owesSignals, true)
  flow.unfollow()
  assert.equal(flow.owesSignals, true, 'also when it does not follow any more')
  flow.acknowledge(100)
  assert.equal(flow.owesSignals, false)
  flow.sentDirect(10, signal)
  assert.equal(flow.owesSignals, true)
})

test('bulk of the fast way and of its own are counted together, never for less than they are', () => {
  const stream = newRoomStream()
  const flow = withWindow(4096)
  flow.sentDirect(101, bulk)
  flow.follow(stream)
  publish(stream, 200, 'bulk')
  assert.equal(flow.bulkInFlight, 300)
  flow.unfollow()
  assert.equal(flow.bulkInFlight, 300)
  flow.acknowledge(101)
  assert.equal(flow.bulkInFlight, 200)
  flow.acknowledge(301)
  assert.equal(flow.bulkInFlight, 0)
})
