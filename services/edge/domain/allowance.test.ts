import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { spend, type Rate } from './allowance.ts'

/** How many of these instants were allowed. */
const allowed = (rate: Rate, instants: readonly number[]): readonly boolean[] => {
  let spentUntil = 0
  return instants.map((now) => {
    const next = spend(now, spentUntil, rate)
    spentUntil = next ?? spentUntil
    return next !== null
  })
}

test('a burst is allowed at once, then one more each time that its share of a second has passed', () => {
  const rate = { perSecond: 2, burst: 3 }
  assert.deepEqual(allowed(rate, [5_000, 5_000, 5_000, 5_000]), [true, true, true, false])
  assert.deepEqual(allowed(rate, [5_000, 5_000, 5_000, 5_499, 5_500, 5_500]), [true, true, true, false, true, false])
})

test('after a rest the burst is whole again, and no larger', () => {
  const rate = { perSecond: 10, burst: 2 }
  assert.deepEqual(allowed(rate, [0, 0, 0, 60_000, 60_000, 60_000]), [true, true, false, true, true, false])
})

test('the same is decided as by a bucket of tokens that fills with time', () => {
  const gaps = fc.array(fc.nat(400), { maxLength: 200 })
  const rates = fc.record({ perSecond: fc.integer({ min: 1, max: 50 }), burst: fc.integer({ min: 1, max: 20 }) })
  fc.assert(
    fc.property(gaps, rates, (waits, rate) => {
      let now = 0
      const instants = waits.map((wait) => (now += wait))
      let tokens = rate.burst
      let filledAt = 0
      const byBucket = instants.map((instant) => {
        tokens = Math.min(rate.burst, tokens + ((instant - filledAt) * rate.perSecond) / 1_000)
        filledAt = instant
        // as tolerant as what is tested, which speaks in milliseconds
        const isAllowed = tokens >= 1 - (rate.perSecond * 1e-3) / 1_000
        if (isAllowed) tokens -= 1
        return isAllowed
      })
      assert.deepEqual(allowed(rate, instants), byBucket)
    }),
  )
})
