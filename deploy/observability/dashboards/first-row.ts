import { stat, type Placeable } from './panels.ts'
import { busy, type Queries } from './queries.ts'
import type { ServiceName } from './service-names.ts'
import { kafkaSteps, lagSteps, noneSteps } from './steps.ts'
import { units } from './units.ts'

/** How many instances answer; 0 also where Prometheus has no target. */
export const instances = (names: readonly ServiceName[]): Placeable =>
  stat({
    title: 'Instances that answer',
    unit: units.count,
    queries: names.map((name) => ({
      expr: `sum by (job) (up{job="${name}"}) or label_replace(vector(0), "job", "${name}", "", "")`,
      legend: '{{job}}',
    })),
    steps: ['red', [1, 'green']],
    shows: 'Instances that Prometheus could scrape just now.',
    normal: 'as many as were started.',
    next: '0 means that the service is stopped or cannot be reached: look at its process and at the end of its log.',
    heading: 'ServiceDown',
  })

export const notReady = (q: Queries, by: string): Placeable =>
  stat({
    title: 'Parts that are not ready',
    always: true,
    unit: units.count,
    queries: [q.zeros('roomcast_ready', { by })],
    steps: noneSteps,
    shows:
      'What keeps running instances from being ready, as in their /readyz. A service that is missing here answers nothing at all.',
    normal: '0; more for seconds while an instance starts.',
    next: 'the part, also named by /readyz and on the dashboard of the service, says what is waited for.',
    heading: 'NotReady',
  })

export const registryAway = (q: Queries, by: string): Placeable =>
  stat({
    title: 'Registry does not answer',
    always: true,
    unit: units.count,
    queries: [q.zeros('roomcast_registry_reachable', { by })],
    steps: noneSteps,
    shows:
      'Instances that ask the schema registry every 15 s and get no answer. A service that is missing here answers nothing at all.',
    normal: '0.',
    next: 'bring the registry back, and restart nothing meanwhile: services go on with the schemas that they know.',
    heading: 'RegistryUnreachable',
  })

export const readingWaits = (q: Queries, by: string): Placeable =>
  stat({
    title: 'Reads that wait',
    always: true,
    unit: units.count,
    queries: [busy((of) => q.sum('roomcast_reading_waits', of), { by: `${by}, waiting_for` })],
    steps: noneSteps,
    shows: 'Reads that stand still until the registry knows a schema, or the dead-letter topic takes a record.',
    normal: '0.',
    next: 'registry: bring it back. dead_letter: the broker does not take the record; look at it.',
    heading: 'RegistryAway',
  })

export const deadLetters = (q: Queries, by: string): Placeable =>
  stat({
    title: 'Dead letters, 10 min',
    always: true,
    unit: units.count,
    decimals: 0,
    queries: [busy((of) => q.increase('roomcast_dead_letters_total', '10m', of), { by })],
    steps: noneSteps,
    shows: 'Records that could not be read and were put to dead-letter.v1.',
    normal: '0.',
    next: 'a poison record: its headers in dead-letter.v1 name its topic, partition, offset and the reason.',
    heading: 'DeadLetters',
  })

export const oldest = (
  q: Queries,
  { title, by, where, heading }: { title: string; by: string; where?: string; heading: string },
): Placeable =>
  stat({
    title,
    always: true,
    unit: units.seconds,
    queries: [q.max('roomcast_lag_seconds', { by, ...(where === undefined ? {} : { where }) })],
    steps: lagSteps,
    shows:
      'Age of the oldest record that is not processed. A service that is missing here is not running, and behind all the same.',
    normal: 'below 1 s.',
    next: 'growing at all instances, and Kafka writes are fine: load. Growing at one of them: a standstill there. Kafka writes slow: that is the cause.',
    heading,
  })

export const slowKafka = (q: Queries, by: string): Placeable =>
  stat({
    title: 'Kafka write, p90',
    unit: units.seconds,
    queries: [q.quantile(0.9, 'roomcast_kafka_request_seconds', { by, where: 'api="Produce"' })],
    steps: kafkaSteps,
    shows:
      'How long nine of ten writes wait for the answer of a broker. Red from 0.1 s: at two services for 90 s that is BrokerSlow. Orange, from 50 ms, is slower than usual and no alert.',
    normal: '2 to 30 ms. Missing for a service that has nothing to write, or does not run.',
    next: 'slow for all services: the broker, or the line to it. Slow for one: its machine, its network or its event loop.',
    heading: 'BrokerSlow',
  })
