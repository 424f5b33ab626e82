import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeFeed } from './encoder-feed.ts'

test('an encoder that keeps up gets every frame', () => {
  assert.equal(judgeFeed({ pending: 0, lastTakenAtMs: 0 }, 15, 60_000), 'send')
  assert.equal(judgeFeed({ pending: 7, lastTakenAtMs: 0 }, 15, 100), 'send')
})

test('half a second of frames waits for an encoder that does not; then they are dropped', () => {
  assert.equal(judgeFeed({ pending: 8, lastTakenAtMs: 0 }, 15, 100), 'drop')
  assert.equal(judgeFeed({ pending: 8, lastTakenAtMs: 0 }, 15, 5_000), 'drop')
})

test('an encoder that takes nothing for more than five seconds is stalled', () => {
  assert.equal(judgeFeed({ pending: 1, lastTakenAtMs: 0 }, 15, 5_001), 'stalled')
})

test('at a low rate two frames may wait all the same', () => {
  assert.equal(judgeFeed({ pending: 1, lastTakenAtMs: 0 }, 1, 100), 'send')
  assert.equal(judgeFeed({ pending: 2, lastTakenAtMs: 0 }, 1, 100), 'drop')
})
