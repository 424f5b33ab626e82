import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { TracingSettings } from './config.ts'
import { createDroppedSpans } from './metrics.ts'
import { tracingOff, type Tracing } from './tracing.ts'

/** The tracing of one process. */
export type StartedTracing = {
  readonly tracing: Tracing
  /** Exports what is left, for a few seconds at most; never throws. */
  readonly close: () => Promise<void>
}

/** Starts the tracing of a service; without settings there is none, and nothing is loaded for it. */
export const startTracing = async ({
  settings,
  service,
  metrics,
  log,
}: {
  settings: TracingSettings | null
  service: string
  metrics: Metrics
  log: Log
}): Promise<StartedTracing> => {
  const dropped = createDroppedSpans(metrics)
  if (settings === null) return { tracing: tracingOff, close: async () => {} }
  const { openTracing } = await import('./sdk.ts')
  return openTracing({ settings, service, dropped, log })
}
