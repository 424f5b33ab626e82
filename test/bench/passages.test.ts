import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latencyFigures, longestByPartition } from './passages.ts'

const passage = (partition: number, appendedAt: number, tookMs?: number) => ({
  partition,
  appendedAt,
  pushAppendedAt: tookMs === undefined ? undefined : appendedAt + tookMs,
  arrivedAt: tookMs === undefined ? undefined : appendedAt + tookMs + 0.5,
})

test('what an input caused is timed to its append and to its arrival, and what is missing is counted', () => {
  const figures = latencyFigures([passage(0, 1_000, 10), passage(0, 2_000, 30), passage(1, 3_000)])
  assert.equal(figures['inputs'], 3)
  assert.equal(figures['missing'], 1)
  assert.equal(figures['appendP50Ms'], 10)
  assert.equal(figures['appendP99Ms'], 30)
  assert.equal(figures['arrivalMaxMs'], 30.5)
})

test('the longest way is told partition by partition, and one without an end is endless', () => {
  const passages = [passage(0, 1_000, 10), passage(1, 1_000, 5), passage(0, 2_000, 700), passage(2, 1_000)]
  assert.deepEqual(longestByPartition(passages), [700, 5, Infinity])
})
