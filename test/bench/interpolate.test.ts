import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interpolate } from './interpolate.ts'

test('a value between two samples lies on the line between them, and beyond the ends it stays', () => {
  const samples = [
    { at: 100, cpu: 1 },
    { at: 200, cpu: 3 },
    { at: 300, cpu: 3.5 },
  ]
  const cpuAt = (at: number): number => interpolate(samples, at, ({ cpu }) => cpu)
  assert.deepEqual([0, 100, 150, 200, 220, 300, 999].map(cpuAt), [1, 1, 2, 3, 3.1, 3.5, 3.5])
  assert.equal(
    interpolate([], 5, () => 1),
    0,
  )
})
