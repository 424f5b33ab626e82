import assert from 'node:assert/strict'
import { test } from 'node:test'
import { medianInterval } from './median-interval.ts'

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1)
const rounded = (values: readonly number[]) => {
  const { low, high, confidence } = medianInterval(values)
  return { low, high, confidence: Math.round(confidence * 10_000) / 10_000 }
}

// The ranks are those of the tables for the sign test.
test('the interval of a median leaves out as many of the smallest and the largest values as 95 % allow', () => {
  assert.deepEqual(rounded(upTo(6)), { low: 1, high: 6, confidence: 0.9688 })
  assert.deepEqual(rounded(upTo(9)), { low: 2, high: 8, confidence: 0.9609 })
  assert.deepEqual(rounded(upTo(12)), { low: 3, high: 10, confidence: 0.9614 })
  assert.deepEqual(rounded(upTo(20)), { low: 6, high: 15, confidence: 0.9586 })
})

test('the order of the values does not matter', () => {
  assert.deepEqual(rounded([9, 1, 8, 2, 7, 3, 6, 4, 5]), { low: 2, high: 8, confidence: 0.9609 })
})

test('of few values the interval is all of them, and it says how sure that is', () => {
  assert.deepEqual(rounded([3, 1, 2]), { low: 1, high: 3, confidence: 0.75 })
  assert.deepEqual(rounded([]), { low: 0, high: 0, confidence: 0 })
})
