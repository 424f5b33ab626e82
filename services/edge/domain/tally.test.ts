import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTally } from './tally.ts'

test('a tally counts by key, never below zero', () => {
  const tally = createTally()
  tally.add('a')
  tally.add('a')
  tally.add('b')
  tally.remove('a')
  tally.remove('b')
  tally.remove('c')
  assert.deepEqual(['a', 'b', 'c'].map(tally.of), [1, 0, 0])
})
