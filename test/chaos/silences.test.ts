import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureSilences } from './silences.ts'

test('a silence is the longest wait that a blow fell into or that began after it', () => {
  const blows = [
    { what: 'first', at: 1_000 },
    { what: 'second', at: 20_000 },
  ]
  const waits = [
    { partition: 0, from: 0, to: 900 },
    { partition: 1, from: 990, to: 7_000 },
    { partition: 2, from: 2_000, to: 7_000 },
    { partition: 3, from: 19_000, to: 19_010 },
    { partition: 3, from: 21_000, to: 21_020 },
  ]
  assert.deepEqual(
    measureSilences(blows, waits).map(({ what, longestMs, partition }) => [what, longestMs, partition]),
    [
      ['first', 6_010, 1],
      ['second', 20, 3],
    ],
  )
})

test('without any input there is no silence to speak of', () => {
  assert.deepEqual(measureSilences([{ what: 'alone', at: 5 }], []), [
    { what: 'alone', at: 5, longestMs: 0, partition: undefined },
  ])
})
