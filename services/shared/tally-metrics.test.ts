import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDurationHistogram, createMetrics } from './metrics.ts'
import { createPairTallyCounter, createTallyCounter, createTallyHistogram } from './tally-metrics.ts'

const linesOf = (text: string, name: string): readonly string[] =>
  text.split('\n').filter((line) => line.startsWith(name) || line.startsWith(`# TYPE ${name}`))

test('a counter has what was added since its start, however often it is scraped', async () => {
  const metrics = createMetrics({ service: 'test' })
  const tally = createTallyCounter({ metrics, name: 'roomcast_x_total', help: 'x', label: 'weight', values: [4, 5] })
  tally.add(4, 3)
  await metrics.metrics()
  tally.add(4, 2)
  assert.deepEqual(linesOf(await metrics.metrics(), 'roomcast_x_total'), [
    '# TYPE roomcast_x_total counter',
    'roomcast_x_total{weight="4",service="test"} 5',
    'roomcast_x_total{weight="5",service="test"} 0',
  ])
})

test('a counter of pairs begins with the known ones at zero, and takes others as they come', async () => {
  const metrics = createMetrics({ service: 'test' })
  const tally = createPairTallyCounter({
    metrics,
    name: 'roomcast_x_total',
    help: 'x',
    labels: ['type', 'result'],
    known: [['Live'], ['applied', 'failed']],
  })
  tally.add('Live', 'applied')
  tally.add('Live', 'late')
  await metrics.metrics()
  tally.add('Live', 'applied')
  tally.add('Live', 'late')
  tally.add('Other', 'late')
  assert.deepEqual(linesOf(await metrics.metrics(), 'roomcast_x_total'), [
    '# TYPE roomcast_x_total counter',
    'roomcast_x_total{type="Live",result="applied",service="test"} 2',
    'roomcast_x_total{type="Live",result="failed",service="test"} 0',
    'roomcast_x_total{type="Live",result="late",service="test"} 2',
    'roomcast_x_total{type="Other",result="late",service="test"} 1',
  ])
})

test('a histogram says the same as one that observes every single duration', async () => {
  const durations = [0, 0.001, 0.0011, 0.02, 0.7, 59, 60, 61, 5]
  const one = createMetrics({ service: 'test' })
  const other = createMetrics({ service: 'test' })
  const named = { name: 'roomcast_x_seconds', help: 'x' } as const
  const tally = createTallyHistogram({ metrics: one, ...named, label: 'weight', values: [4, 5] })
  const plain = createDurationHistogram({ metrics: other, ...named, labelNames: ['weight'] })
  for (const weight of [4, 5] as const) {
    for (const [index, seconds] of durations.entries()) {
      tally.observe(weight, seconds, index)
      for (let times = 0; times < index; times += 1) plain.observe({ weight }, seconds)
    }
  }
  const sorted = (text: string): readonly string[] =>
    linesOf(text, 'roomcast_x_seconds')
      .map((line) => line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(',').toSorted().join(',')}}`))
      .toSorted()
  assert.deepEqual(sorted(await one.metrics()), sorted(await other.metrics()))
  assert.equal(linesOf(await one.metrics(), 'roomcast_x_seconds').length, 1 + 2 * 19)
})

test('a value that was not named counts nothing', async () => {
  const metrics = createMetrics({ service: 'test' })
  const values: readonly number[] = [4]
  const counter = createTallyCounter({ metrics, name: 'roomcast_x_total', help: 'x', label: 'weight', values })
  const histogram = createTallyHistogram({ metrics, name: 'roomcast_y_seconds', help: 'y', label: 'weight', values })
  counter.add(7, 1)
  histogram.observe(7, 1, 1)
  assert.doesNotMatch(await metrics.metrics(), /weight="7"/)
})
