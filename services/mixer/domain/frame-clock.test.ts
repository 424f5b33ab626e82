import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { advance, isFresh, nextFrameAtMs, samplesOfFrame, startFrameClock } from './frame-clock.ts'

test('the first frame is due at once, the next one a period later', () => {
  const first = advance(startFrameClock(10, 1000), 1000)
  assert.equal(first.due, 1)
  assert.equal(nextFrameAtMs(first.clock), 1100)
  assert.equal(advance(first.clock, 1099.9).due, 0)
  assert.equal(advance(first.clock, 1100).due, 1)
})

test('a short pause is made up for, of a long one the most is skipped', () => {
  const { clock } = advance(startFrameClock(10, 0), 0)
  assert.equal(advance(clock, 300).due, 3)
  const late = advance(clock, 10_000)
  assert.equal(late.due, 6)
  assert.equal(nextFrameAtMs(late.clock), 10_100)
})

test('whenever it is looked at, the clock stays with the time', () => {
  const steps = fc.array(fc.double({ min: 0, max: 450, noNaN: true }), { maxLength: 200 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 5, max: 60 }), (waits, frameRate) => {
      let nowMs = 5000
      let clock = startFrameClock(frameRate, nowMs)
      let sent = 0
      for (const waitMs of waits) {
        nowMs += waitMs
        const advanced = advance(clock, nowMs)
        clock = advanced.clock
        sent += advanced.due
        assert.ok(nextFrameAtMs(clock) > nowMs - 1e-6)
        assert.ok(nextFrameAtMs(clock) - nowMs <= 1000 / frameRate + 1e-6)
      }
      const expected = ((nowMs - 5000) * frameRate) / 1000
      if (waits.length > 0) assert.ok(sent >= expected - 1e-6 && sent <= expected + 1 + 1e-6)
    }),
  )
})

test('the samples of the frames of a second are the sample rate, also where it does not divide', () => {
  for (const frameRate of [7, 15, 24, 30]) {
    const samples = Array.from({ length: frameRate }, (_, index) =>
      samplesOfFrame(index + 3 * frameRate, frameRate, 48_000),
    )
    assert.equal(
      samples.reduce((sum, each) => sum + each, 0),
      48_000,
    )
  }
})

test('a frame is shown for a second and a half; before the first there is none', () => {
  assert.ok(!isFresh(undefined, 0))
  assert.ok(isFresh(100, 1600))
  assert.ok(!isFresh(100, 1601))
})
