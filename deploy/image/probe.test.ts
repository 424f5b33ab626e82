import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createReadiness, startAdminServer } from '../../services/shared/admin-server.ts'
import { createMetrics } from '../../services/shared/metrics.ts'
import { ask } from './probe.ts'

/** Ports at which nobody listens. */
const nobody = { INGEST_ADMIN_PORT: '1', STATE_MACHINE_ADMIN_PORT: '1', EDGE_ADMIN_PORT: '1', MIXER_ADMIN_PORT: '1' }

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
  assert.deepEqual(await ask('healthz', env), { ok: true, text: '200 {"healthy":true}' })
  assert.deepEqual(await ask('readyz', env), { ok: false, text: '503 {"ready":false,"waitingFor":["kafka"]}' })
})

test('where nobody listens, that is what is said', async () => {
  assert.equal(await ask('healthz', nobody), undefined)
})
