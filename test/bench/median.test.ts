import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, medianFigures } from './median.ts'

test('the median is the middle value, or the mean of the middle two', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  assert.equal(median([]), 0)
})

test('the median of runs is taken figure by figure', () => {
  const runs = [
    { perSecond: 10, rssBytes: 7 },
    { perSecond: 30, rssBytes: 5 },
    { perSecond: 20, rssBytes: 6.004 },
  ]
  assert.deepEqual(medianFigures(runs), { perSecond: 20, rssBytes: 6 })
})
