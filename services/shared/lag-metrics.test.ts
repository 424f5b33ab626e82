import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IncomingMessage } from './kafka/message.ts'
import { createLagMetrics } from './lag-metrics.ts'
import { createMetrics } from './metrics.ts'

const messagesAt = (timestamp: number, ...offsets: readonly number[]): readonly IncomingMessage[] =>
  offsets.map((offset) => ({
    topic: 't',
    partition: 0,
    offset,
    key: null,
    value: null,
    headers: {},
    timestamp,
    size: 0,
  }))

/** The lag of one topic, with a clock moved by hand. */
const stage = () => {
  const metrics = createMetrics({ service: 'test' })
  let now = 100_000
  const lag = createLagMetrics({ metrics, topics: ['t'], clock: { now: () => now } })('t')
  const read = async (name: string): Promise<number | undefined> =>
    (await metrics.getSingleMetric(name)?.get())?.values[0]?.value
  return {
    lag,
    pass: (ms: number) => (now += ms),
    lags: async () => [await read('roomcast_lag_messages'), await read('roomcast_lag_seconds')],
  }
}

test('a topic of which nothing was read has no lag', async () => {
  const { lags } = stage()
  assert.deepEqual(await lags(), [0, 0])
})

test('records that wait are counted to the end of the log, and are as old as the oldest', async () => {
  const { lag, lags } = stage()
  lag.begin(0, 5)
  lag.fetched({ partition: 0, messages: messagesAt(98_000, 5, 6), highWatermark: 9, position: 7 })
  assert.deepEqual(await lags(), [4, 2])
})

test('the age grows while nothing is processed and nothing is fetched', async () => {
  const { lag, lags, pass } = stage()
  lag.begin(0, 0)
  lag.fetched({ partition: 0, messages: messagesAt(100_000, 0), highWatermark: 1, position: 1 })
  pass(30_000)
  assert.deepEqual(await lags(), [1, 30])
})

test('after a quiet hour a new record is as old as itself, not as the one before', async () => {
  const { lag, lags, pass } = stage()
  lag.begin(0, 0)
  lag.fetched({ partition: 0, messages: messagesAt(100_000, 0), highWatermark: 1, position: 1 })
  lag.processed(0, 1)
  pass(3_600_000)
  assert.deepEqual(await lags(), [0, 0])
  lag.fetched({ partition: 0, messages: messagesAt(3_700_000, 1), highWatermark: 2, position: 2 })
  assert.deepEqual(await lags(), [1, 0])
})

test('a marker behind the last record is no lag once that record is processed', async () => {
  const { lag, lags } = stage()
  lag.begin(0, 0)
  lag.fetched({ partition: 0, messages: messagesAt(99_000, 0), highWatermark: 2, position: 2 })
  assert.deepEqual(await lags(), [2, 1])
  lag.processed(0, 1)
  assert.deepEqual(await lags(), [0, 0])
})

test('a marker that comes alone is no lag, but a record before it that is not processed is', async () => {
  const { lag, lags } = stage()
  lag.begin(0, 0)
  lag.fetched({ partition: 0, messages: messagesAt(99_000, 0), highWatermark: 1, position: 1 })
  lag.fetched({ partition: 0, messages: [], highWatermark: 2, position: 2 })
  assert.deepEqual(await lags(), [2, 1])
  lag.processed(0, 1)
  assert.deepEqual(await lags(), [0, 0])
})

test('an open transaction that hides the end of the log is a lag that grows', async () => {
  const { lag, lags, pass } = stage()
  lag.begin(0, 7)
  lag.fetched({ partition: 0, messages: [], highWatermark: 10, position: 7 })
  pass(5_000)
  lag.fetched({ partition: 0, messages: [], highWatermark: 10, position: 7 })
  assert.deepEqual(await lags(), [3, 5])
})

test('messages of all partitions are summed, seconds are those of the worst; one that is forgotten counts no more', async () => {
  const { lag, lags } = stage()
  for (const [partition, timestamp] of [
    [0, 99_000],
    [1, 93_000],
  ] as const) {
    lag.begin(partition, 0)
    lag.fetched({ partition, messages: messagesAt(timestamp, 0), highWatermark: 3, position: 1 })
  }
  assert.deepEqual(await lags(), [6, 7])
  lag.forget(1)
  lag.processed(1, 1)
  assert.deepEqual(await lags(), [3, 1])
})

test('while much is processed the age is that of the oldest fetch of which something waits', async () => {
  const { lag, lags } = stage()
  lag.begin(0, 0)
  lag.fetched({ partition: 0, messages: messagesAt(90_000, 0, 1, 2), highWatermark: 6, position: 3 })
  lag.fetched({ partition: 0, messages: messagesAt(95_000, 3, 4), highWatermark: 6, position: 5 })
  lag.processed(0, 2)
  assert.deepEqual(await lags(), [4, 10])
  lag.processed(0, 3)
  assert.deepEqual(await lags(), [3, 5])
  lag.processed(0, 5)
  assert.deepEqual(await lags(), [1, 5])
})
