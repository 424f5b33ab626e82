import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { busy, type Queries } from '../queries.ts'
import { kafkaSteps } from '../steps.ts'
import { units } from '../units.ts'

export const answersRow = (q: Queries): Row => ({
  title: 'How fast do brokers answer?',
  lines: [
    [
      graph({
        title: 'Kafka write by service',
        unit: units.seconds,
        queries: q.quantiles('roomcast_kafka_request_seconds', { where: 'api="Produce"', by: 'service' }),
        steps: kafkaSteps,
        shows: 'How long writes wait for their answer.',
        normal: 'p90 2 to 30 ms. A line that ends: that service has nothing to write, or is gone.',
        next: 'all services alike: the broker. One: its machine, its network or its event loop.',
        heading: 'The broker is slow or away',
      }),
      graph({
        title: 'p99 by api',
        unit: units.seconds,
        queries: [q.quantile(0.99, 'roomcast_kafka_request_seconds', { by: 'api' })],
        steps: kafkaSteps,
        shows: 'Requests of all services, by kind; Fetch without the wait that it was allowed.',
        normal: 'milliseconds; JoinGroup and SyncGroup wait for other members.',
        next: 'all alike: the line to the broker, or the whole broker. Only Produce: its disk, or replicas. Only EndTxn and AddOffsetsToTxn: the coordinator of transactions. Only Fetch: reading from disk.',
        heading: 'The broker is slow or away',
      }),
      graph({
        title: 'Requests per second, by api',
        unit: units.requestsPerSecond,
        queries: [q.rate('roomcast_kafka_request_seconds_count', { by: 'api' })],
        shows: 'Requests to brokers.',
        normal: 'follows the traffic; Fetch and Heartbeat always.',
        next: 'Metadata or FindCoordinator in numbers: clients that lost their broker.',
        heading: 'The broker is slow or away',
      }),
      graph({
        title: 'Requests not answered, per second',
        unit: units.perSecond,
        queries: [busy((of) => q.rate('roomcast_kafka_request_timeouts_total', of), { by: 'service, api' })],
        shows: 'Requests given up after 10 s.',
        normal: '0.',
        next: 'a broker that hangs, or a network that loses packets.',
        heading: 'BrokerAway',
      }),
    ],
  ],
})
