import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counter } from 'prom-client'
import { boundedLabel, createCounter, createDurationHistogram, createMetrics } from './metrics.ts'

test('every metric carries the service, those of Node.js too', async () => {
  const metrics = createMetrics({ service: 'mixer' })
  new Counter({ name: 'roomcast_tests_total', help: 'tests', registers: [metrics] }).inc()
  const text = await metrics.metrics()
  assert.match(text, /roomcast_tests_total\{service="mixer"\} 1/)
  assert.match(text, /process_cpu_seconds_total\{service="mixer"\}/)
})

test('no gauge is named like a counter', async () => {
  const gauges = (await createMetrics({ service: 'mixer' }).metrics()).matchAll(/^# TYPE (\S+) gauge$/gm)
  assert.deepEqual(
    [...gauges].map(([, name]) => name).filter((name) => name?.endsWith('_total')),
    [],
  )
})

test('durations are measured in seconds, from 1 ms to 60 s', async () => {
  const metrics = createMetrics({ service: 'mixer' })
  const waited = createDurationHistogram({
    metrics,
    name: 'roomcast_test_wait_seconds',
    help: 'a wait',
    labelNames: ['outcome'],
  })
  waited.observe({ outcome: 'ok' }, 0.004)
  const text = await metrics.metrics()
  assert.match(text, /_bucket\{le="0.001",service="mixer",outcome="ok"\} 0/)
  assert.match(text, /_bucket\{le="0.005",service="mixer",outcome="ok"\} 1/)
  assert.match(text, /_bucket\{le="60",service="mixer",outcome="ok"\} 1/)
})

test('a counter has each combination of the known values of its labels from the start, at 0', async () => {
  const metrics = createMetrics({ service: 'mixer' })
  const counter = createCounter({
    metrics,
    name: 'roomcast_tests_total',
    help: 'tests',
    labels: { weight: [4, 5], result: ['good', 'bad'] },
  })
  counter.inc({ weight: 5, result: 'bad' })
  counter.inc({ weight: 5, result: 'late' }, 2)
  const lines = (await metrics.metrics()).split('\n').filter((line) => line.startsWith('roomcast_tests_total{'))
  assert.deepEqual(lines, [
    'roomcast_tests_total{weight="4",result="good",service="mixer"} 0',
    'roomcast_tests_total{weight="4",result="bad",service="mixer"} 0',
    'roomcast_tests_total{weight="5",result="good",service="mixer"} 0',
    'roomcast_tests_total{weight="5",result="bad",service="mixer"} 1',
    'roomcast_tests_total{weight="5",result="late",service="mixer"} 2',
  ])
})

test('a label from outside has no more values than are known', () => {
  const label = boundedLabel(['Liked', 'Commented'])
  assert.deepEqual(['Liked', 'room-17'].map(label), ['Liked', 'other'])
})
