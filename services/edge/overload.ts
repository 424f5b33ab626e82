import type { Clock } from '../shared/clock.ts'
import type { Log } from '../shared/log.ts'
import { measureLoad, noLoad, type OverloadLimits } from './domain/overload.ts'
import type { OverloadMetrics } from './overload-metrics.ts'

const everyMs = 100

/**
 * Watches how late the event loop is and how much waits for connections. Beyond the limits comments and likes stay in Kafka,
 * so that what may not be dropped gets through and memory does not grow; they go on when it is calm again.
 */
export const watchOverload = ({
  lanes,
  queuedBytes,
  limits,
  metrics,
  clock,
  log,
}: {
  lanes: { readonly pauseBulk: () => void; readonly resumeBulk: () => void }
  queuedBytes: () => number
  limits: OverloadLimits
  metrics: OverloadMetrics
  /** Monotonic. */
  clock: Clock
  log: Log
}): { readonly stop: () => void } => {
  let load = noLoad
  let lookedAt = clock.now()

  const look = (): void => {
    const nowMs = clock.now()
    const tookMs = nowMs - lookedAt
    lookedAt = nowMs
    const wasOver = load.isOver
    const measured = { nowMs, latenessMs: Math.max(0, tookMs - everyMs), queuedBytes: queuedBytes() }
    load = measureLoad(load, measured, limits)
    metrics.lateness(load.latenessMs / 1000)
    if (wasOver) metrics.pausedFor(tookMs / 1000)
    if (wasOver === load.isOver) return
    metrics.paused(load.isOver)
    log.warn({ latenessMs: Math.round(load.latenessMs), queuedBytes: measured.queuedBytes }, changes[`${load.isOver}`])
    if (load.isOver) lanes.pauseBulk()
    else lanes.resumeBulk()
  }

  const timer = setInterval(look, everyMs)
  return { stop: () => clearInterval(timer) }
}

const changes = {
  true: 'too much to do: comments and likes wait',
  false: 'comments and likes go on',
} as const
