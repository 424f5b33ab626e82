import { Counter } from 'prom-client'
import { topics } from '../../schemas/topics.ts'
import { createLagMetrics } from '../shared/lag-metrics.ts'
import { boundedLabel, createDurationHistogram, type Metrics } from '../shared/metrics.ts'
import { createDeadLetterMetrics } from '../shared/reading-metrics.ts'
import { createMixMetrics } from './mix-metrics.ts'

/** What is counted of commands. */
export type CommandMetrics = {
  readonly answered: (answered: { readonly action: string; readonly code: number }, seconds: number) => void
  /** A record of an unknown type was passed over. */
  readonly unknown: () => void
}

const actions = ['start', 'stop'] as const
const codes = ['200', '3000', '3400', '3404', '3500'] as const

export const createCommandMetrics = (metrics: Metrics): CommandMetrics => {
  const answers = createDurationHistogram({
    metrics,
    name: 'roomcast_mix_command_seconds',
    help: 'From a command read to its answer on Kafka, by action and code.',
    labelNames: ['action', 'code'],
  })
  // There before the first: an increase from nothing is not seen.
  for (const action of actions) for (const code of codes) answers.zero({ action, code })
  const unknown = new Counter({
    name: 'roomcast_mix_unknown_commands_total',
    help: 'Records of unknown types on the command topic, passed over.',
    registers: [metrics],
  })
  const codeLabel = boundedLabel(codes)
  return {
    answered: ({ action, code }, seconds) => answers.observe({ action, code: codeLabel(String(code)) }, seconds),
    unknown: () => unknown.inc(),
  }
}

/** How far behind the topic of commands the service is. */
export const createMixerLag = (metrics: Metrics) => {
  const lagOf = createLagMetrics({ metrics, topics: [topics.mixCommand.name] })
  return lagOf(topics.mixCommand.name)
}

/** Everything that the service registers, for the page of metrics; the mixes only with the cloud in a box. */
export const registerAll = (metrics: Metrics): void => {
  createCommandMetrics(metrics)
  createMixerLag(metrics)
  createDeadLetterMetrics(metrics)
  createMixMetrics(metrics)
}
