import type { Board } from './board.ts'
import { deadLetters, oldest, readingWaits, registryAway, slowKafka } from './first-row.ts'
import { graph, stat } from './panels.ts'
import { busy, createQueries } from './queries.ts'
import { lagSteps, noneSteps, transactionSteps } from './steps.ts'
import { units } from './units.ts'
import { answersRow } from './rows/kafka-answers.ts'
import { unreadableRow } from './rows/kafka-unreadable.ts'

const q = createQueries('service=~"$service",instance=~"$instance"')

export const kafka: Board = {
  uid: 'roomcast-kafka',
  title: 'roomcast: Kafka and lag',
  description:
    'Kafka and the registry as the services feel them, and who is behind. Slow for all is the broker; slow for one is that service.',
  instancesOf: 'job=~"ingest|state-machine|mixer|edge"',
  byService: true,
  rows: [
    {
      title: 'Is it Kafka?',
      lines: [
        [
          slowKafka(q, 'service'),
          stat({
            title: 'Requests not answered, 10 min',
            unit: units.count,
            decimals: 0,
            queries: [busy((of) => q.increase('roomcast_kafka_request_timeouts_total', '10m', of), { by: 'service' })],
            steps: noneSteps,
            shows: 'Requests to brokers that were given up after 10 s.',
            normal: '0.',
            next: 'a broker that hangs or cannot be reached.',
            heading: 'BrokerAway',
          }),
          stat({
            title: 'Transaction, p90',
            unit: units.seconds,
            queries: [
              {
                expr: 'histogram_quantile(0.9, sum by (le) (rate(roomcast_transaction_seconds_bucket[$__rate_interval])))',
                legend: 'p90',
              },
            ],
            steps: transactionSteps,
            none: 'no transactions',
            shows: 'Transactions of the state-machine, one in ten longer.',
            normal: '5 to 50 ms, more where brokers copy to others.',
            next: 'slow together with Kafka write of all services: the broker. Slow alone: the state-machine.',
            heading: 'TransactionsSlow',
          }),
          oldest(q, { title: 'Oldest record not processed', by: 'service', heading: 'ConsumerBehind' }),
        ],
        [
          registryAway(q, 'service'),
          readingWaits(q, 'service'),
          deadLetters(q, 'service, topic, code'),
          stat({
            title: 'Events that ingest gave up, 10 min',
            unit: units.count,
            decimals: 0,
            queries: [
              {
                expr: '(sum by (result) (increase(roomcast_ingest_events_total{result=~"BROKER_.*|REGISTRY_.*"}[10m]))) or on () vector(0)',
                legend: '{{result}}',
              },
            ],
            steps: noneSteps,
            shows: 'Events that could not be written, by the code of the fault; callers were answered 503.',
            normal: '0.',
            next: 'BROKER_… is Kafka, REGISTRY_… the registry.',
            heading: 'BrokerAway',
          }),
        ],
      ],
    },
    {
      title: 'Who is behind?',
      lines: [
        [
          graph({
            title: 'Lag in seconds, by service and topic',
            unit: units.seconds,
            queries: [q.max('roomcast_lag_seconds', { by: 'service, topic' })],
            steps: lagSteps,
            shows: 'Age of the oldest record that is not processed, of the worst partition.',
            normal: 'near 0.',
            next: 'rising by a second a second: nothing moves. room.input.v1 at the state-machine keeps everything after it.',
            heading: 'ConsumerBehind',
          }),
          graph({
            title: 'Lag in messages, by service and topic',
            unit: units.count,
            queries: [q.sum('roomcast_lag_messages', { by: 'service, topic' })],
            shows: 'Offsets up to the end of the log, as of the newest fetch.',
            normal: 'small, and soon back at 0.',
            next: 'growing while seconds grow: too few instances, or a standstill.',
            heading: 'ConsumerBehind',
          }),
          graph({
            title: 'Lag in seconds, by instance',
            unit: units.seconds,
            queries: [q.max('roomcast_lag_seconds', { by: 'service, instance' })],
            steps: lagSteps,
            shows: 'The same, of the worst topic of each instance.',
            normal: 'near 0.',
            next: 'one instance: restart it. All of a service: load, or what it waits for.',
            heading: 'PartitionStalled',
          }),
        ],
      ],
    },
    answersRow(q),
    unreadableRow(q),
  ],
}
