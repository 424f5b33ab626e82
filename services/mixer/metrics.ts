import { topics } from '../../schemas/topics.ts'
import { createLagMetrics } from '../shared/lag-metrics.ts'
import { boundedLabel, createDurationHistogram, type Metrics } from '../shared/metrics.ts'
import { createMixMetrics } from './mix-metrics.ts'

const actions = ['start', 'stop'] as const
const codes = ['200', '3000', '3400', '3404', '3500'] as const

/** Observes commands that were answered, from the record read to its answer on Kafka. */
export const createAnsweredMetrics = (
  metrics: Metrics,
): ((answered: { readonly action: string; readonly code: number }, seconds: number) => void) => {
  const answers = createDurationHistogram({
    metrics,
    name: 'roomcast_mix_command_seconds',
    help: 'From a command read to its answer on Kafka, by action and code.',
    labelNames: ['action', 'code'],
  })
  // There before the first: an increase from nothing is not seen.
  for (const action of actions) for (const code of codes) answers.zero({ action, code })
  const codeLabel = boundedLabel(codes)
  return ({ action, code }, seconds) => answers.observe({ action, code: codeLabel(String(code)) }, seconds)
}

/** How far behind the topic of commands the service is. */
export const createMixerLag = (metrics: Metrics) => {
  const lagOf = createLagMetrics({ metrics, topics: [topics.mixCommand.name] })
  return lagOf(topics.mixCommand.name)
}

/** What this service alone registers, for the page of metrics; the mixes only with the cloud in a box. */
export const registerOwn = (metrics: Metrics): void => {
  createAnsweredMetrics(metrics)
  createMixerLag(metrics)
  createMixMetrics(metrics)
}
