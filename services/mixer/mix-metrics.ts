import { Gauge } from 'prom-client'
import { createCounter, createDurationHistogram, type Metrics } from '../shared/metrics.ts'
import type { MixFailure } from './domain/mix-messages.ts'

const failureReasons = [
  'encoder-ended',
  'encoder-stalled',
  'main-unreadable',
  'other-unreadable',
  'too-long',
] as const satisfies readonly MixFailure[]

type Counts = { readonly published: number; readonly flowing: number }

/** What the cloud in a box counts of its mixes and of the streams that it mixes. */
export const createMixMetrics = (metrics: Metrics) => {
  const registers = [metrics]
  const running = new Gauge({ name: 'roomcast_mixer_mixes', help: 'Mixes that run here.', registers })
  const failures = createCounter({
    metrics,
    name: 'roomcast_mixer_mix_failures_total',
    help: 'Mixes that ended by themselves, by reason.',
    labels: { reason: failureReasons },
  })
  const untilWhole = createDurationHistogram({
    metrics,
    name: 'roomcast_mixer_first_frame_seconds',
    help: 'From an accepted start to the first published frame with both streams.',
  })
  let counts = (): Counts => ({ published: 0, flowing: 0 })
  new Gauge({
    name: 'roomcast_mixer_sources',
    help: 'Streams that broadcasters publish (state="published"), and those of them whose frames arrive (state="flowing").',
    labelNames: ['state'],
    registers,
    collect() {
      const { published, flowing } = counts()
      this.set({ state: 'published' }, published)
      this.set({ state: 'flowing' }, flowing)
    },
  })
  return {
    mixes: (count: number): void => running.set(count),
    failed: (reason: MixFailure): void => failures.inc({ reason }),
    whole: (seconds: number): void => untilWhole.observe(seconds),
    watchSources: (read: () => Counts): void => {
      counts = read
    },
  }
}
