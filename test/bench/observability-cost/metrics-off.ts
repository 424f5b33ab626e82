// Loaded before a service whose metrics are to cost nothing (`--import`): what it would cost without any. prom-client's metrics take
// nothing, Node's own are not collected, and what our modules of metrics make does nothing when it is called.
import { createRequire, registerHooks } from 'node:module'
import type * as PromClient from 'prom-client'

/** All of services/ but the module that makes the registry. */
const isOfMetrics = (url: string): boolean =>
  /\/services\/.*\bmetrics\.ts$/.test(url) && !url.endsWith('/services/shared/metrics.ts')

const mute = (source: string): string => {
  const names = [...source.matchAll(/^export const (\w+)/gm)].map(([, name]) => name)
  return [
    `import { muted } from '${import.meta.resolve('./muted.ts')}'`,
    source.replace(/^export const /gm, 'const '),
    ...names.map((name) => `const muted_${name} = muted(${name})\nexport { muted_${name} as ${name} }`),
  ].join('\n')
}

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context)
    if (!isOfMetrics(url) || loaded.source === undefined || loaded.source === null) return loaded
    const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
    return { ...loaded, source: mute(source) }
  },
})

const nothing = (): void => {}
// A decoding edge. Required before any module imports it, so that all of them see what is changed here.
const client = createRequire(import.meta.url)('prom-client') as typeof PromClient
Object.assign(client, { collectDefaultMetrics: nothing })
Object.assign(client.Counter.prototype, { incWithoutExemplar: nothing })
Object.assign(client.Gauge.prototype, { set: nothing, inc: nothing, dec: nothing })
Object.assign(client.Histogram.prototype, { observeWithoutExemplar: nothing })
