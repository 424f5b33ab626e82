import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const folder = new URL('./', import.meta.url)

/** The packages of OpenTelemetry that a process loads which runs this; but for its API, a few types, which prom-client has as well. */
const loadedBy = async (body: string): Promise<readonly string[]> => {
  const program = `
    import { registerHooks } from 'node:module'
    const loaded = new Set()
    registerHooks({ resolve: (name, context, next) => { if (/^@opentelemetry\\/(?!api)/.test(name)) loaded.add(name); return next(name, context) } })
    const { startTracing } = await import('${new URL('start.ts', folder).href}')
    const { createMetrics } = await import('${new URL('../metrics.ts', folder).href}')
    const { silentLog } = await import('${new URL('../log.ts', folder).href}')
    const start = (settings) => startTracing({ settings, service: 'test', metrics: createMetrics({ service: 'test' }), log: silentLog })
    ${body}
    console.log(JSON.stringify([...loaded]))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  return JSON.parse(stdout) as readonly string[]
}

test('where nothing is traced, nothing of OpenTelemetry is loaded', { timeout: 60_000 }, async () => {
  assert.deepEqual(await loadedBy('await (await start(null)).close()'), [])
  const settings = { url: 'http://127.0.0.1:1', headers: {}, sampler: 'always_on', ratio: 1, resourceAttributes: {} }
  const batch = { maxQueued: 1, maxExported: 1, delayMs: 1, exportTimeoutMs: 1 }
  const loaded = await loadedBy(`await (await start(${JSON.stringify({ ...settings, batch })})).close()`)
  assert.ok(loaded.includes('@opentelemetry/sdk-trace'), 'this test sees what is loaded')
})
