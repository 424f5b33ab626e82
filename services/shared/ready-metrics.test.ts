import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReadiness } from './admin-server.ts'
import { createMetrics } from './metrics.ts'
import { createReadyMetrics } from './ready-metrics.ts'

test('each part of readiness is 1 while it is there and 0 while it is waited for, those that are named later too', async () => {
  const metrics = createMetrics({ service: 'test' })
  const readiness = createReadiness(['start'])
  createReadyMetrics(metrics, readiness)
  const parts = async () =>
    (await metrics.getSingleMetric('roomcast_ready')?.get())?.values.map(({ labels, value }) => [labels['part'], value])
  readiness.set('registry', false)
  readiness.set('start', true)
  assert.deepEqual(await parts(), [
    ['start', 1],
    ['registry', 0],
  ])
  readiness.set('registry', true)
  assert.deepEqual(await parts(), [
    ['start', 1],
    ['registry', 1],
  ])
})
