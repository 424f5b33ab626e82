import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKafkaMetrics } from './kafka-metrics.ts'
import { createMetrics } from './metrics.ts'

test('requests are timed by api, one without an answer as long as it was waited for; others are one label', async () => {
  const metrics = createMetrics({ service: 'edge' })
  const { answered, timedOut } = createKafkaMetrics(metrics)
  answered('Produce', 0.3)
  timedOut('Produce', 10.1)
  answered('DescribeAcls', 0.002)
  const lines = (await metrics.metrics()).split('\n')
  const samples = (start: string): readonly string[] => lines.filter((line) => line.startsWith(start))
  const { length } = samples('roomcast_kafka_request_timeouts_total{')
  assert.ok(samples('roomcast_kafka_request_timeouts_total{api="Produce"').at(0)?.endsWith(' 1'))
  assert.equal(
    samples('roomcast_kafka_request_timeouts_total{').filter((line) => line.endsWith(' 0')).length,
    length - 1,
  )
  assert.deepEqual(
    samples('roomcast_kafka_request_seconds').filter((line) => /_(sum|count)\{/.test(line) && !line.endsWith(' 0')),
    [
      'roomcast_kafka_request_seconds_sum{api="Produce",service="edge"} 10.4',
      'roomcast_kafka_request_seconds_count{api="Produce",service="edge"} 2',
      'roomcast_kafka_request_seconds_sum{api="other",service="edge"} 0.002',
      'roomcast_kafka_request_seconds_count{api="other",service="edge"} 1',
    ],
  )
})
