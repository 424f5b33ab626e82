import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summarise } from './percentiles.ts'

test('percentiles are those of the nearest rank, whatever the order', () => {
  const durations = Array.from({ length: 200 }, (_, index) => 200 - index)
  assert.deepEqual(summarise(durations), { count: 200, p50Ms: 100, p90Ms: 180, p99Ms: 198, maxMs: 200 })
  assert.deepEqual(summarise([]), { count: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 })
})
