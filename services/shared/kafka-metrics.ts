import type { RequestObserver } from './kafka/client.ts'
import { boundedLabel, createCounter, type Metrics } from './metrics.ts'
import { createTallyHistogram } from './tally-metrics.ts'

/** The requests that a service has to wait for, by their names in the protocol; any other is `other`. */
const apis = [
  'Produce',
  'Fetch',
  'ListOffsets',
  'Metadata',
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
]

/** Kafka as a service feels it: a broker that is slow is told apart by it from a service that is. */
export const createKafkaMetrics = (metrics: Metrics): RequestObserver => {
  const values = [...apis, 'other']
  const apiLabel = boundedLabel(apis)
  const answered = createTallyHistogram({
    metrics,
    name: 'roomcast_kafka_request_seconds',
    help:
      'From a request to a broker to its answer, in whole milliseconds; of Fetch what it took beyond the wait that it allows; ' +
      'JoinGroup and SyncGroup wait for other members. One without an answer counts as long as it was waited for (10 s).',
    label: 'api',
    values,
  })
  const timedOut = createCounter({
    metrics,
    name: 'roomcast_kafka_request_timeouts_total',
    help: 'Requests to a broker without an answer within 10 s.',
    labels: { api: values },
  })
  return {
    answered: (api, seconds) => answered.observe(apiLabel(api), seconds, 1),
    timedOut: (api, seconds) => {
      answered.observe(apiLabel(api), seconds, 1)
      timedOut.inc({ api: apiLabel(api) })
    },
  }
}
