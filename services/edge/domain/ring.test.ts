import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Ring, type Kept, type RingLimits } from './ring.ts'

const limits: RingLimits = { maxBytes: 30, maxAgeMs: 100, maxForgottenRooms: 10 }

const kept = (offset: number, over: Partial<Kept> = {}): Kept => ({ room: 'r1', offset, keptAt: 0, bytes: 10, ...over })
const offsets = (messages: readonly Kept[]): readonly number[] => messages.map(({ offset }) => offset)

const ringOf = (start: number, ...messages: readonly Kept[]): Ring<Kept> => {
  const ring = new Ring<Kept>(start, limits)
  for (const message of messages) ring.append(message)
  return ring
}

test('what is behind an offset comes in the order of the log, of that room alone', () => {
  const ring = ringOf(0, kept(1), kept(2, { room: 'r2' }), kept(4))
  assert.deepEqual(offsets(ring.after('r1', 0)), [1, 4])
  assert.deepEqual(offsets(ring.after('r1', 1)), [4])
  assert.deepEqual(offsets(ring.after('r1', 4)), [])
  assert.deepEqual(offsets(ring.after('r3', 0)), [])
})

test('what comes a second time is passed over', () => {
  const ring = ringOf(0, kept(1), kept(2), kept(1), kept(2))
  assert.deepEqual(offsets(ring.after('r1', -1)), [1, 2])
  assert.equal(ring.bytes, 20)
})

test('the oldest go when it is too much, and the ring knows what it has no more', () => {
  const ring = ringOf(5, kept(6), kept(7, { room: 'r2' }), kept(8), kept(9))
  assert.equal(ring.bytes, 30)
  assert.equal(ring.from, 7)
  assert.deepEqual(offsets(ring.after('r1', -1)), [8, 9])
  assert.equal(ring.completeFrom('r1'), 7, 'the message at 6 is gone')
  assert.equal(ring.completeFrom('r2'), 5, 'nothing of this room is gone since the ring began')
})

test('the oldest go when they are too old', () => {
  const ring = ringOf(0, kept(0), kept(1, { keptAt: 50 }))
  ring.expire(99)
  assert.equal(ring.from, 0)
  ring.expire(100)
  assert.deepEqual([ring.from, ring.bytes], [1, 10])
})

test('a message that takes more memory than before counts so, also after it is gone', () => {
  const grown = kept(1)
  const ring = ringOf(0, grown)
  ring.weigh(grown, 25)
  assert.equal(ring.bytes, 25)
  ring.append(kept(2))
  assert.deepEqual([ring.from, ring.bytes], [2, 10])
  ring.weigh(grown, 100)
  assert.equal(ring.bytes, 10)
})

test('a ring is put forward by what was before it, never over a hole', () => {
  const ring = ringOf(10, kept(10))
  ring.extend({ start: 3, end: 9, messages: [kept(4)], nowMs: 0 })
  assert.equal(ring.completeFrom('r1'), 10)
  ring.extend({ start: 3, end: 10, messages: [kept(4)], nowMs: 0 })
  assert.equal(ring.completeFrom('r1'), 3)
  assert.deepEqual(offsets(ring.after('r1', -1)), [4, 10])
})

test('a ring that is used no more gives back what it took', () => {
  let bytes = 0
  const ring = new Ring<Kept>(0, limits, (change) => (bytes += change))
  for (let offset = 0; offset < 10; offset += 1) ring.append(kept(offset))
  assert.equal(bytes, 30)
  ring.clear()
  assert.deepEqual([bytes, ring.bytes, ring.after('r1', -1)], [0, 0, []])
})

test('whatever is added, extended and dropped, it has all that it says it has, and no more than it may', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ room: fc.constantFrom('a', 'b', 'c', 'd'), skip: fc.nat(2), wait: fc.nat(20) }),
    },
    { weight: 1, arbitrary: fc.record({ back: fc.nat(15) }) },
  )
  const someLimits = fc.record({
    maxBytes: fc.integer({ min: 0, max: 300 }),
    maxAgeMs: fc.integer({ min: 1, max: 100 }),
    maxForgottenRooms: fc.integer({ min: 0, max: 3 }),
  })
  fc.assert(
    fc.property(fc.nat(20), someLimits, fc.array(step, { maxLength: 80 }), (start, some, steps) => {
      // The log before the ring began: one message an offset.
      const log: Kept[] = Array.from({ length: start }, (_, offset) =>
        kept(offset, { room: 'abcd'[offset % 4] ?? 'a' }),
      )
      let counted = 0
      const ring = new Ring<Kept>(start, some, (change) => (counted += change))
      let next = start
      let nowMs = 0
      for (const one of steps) {
        if ('back' in one) {
          const from = Math.max(0, ring.from - one.back)
          const messages = log.filter(({ offset }) => offset >= from && offset < ring.from)
          ring.extend({ start: from, end: ring.from, messages: messages.map((m) => ({ ...m, keptAt: nowMs })), nowMs })
        } else {
          nowMs += one.wait
          const message = kept(next + one.skip, { room: one.room, keptAt: nowMs })
          next = message.offset + 1
          log.push(message)
          ring.append(message)
        }
        assert.ok(ring.bytes <= some.maxBytes)
        assert.equal(counted, ring.bytes)
        let bytes = 0
        for (const room of ['a', 'b', 'c', 'd']) {
          const complete = ring.completeFrom(room)
          assert.ok(complete <= ring.from)
          const expected = log.filter((message) => message.room === room && message.offset >= complete)
          assert.deepEqual(offsets(ring.after(room, complete - 1)), offsets(expected), room)
          bytes += 10 * ring.after(room, -1).length
        }
        assert.equal(bytes, ring.bytes)
      }
    }),
    { numRuns: 500 },
  )
})
