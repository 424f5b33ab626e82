import { Counter, Gauge } from 'prom-client'
import { topics } from '../../schemas/topics.ts'
import { boundedLabel, type Metrics } from './metrics.ts'

const topicNames = Object.values(topics).map(({ name }) => name)

/** For what reading may wait: `registry` for the schema of a record, `dead_letter` for its topic to take one. */
export type WaitingFor = 'registry' | 'dead_letter'

/** What a record reader counts. */
export type ReadingMetrics = {
  readonly unknown: (topic: string) => void
  /** `change`: 1 when something begins to wait, -1 when it does no more. */
  readonly waits: (waitingFor: WaitingFor, change: 1 | -1) => void
}

export const createReadingMetrics = (metrics: Metrics): ReadingMetrics => {
  const topicLabel = boundedLabel(topicNames)
  const unknown = new Counter({
    name: 'roomcast_unknown_records_total',
    help: 'Records of a type that this version does not know, passed over.',
    labelNames: ['topic'],
    registers: [metrics],
  })
  const waits = new Gauge({
    name: 'roomcast_reading_waits',
    help: 'Reads that are tried again because the registry, or the dead-letter topic, does not answer.',
    labelNames: ['waiting_for'],
    registers: [metrics],
  })
  for (const waitingFor of ['registry', 'dead_letter']) waits.set({ waiting_for: waitingFor }, 0)
  return {
    unknown: (topic) => unknown.inc({ topic: topicLabel(topic) }),
    waits: (waitingFor, change) => waits.inc({ waiting_for: waitingFor }, change),
  }
}

/** Counts a record that was put to the dead-letter topic, by source topic and code of the fault. */
export const createDeadLetterMetrics = (metrics: Metrics): ((topic: string, code: string) => void) => {
  const topicLabel = boundedLabel(topicNames)
  const written = new Counter({
    name: 'roomcast_dead_letters_total',
    help: 'records given up, by source topic and code of the fault',
    labelNames: ['topic', 'code'],
    registers: [metrics],
  })
  return (topic, code) => written.inc({ topic: topicLabel(topic), code })
}
