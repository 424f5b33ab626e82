import { Gauge } from 'prom-client'
import { createDurationHistogram, type Metrics } from '../shared/metrics.ts'

export type ProbeMetrics = {
  /** A probe was read that was sent then, epoch milliseconds. */
  readonly seen: (sentAt: number) => void
  /** A probe was so long on its way. */
  readonly timed: (seconds: number) => void
}

export const createProbeMetrics = (metrics: Metrics): ProbeMetrics => {
  const seconds = createDurationHistogram({
    metrics,
    name: 'roomcast_edge_probe_seconds',
    help: 'From ingest to this edge: how long probes were on their way.',
  })
  const last = new Gauge({
    name: 'roomcast_edge_probe_last_timestamp_seconds',
    help: 'When the newest probe that was read here was sent, Unix time; absent before the first.',
    registers: [metrics],
  })
  // A gauge without labels begins with 0, which would look like a probe of 1970.
  last.remove()
  let newest = 0
  return {
    seen: (sentAt) => {
      newest = Math.max(newest, sentAt)
      last.set(newest / 1_000)
    },
    timed: (duration) => seconds.observe(duration),
  }
}
