// Loaded before a service whose metrics are to cost nothing (`--import`): what it would cost without any. prom-client's metrics take
// nothing, Node's own are not collected, and what our modules of metrics make does nothing when it is called. At SIGUSR2 all but Node's
// own are switched on and off by turns, and at the next one they stay on, and it writes what it spent with and without them.
import { renameSync, writeFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import type * as PromClient from 'prom-client'
import { recording } from './recording.ts'
import { takeTurns, type Block } from './turns.ts'
import { reportVariable } from './variants.ts'

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

// A decoding edge. Required before any module imports it, so that all of them see what is changed here.
const client = createRequire(import.meta.url)('prom-client') as typeof PromClient

type Method = (this: unknown, a: unknown, b: unknown) => unknown
const mutable = (original: Method): Method =>
  function (a, b) {
    return recording.isOn ? original.call(this, a, b) : undefined
  }
const muteMethods = (prototype: object, ...names: readonly string[]): void => {
  // A decoding edge, as above.
  const methods = prototype as Record<string, Method | undefined>
  for (const name of names) {
    const original = methods[name]
    if (original === undefined) throw new Error(`prom-client has no ${name}`)
    methods[name] = mutable(original)
  }
}

Object.assign(client, { collectDefaultMetrics: () => {} })
muteMethods(client.Counter.prototype, 'incWithoutExemplar')
muteMethods(client.Gauge.prototype, 'set', 'inc', 'dec')
muteMethods(client.Histogram.prototype, 'observeWithoutExemplar')

const report = (blocks: readonly Block[]): void => {
  const file = process.env[reportVariable] ?? ''
  writeFileSync(`${file}.part`, JSON.stringify(blocks))
  renameSync(`${file}.part`, file)
}

let end: (() => readonly Block[]) | undefined
process.on('SIGUSR2', () => {
  if (end === undefined) end = takeTurns()
  else report(end())
})
