import { Gauge } from 'prom-client'
import { topics } from '../../schemas/topics.ts'
import { boundedLabel, createCounter, type Metrics } from './metrics.ts'

/** Those that are read record by record. */
const topicNames = Object.values(topics)
  .filter(({ records }) => records.length > 0)
  .map(({ name }) => name)
const topicLabel = boundedLabel(topicNames)

/** Why a record is given up: its bytes cannot be read, or what they say makes no sense. */
const deadLetterCodes = ['RECORD_UNREADABLE', 'RECORD_INVALID']

/** For what reading may wait: `registry` for the schema of a record, `dead_letter` for its topic to take one. */
export type WaitingFor = 'registry' | 'dead_letter'

/** What a record reader counts. */
export type ReadingMetrics = {
  readonly unknown: (topic: string) => void
  /** `change`: 1 when something begins to wait, -1 when it does no more. */
  readonly waits: (waitingFor: WaitingFor, change: 1 | -1) => void
}

export const createReadingMetrics = (metrics: Metrics): ReadingMetrics => {
  const unknown = createCounter({
    metrics,
    name: 'roomcast_unknown_records_total',
    help: 'Records of a type that this version does not know, passed over.',
    labels: { topic: topicNames },
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
  const written = createCounter({
    metrics,
    name: 'roomcast_dead_letters_total',
    help: 'records given up, by source topic and code of the fault',
    labels: { topic: topicNames, code: deadLetterCodes },
  })
  return (topic, code) => written.inc({ topic: topicLabel(topic), code })
}
