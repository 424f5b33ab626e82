import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { createReadiness, startAdminServer } from '../../services/shared/admin-server.ts'
import { createMetrics } from '../../services/shared/metrics.ts'

/** Ports at which nobody listens. */
const nobody = { INGEST_ADMIN_PORT: '1', STATE_MACHINE_ADMIN_PORT: '1', EDGE_ADMIN_PORT: '1', MIXER_ADMIN_PORT: '1' }

/** Exit code and output of the probe. */
const ask = async (path: string, env: Readonly<Record<string, string>>): Promise<readonly [number, string]> => {
  const asked = promisify(execFile)(join(import.meta.dirname, 'probe'), [path], { env: { ...process.env, ...env } })
  const [result] = await Promise.allSettled([asked])
  if (result.status === 'fulfilled') return [0, result.value.stdout]
  assert.ok('code' in result.reason && 'stdout' in result.reason, String(result.reason))
  return [Number(result.reason.code), String(result.reason.stdout)]
}

const startService = async (t: TestContext): Promise<string> => {
  const server = await startAdminServer({
    port: 0,
    host: '127.0.0.1',
    metrics: createMetrics({ service: 'mixer' }),
    isHealthy: () => true,
    readiness: createReadiness(['kafka']),
  })
  t.after(server.close)
  return String(server.port)
}

test('the one service of a container is asked, whichever it is', async (t) => {
  const env = { ...nobody, MIXER_ADMIN_PORT: await startService(t) }
  assert.deepEqual(await ask('healthz', env), [0, '200 {"healthy":true}\n'])
  assert.deepEqual(await ask('readyz', env), [1, '503 {"ready":false,"waitingFor":["kafka"]}\n'])
})

test('where nobody listens, that is what is said', async () => {
  assert.deepEqual(await ask('healthz', nobody), [1, 'no service of roomcast listens in this container\n'])
})

test('a service that stands still is not waited for', async (t) => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const env = { ...nobody, EDGE_ADMIN_PORT: String(address.port) }
  assert.deepEqual(await ask('healthz', env), [1, 'no answer within 3 s\n'])
})

test('anything else is not asked', async () => {
  assert.deepEqual(await ask('metrics', nobody), [64, ''])
})
