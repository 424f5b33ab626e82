import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Line } from './line.ts'
import { judgeResume, linesFor, missedBehind, newestWithin } from './resume.ts'
import { Ring, type Kept } from './ring.ts'

const log = { epoch: 'c.1', earliest: 10, highWatermark: 20 }
const positions = { 4: 12, 5: 15, 8: 3, 9: 4 }

const why = (over: { epoch?: string; positions?: Readonly<Record<string, number>> }): string => {
  const verdict = judgeResume({ epoch: over.epoch ?? 'c.1', positions: over.positions ?? positions }, log)
  return verdict.ok ? 'ok' : verdict.why
}

test('a cursor inside the log goes on', () => {
  assert.deepEqual(judgeResume({ epoch: 'c.1', positions }, log), { ok: true, cursors: positions })
  const bare = judgeResume({ epoch: 'c.1', positions: { 4: 12, 5: 15 } }, log)
  assert.deepEqual(bare, { ok: true, cursors: { 4: 12, 5: 15, 8: null, 9: null } })
})

test('the log must be the same, and have what comes after both cursors, and what they name', () => {
  assert.equal(why({ epoch: 'c.2' }), 'epoch')
  assert.equal(why({ positions: { 4: 12 } }), 'incomplete')
  assert.equal(why({ positions: { 5: 12 } }), 'incomplete')
  assert.equal(why({ positions: { 4: 9, 5: 9 } }), 'ok')
  assert.equal(why({ positions: { 4: 8, 5: 15 } }), 'too_old')
  assert.equal(why({ positions: { 4: 15, 5: 8 } }), 'too_old')
  assert.equal(why({ positions: { 4: 19, 5: 19 } }), 'ok')
  assert.equal(why({ positions: { 4: 20, 5: 15 } }), 'beyond')
  assert.equal(why({ positions: { 4: 15, 5: 20 } }), 'beyond')
})

test('a log that has nothing any more can be gone on with from its end', () => {
  const empty = { epoch: 'c.1', earliest: 20, highWatermark: 20 }
  const at = (pos: number) => judgeResume({ epoch: 'c.1', positions: { 4: pos, 5: pos } }, empty).ok
  assert.deepEqual([at(18), at(19), at(20)], [false, true, false])
  const neverWritten = { epoch: 'c.1', earliest: 0, highWatermark: 0 }
  assert.ok(judgeResume({ epoch: 'c.1', positions: { 4: -1, 5: -1 } }, neverWritten).ok)
})

test('what was read back must reach from right behind the cursor to the ring', () => {
  const ring = new Ring<Kept>(20, { maxBytes: 100, maxAgeMs: 100, maxForgottenRooms: 1 })
  const behind = (offset: number, start: number, end: number): boolean =>
    missedBehind('r1', offset, ring, { start, end, messages: [] }) !== null
  assert.deepEqual([behind(9, 10, 20), behind(8, 10, 20), behind(9, 10, 19)], [true, false, false])
  assert.deepEqual(missedBehind('r1', 19, ring, null), [])
  assert.equal(missedBehind('r1', 18, ring, null), null)
})

test('of comments the newest that fit are given, at least one', () => {
  const messages = [1, 2, 3, 4].map((offset) => ({ room: 'r', offset, keptAt: 0, bytes: 10 }))
  const taken = (maxBytes: number) => newestWithin(messages, maxBytes).map(({ offset }) => offset)
  assert.deepEqual(taken(40), [1, 2, 3, 4])
  assert.deepEqual(taken(39), [2, 3, 4])
  assert.deepEqual(taken(0), [4])
  assert.deepEqual(newestWithin([], 10), [])
})

type Message = Kept & { readonly line: Line }

const message = fc
  .record({
    room: fc.constantFrom('r1', 'r2', 'r3'),
    weight: fc.constantFrom<4 | 5>(4, 5),
    toUid: fc.constantFrom(null, null, 'me', 'another'),
    expiresAt: fc.constantFrom(Infinity, Infinity, 50, 150),
  })
  .map((of) => (offset: number): Message => ({
    room: of.room,
    offset,
    keptAt: 0,
    bytes: 1,
    line: { ...of, pos: offset, bytes: Buffer.alloc(0), occurredAt: 0, liked: null },
  }))

test('from any cursor, with any ring and anything read back, it is exactly what was missed, or it is known that it may not be', () => {
  let recovered = 0
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 20, maxLength: 60 }),
      fc.record({ maxBytes: fc.nat(25), forgotten: fc.nat(3), start: fc.nat(20) }),
      fc.option(fc.record({ back: fc.integer({ min: 10, max: 60 }), early: fc.nat(20), extends: fc.boolean() })),
      fc.record({
        first: fc.integer({ min: -1, max: 60 }),
        second: fc.integer({ min: -1, max: 60 }),
        room: fc.constantFrom('r1', 'r2', 'r4'),
      }),
      (made, ringIs, readBack, client) => {
        const all = made.map((make, offset) => make(offset))
        const ring = new Ring<Message>(ringIs.start, {
          maxBytes: ringIs.maxBytes,
          maxAgeMs: 1,
          maxForgottenRooms: ringIs.forgotten,
        })
        const cursors = { 4: client.first, 5: client.second }
        const from = Math.min(client.first, client.second) + 1
        // Read when the ring had begun, or a little later: it may have lost more since.
        const until = Math.max(0, all.length - (readBack?.early ?? 0))
        for (const one of all.slice(ringIs.start, until)) ring.append(one)
        let caught = null
        if (readBack !== null) {
          const end = ring.from
          const start = Math.max(0, end - readBack.back)
          const messages = all.slice(start, end)
          if (readBack.extends) ring.extend({ start, end, messages, nowMs: 0 })
          caught = {
            start: Math.max(from, start),
            end,
            messages: messages.filter((one) => one.room === client.room && one.offset >= from),
          }
        }
        for (const one of all.slice(Math.max(ringIs.start, until))) ring.append(one)

        const got = missedBehind(client.room, from - 1, ring, caught)
        // Nothing is known of a log whose end the ring has not reached.
        if (ringIs.start > all.length || got === null) return
        recovered += 1
        const lines = linesFor(
          got.map(({ line }) => line),
          { uid: 'me', cursors, nowMs: 100 },
        )
        const expected = all.filter(
          ({ room, offset, line }) =>
            room === client.room &&
            offset > cursors[line.weight === 4 ? 4 : 5] &&
            line.toUid !== 'another' &&
            line.expiresAt > 100,
        )
        assert.deepEqual(
          lines.map(({ pos }) => pos),
          expected.map(({ offset }) => offset),
        )
      },
    ),
    { numRuns: 2_000 },
  )
  assert.ok(recovered > 50, 'the property speaks of something')
})
