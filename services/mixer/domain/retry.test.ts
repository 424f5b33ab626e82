import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { delayMs, lastCallMs } from './retry.ts'

test('the cloud is asked until one second before a long deadline, or until three quarters of a short one', () => {
  assert.equal(lastCallMs({ occurredAt: 0, deadline: 20_000 }), 19_000)
  assert.equal(lastCallMs({ occurredAt: 0, deadline: 2_000 }), 1_500)
  assert.equal(lastCallMs({ occurredAt: 5_000, deadline: 1_000 }), 1_000)
})

test('the back-off doubles up to its limit, and randomness takes at most a half', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempts, random) => {
        const full = delayMs(attempts, 0)
        assert.ok(full >= 200 && full <= 5_000)
        assert.ok(delayMs(attempts + 1, 0) === Math.min(5_000, full * 2))
        assert.ok(delayMs(attempts, random) >= full / 2 && delayMs(attempts, random) <= full)
      },
    ),
  )
})
