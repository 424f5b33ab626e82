import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monotonicClock, systemClock } from './clock.ts'

test('the system clock gives epoch milliseconds, the monotonic one never goes back', () => {
  assert.ok(systemClock.now() > Date.parse('2026-01-01'))
  const readings = Array.from({ length: 1000 }, () => monotonicClock.now())
  assert.deepEqual(
    readings.toSorted((a, b) => a - b),
    readings,
  )
})
