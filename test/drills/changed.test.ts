import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hasChanged } from './changed.ts'

const isSeen = (before: readonly (number | null)[], after: readonly (number | null)[]): boolean =>
  hasChanged({ name: 'a line', values: [...before, ...after] }, before.length)

describe('what somebody would notice on a dashboard', () => {
  test('a line that goes on as before has not changed', () => {
    assert.equal(isSeen([10, 11, 10], [11, 12, 10, 9]), false)
    assert.equal(isSeen([0, 0, 0], [0, 0, 0, 0]), false)
  })

  test('a line has changed when it leaves its range more than once', () => {
    assert.equal(isSeen([10, 11, 10], [10, 20, 21, 10]), true)
    assert.equal(isSeen([10, 11, 10], [10, 3, 3]), true)
    assert.equal(isSeen([0, 0, 0], [0, 1, 1]), true)
    assert.equal(isSeen([10, 11, 10], [10, 20, 10]), false)
  })

  test('an age that goes on growing has not changed, one that begins anew has', () => {
    assert.equal(isSeen([60, 120, 180], [240, 300, 360, 420]), false)
    assert.equal(isSeen([600, 660, 720], [5, 65, 125]), true)
    assert.equal(isSeen([60, 120, 180], [600, 700, 800]), true)
  })

  test('a line has changed when it begins or ends', () => {
    assert.equal(isSeen([null, null, null], [null, 5, 6]), true)
    assert.equal(isSeen([null, null, null], [0, 0, 0]), false)
    assert.equal(isSeen([5, 5, 5], [5, null, null]), true)
    assert.equal(isSeen([5, 5, 5], [5, 5, null]), false)
    assert.equal(isSeen([5, null, null], [null, null, null]), false)
  })
})
