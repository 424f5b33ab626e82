import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricSum } from './metric-sum.ts'

const text = `# HELP closes_total how it went
# TYPE closes_total counter
closes_total{service="edge",code="4001"} 3
closes_total{service="edge",code="4002"} 4
closes_total_seconds{service="edge",code="4001"} 50
bare 7
`

test('samples are summed whose name is the whole name and whose labels are all there', () => {
  assert.equal(metricSum(text, 'closes_total'), 7)
  assert.equal(metricSum(text, 'closes_total', 'code="4001"'), 3)
  assert.equal(metricSum(text, 'closes_total', 'code="4001"', 'service="mixer"'), 0)
  assert.equal(metricSum(text, 'bare'), 7)
})
