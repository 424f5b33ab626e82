import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { farewell } from './drain.ts'

test('a farewell leaves time to go, and is over before the deadline', () => {
  const cases = fc.record({
    count: fc.integer({ min: 1, max: 1_000_000 }),
    withinMs: fc.integer({ min: 100, max: 60_000 }),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  fc.assert(
    fc.property(cases, (one) => {
      const { afterMs, closeMs } = farewell(one)
      assert.ok(Number.isInteger(afterMs) && afterMs >= 0)
      assert.ok(closeMs > afterMs && closeMs <= one.withinMs)
    }),
  )
})

test('many clients are spread over nearly all of the time, a few are gone at once', () => {
  assert.deepEqual(farewell({ count: 100_000, withinMs: 10_000, random: 0.999 }), { afterMs: 7_992, closeMs: 8_992 })
  assert.deepEqual(farewell({ count: 500, withinMs: 10_000, random: 0.999 }), { afterMs: 999, closeMs: 1_999 })
  assert.equal(farewell({ count: 1, withinMs: 10_000, random: 0.999 }).afterMs, 1)
})
