import { Gauge } from 'prom-client'
import type { Metrics } from '../metrics.ts'
import { pause } from '../waiting.ts'
import { createRegistryClient } from './registry-client.ts'

const timeoutMs = 5_000

/** Whether the registry answers: 1 or 0, and no number before it was asked for the first time. */
export const createRegistryMetrics = (metrics: Metrics): ((isReachable: boolean) => void) => {
  const reachable = new Gauge({
    name: 'roomcast_registry_reachable',
    help: '1 while the schema registry answers this instance, which asks every 15 s; 0 while it does not; absent before it was asked.',
    registers: [metrics],
  })
  // A gauge without labels begins with 0, which would look like an outage.
  reachable.remove()
  return (isReachable) => reachable.set(isReachable ? 1 : 0)
}

/**
 * Asks the registry again and again until the signal aborts. Schemas are kept once they were looked up, so a registry that is away
 * is missed late: at the next start, or at the first record of a new schema. Never rejects.
 */
export const watchRegistry = async ({
  registryUrl,
  everyMs,
  metrics,
  signal,
}: {
  registryUrl: string
  everyMs: number
  metrics: Metrics
  signal: AbortSignal
}): Promise<void> => {
  const registry = createRegistryClient({ registryUrl, timeoutMs })
  const seen = createRegistryMetrics(metrics)
  while (!signal.aborted) {
    const isReachable = await registry.isReachable(signal)
    if (!signal.aborted) seen(isReachable)
    await pause(everyMs, signal)
  }
}
