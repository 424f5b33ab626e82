import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBrokerClock } from './broker-clock.ts'

test('knows nothing before the first reading', () => {
  assert.equal(createBrokerClock(() => 5).now(), undefined)
})

test('goes on from the newest reading by the time that passes, and never back', () => {
  let monotonic = 100
  const clock = createBrokerClock(() => monotonic)
  clock.read(1_000)
  monotonic += 50
  assert.equal(clock.now(), 1_050)
  clock.read(1_020)
  assert.equal(clock.now(), 1_050)
  clock.read(1_200)
  assert.equal(clock.now(), 1_200)
})
