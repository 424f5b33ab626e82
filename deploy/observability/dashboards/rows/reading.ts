import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { busy, type Queries } from '../queries.ts'
import { kafkaSteps, lagSteps } from '../steps.ts'
import { units } from '../units.ts'

/** What a service reads from Kafka and what it gets in answer. */
export const readingRow = (q: Queries): Row => ({
  title: 'Reading and writing Kafka',
  lines: [
    [
      graph({
        title: 'Lag in seconds, by topic',
        unit: units.seconds,
        queries: [q.max('roomcast_lag_seconds', { by: 'topic, instance' })],
        steps: lagSteps,
        shows: 'Age of the oldest record that is not processed, of the worst partition.',
        normal: 'near 0.',
        next: 'a line that rises by one second a second stands still; one that goes up and down is load, or a slow broker.',
        heading: 'ConsumerBehind',
      }),
      graph({
        title: 'Lag in messages, by topic',
        unit: units.count,
        queries: [q.sum('roomcast_lag_messages', { by: 'topic' })],
        shows: 'Offsets up to the end of the log, as of the newest fetch.',
        normal: 'small and soon back at 0.',
        next: 'compare with the lag in seconds: many messages and few seconds are a burst.',
        heading: 'ConsumerBehind',
      }),
      graph({
        title: 'Kafka requests, p99 by api',
        unit: units.seconds,
        queries: [q.quantile(0.99, 'roomcast_kafka_request_seconds', { by: 'api' })],
        steps: kafkaSteps,
        shows: 'How long requests to brokers take; Fetch without the wait that it was allowed.',
        normal: 'milliseconds; JoinGroup and SyncGroup take seconds, since they wait for other members.',
        next: 'Produce and EndTxn slow in all services: the broker.',
        heading: 'The broker is slow or away',
      }),
    ],
    [
      graph({
        title: 'Kafka requests that were not answered, per second',
        unit: units.perSecond,
        queries: [busy((of) => q.rate('roomcast_kafka_request_timeouts_total', of), { by: 'api' })],
        shows: 'Requests given up because no broker answered in time.',
        normal: '0.',
        next: 'a broker that hangs or cannot be reached.',
        heading: 'BrokerAway',
      }),
      graph({
        title: 'Records that could not be read, in 10 min',
        unit: units.count,
        queries: [
          busy((of) => q.increase('roomcast_dead_letters_total', '10m', of), {
            by: 'topic, code',
            legend: 'dead letter {{topic}} {{code}}',
          }),
          busy((of) => q.increase('roomcast_unknown_records_total', '10m', of), {
            by: 'topic',
            legend: 'unknown type {{topic}}',
          }),
        ],
        shows: 'Records put to dead-letter.v1, and records of types that this version passes over.',
        normal: '0; unknown types while a newer version of a writer is being rolled out.',
        next: 'dead letters are poison records; unknown types for long: a service that was not renewed.',
        heading: 'A poison record',
      }),
      graph({
        title: 'Reads that wait, over time',
        unit: units.count,
        queries: [q.sum('roomcast_reading_waits', { by: 'waiting_for, instance' })],
        shows: 'Reads that are tried again until the registry or the dead-letter topic answers.',
        normal: '0.',
        next: 'what lies behind the waiting record waits too; bring back what is waited for.',
        heading: 'RegistryAway',
      }),
    ],
  ],
})
