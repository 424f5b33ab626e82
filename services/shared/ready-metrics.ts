import { Gauge } from 'prom-client'
import type { Readiness } from './admin-server.ts'
import type { Metrics } from './metrics.ts'

/** What `/readyz` says, for rules: a process that waits at its start is scraped like any other. Parts are named in code, so they are few. */
export const createReadyMetrics = (metrics: Metrics, readiness: Pick<Readiness, 'states'>): void => {
  new Gauge({
    name: 'roomcast_ready',
    help: '1 for each part of readiness that is there, 0 for one that is waited for; all are 1 when the instance takes work.',
    labelNames: ['part'],
    registers: [metrics],
    collect() {
      for (const [part, isReady] of readiness.states()) this.set({ part }, isReady ? 1 : 0)
    },
  })
}
