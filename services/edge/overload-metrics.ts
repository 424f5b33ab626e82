import { Counter, Gauge } from 'prom-client'
import type { Metrics } from '../shared/metrics.ts'

export type OverloadMetrics = {
  readonly paused: (isPaused: boolean) => void
  /** Comments and likes have waited for so long more. */
  readonly pausedFor: (seconds: number) => void
  readonly lateness: (seconds: number) => void
}

export const createOverloadMetrics = (metrics: Metrics): OverloadMetrics => {
  const registers = [metrics]
  const paused = new Gauge({
    name: 'roomcast_edge_bulk_paused',
    help: '1 while comments and likes wait in Kafka because this instance has too much to do',
    registers,
  })
  const pausedFor = new Counter({
    name: 'roomcast_edge_bulk_paused_seconds_total',
    help: 'for how long comments and likes had to wait in Kafka',
    registers,
  })
  const lateness = new Gauge({
    name: 'roomcast_edge_lateness_seconds',
    help: 'how late timers are, smoothed over about a second',
    registers,
  })
  return {
    paused: (isPaused) => paused.set(isPaused ? 1 : 0),
    pausedFor: (seconds) => pausedFor.inc(seconds),
    lateness: (seconds) => lateness.set(seconds),
  }
}
