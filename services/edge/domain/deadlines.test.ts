import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { countNonsense, dueAt, noNonsense, type ConnectionTimes } from './deadlines.ts'

const limits = { subscribeTimeoutMs: 10_000, silenceTimeoutMs: 30_000 }
const times: ConnectionTimes = { openedAt: 0, heardAt: 0, pingedAt: 0, hasSubscribed: true, tokenEndsAt: Infinity }

const table: readonly (readonly [string, number, Partial<ConnectionTimes>, ReturnType<typeof dueAt>])[] = [
  ['nothing while the client talks', 9_999, {}, 'nothing'],
  ['a ping after a third of the allowed silence', 10_000, {}, 'ping'],
  ['no second ping at once', 10_001, { pingedAt: 10_000 }, 'nothing'],
  ['a second ping after another third', 20_000, { pingedAt: 10_000 }, 'ping'],
  ['the end when all of it has passed in silence', 30_000, { pingedAt: 20_000 }, 'silent'],
  ['nothing if an answer came late', 30_000, { pingedAt: 20_000, heardAt: 29_000 }, 'nothing'],
  ['nothing as long as it may still subscribe', 9_999, { hasSubscribed: false, heardAt: 9_000 }, 'nothing'],
  ['the end if it has not subscribed', 10_000, { hasSubscribed: false, heardAt: 10_000 }, 'notSubscribed'],
  ['the end of the token before anything else', 40_000, { tokenEndsAt: 40_000 }, 'tokenExpired'],
]

for (const [says, now, over, due] of table) {
  test(`due is ${says}`, () => assert.equal(dueAt(now, { ...times, ...over }, limits), due))
}

test('a client that answers pings within a third of the allowed silence is never closed, looked at every second', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 8_999 }), { minLength: 1, maxLength: 20 }), (delays) => {
      let state = { ...times }
      let pong = Infinity
      let pings = 0
      for (let now = 0; now < 300_000; now += 1_000) {
        if (now >= pong) {
          state = { ...state, heardAt: pong }
          pong = Infinity
        }
        const due = dueAt(now, state, limits)
        assert.ok(due === 'nothing' || due === 'ping')
        if (due === 'nothing') continue
        state = { ...state, pingedAt: now }
        pong = Math.min(pong, now + (delays[pings % delays.length] ?? 0))
        pings += 1
      }
    }),
  )
})

test('the tenth refused frame within ten seconds is too much', () => {
  let seen = noNonsense
  for (let count = 1; count <= 10; count += 1) {
    const counted = countNonsense(5_000 + count, seen)
    assert.equal(counted.isTooMuch, count === 10)
    seen = counted.seen
  }
})

test('refused frames that are far apart are forgiven', () => {
  let seen = noNonsense
  for (let count = 1; count <= 100; count += 1) {
    const counted = countNonsense(count * 2_000, seen)
    assert.equal(counted.isTooMuch, false)
    seen = counted.seen
  }
})
