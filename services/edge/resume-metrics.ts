import { Gauge } from 'prom-client'
import { createCounter, createDurationHistogram, type Metrics } from '../shared/metrics.ts'
import type { NotRecovered } from './domain/resume.ts'
import { laneNames, type LaneName } from './logged.ts'

export type ResumeMetrics = {
  /** How a resume was answered. */
  readonly resumed: (result: 'recovered' | NotRecovered) => void
  /** A read for those whose cursors were older than the ring. */
  readonly caughtUp: (result: 'done' | 'too_far' | 'failed', durationMs: number) => void
}

const results = ['recovered', 'epoch', 'too_old', 'too_much', 'beyond', 'incomplete'] as const satisfies readonly (
  'recovered' | NotRecovered
)[]

/** `ringBytes` is a number that is kept anyway. */
export const createResumeMetrics = ({
  metrics,
  ringBytes,
}: {
  metrics: Metrics
  ringBytes: (lane: LaneName) => number
}): ResumeMetrics => {
  const resumes = createCounter({
    metrics,
    name: 'roomcast_edge_resumes_total',
    help: 'resumes by result: recovered, or why not',
    labels: { result: results },
  })
  const seconds = createDurationHistogram({
    metrics,
    name: 'roomcast_edge_catch_up_seconds',
    help: 'reads of a partition for cursors older than its ring',
    labelNames: ['result'],
  })
  for (const result of ['done', 'too_far', 'failed']) seconds.zero({ result })
  new Gauge({
    name: 'roomcast_edge_ring_bytes',
    help: 'memory that the recent messages of open partitions take',
    labelNames: ['lane'],
    registers: [metrics],
    collect() {
      for (const lane of laneNames) this.set({ lane }, ringBytes(lane))
    },
  })
  return {
    resumed: (result) => resumes.inc({ result }),
    caughtUp: (result, durationMs) => seconds.observe({ result }, durationMs / 1000),
  }
}
