import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { OutgoingMessage } from '../../../services/shared/kafka/message.ts'

/** A way to run a service. */
export type Variant = {
  /** Names its case. */
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly hasMetrics: boolean
  /** Of the records that it reads, so many carry a trace that is sampled, and the others one that is not; null: none carries any. */
  readonly sampledShare: number | null
}

/** What others are compared with. */
export const baseline = 'metrics off'

/** For example a profiler's. */
const nodeOptions = process.env['NODE_OPTIONS'] ?? ''
/** Names the file into which a process with `metrics-switch.ts` writes what it spent. */
export const reportVariable = 'METRICS_SWITCH_REPORT'

/** The environment of a process whose metrics record nothing, see metrics-switch.ts. */
export const metricsOff: Variant['env'] = {
  NODE_OPTIONS: `${nodeOptions} --import ${join(import.meta.dirname, 'metrics-switch.ts')}`,
}
const metricsOn = { NODE_OPTIONS: nodeOptions }

/**
 * As many as fit evenly into the partitions. The second is the first once more: what these two differ by, nothing explains but chance.
 * The third is what runs where nobody sets anything.
 * @param collectorUrl takes what traces are exported
 */
export const variantsWith = (collectorUrl: string): readonly Variant[] => {
  const tracesOn = {
    ...metricsOn,
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    // Shorter than usual: what is exported belongs to the slice in which it was recorded.
    OTEL_BSP_SCHEDULE_DELAY: '250',
  }
  const traced = (sampledShare: number): Variant => ({
    name: `metrics on, traces on, ${sampledShare * 100} % sampled`,
    // Deadlines run out in every process at any time, and begin traces: the name tells whose spans came.
    env: { ...tracesOn, OTEL_SERVICE_NAME: serviceNameOf(sampledShare) },
    hasMetrics: true,
    sampledShare,
  })
  return [
    { name: baseline, env: metricsOff, hasMetrics: false, sampledShare: null },
    { name: `${baseline}, again`, env: metricsOff, hasMetrics: false, sampledShare: null },
    { name: 'metrics on', env: metricsOn, hasMetrics: true, sampledShare: null },
    traced(0.01),
    traced(0.1),
    traced(1),
  ]
}

/** What the spans of a variant have as their service. */
export const serviceNameOf = (sampledShare: number | null): string => `sampled-${sampledShare}`

/** The message as a variant is given it. */
export const inTrace = (message: OutgoingMessage, { sampledShare }: Variant): OutgoingMessage => {
  if (sampledShare === null) return message
  const ids = `${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}`
  const traceparent = `00-${ids}-${Math.random() < sampledShare ? '01' : '00'}`
  return { ...message, headers: { ...message.headers, traceparent } }
}
