import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createReadiness, startAdminServer } from './admin-server.ts'
import { isFault } from './fault.ts'
import { createMetrics } from './metrics.ts'

const start = async (t: TestContext, parts: readonly string[] = []) => {
  const readiness = createReadiness(parts)
  const health = { isHealthy: true }
  const metrics = createMetrics({ service: 'test' })
  const server = await startAdminServer({
    port: 0,
    host: '127.0.0.1',
    metrics,
    isHealthy: () => health.isHealthy,
    readiness,
  })
  t.after(server.close)
  const get = async (path: string, init?: RequestInit): Promise<[number, unknown]> => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, init)
    return [answer.status, await answer.json()]
  }
  return { readiness, health, metrics, server, get }
}

test('a process is ready when every part is, and says what it waits for', async (t) => {
  const { readiness, get } = await start(t, ['kafka', 'schemas'])
  assert.deepEqual(await get('/readyz'), [503, { ready: false, waitingFor: ['kafka', 'schemas'] }])
  readiness.set('kafka', true)
  assert.deepEqual(await get('/readyz'), [503, { ready: false, waitingFor: ['schemas'] }])
  readiness.set('schemas', true)
  assert.deepEqual(await get('/readyz'), [200, { ready: true }])
  assert.equal(readiness.isReady(), true)
})

test('a part that is named later counts from then on', async (t) => {
  const { readiness, get } = await start(t)
  readiness.set('shutdown', false)
  assert.deepEqual(await get('/readyz'), [503, { ready: false, waitingFor: ['shutdown'] }])
})

test('health is told apart from readiness', async (t) => {
  const { health, get } = await start(t, ['kafka'])
  assert.deepEqual(await get('/healthz?verbose'), [200, { healthy: true }])
  health.isHealthy = false
  assert.deepEqual(await get('/healthz'), [503, { healthy: false }])
})

test('metrics come in the text format of Prometheus', async (t) => {
  const { server } = await start(t)
  const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  assert.match(await answer.text(), /^# HELP process_cpu_seconds_total/m)
})

test('anything else is refused', async (t) => {
  const { get } = await start(t)
  assert.deepEqual((await get('/'))[0], 404)
  assert.deepEqual((await get('/metrics', { method: 'POST' }))[0], 405)
})

test('a metric that cannot be collected is answered with 500, not with silence', async (t) => {
  const { metrics, get } = await start(t)
  metrics.metrics = () => Promise.reject(new Error('collect failed'))
  assert.deepEqual(await get('/metrics'), [500, { message: 'collect failed' }])
})

test('a port that is taken is named', async (t) => {
  const { server, metrics, readiness } = await start(t)
  await assert.rejects(
    () => startAdminServer({ port: server.port, host: '127.0.0.1', metrics, isHealthy: () => true, readiness }),
    (error) => isFault(error, 'CONFIG_INVALID') && error.message.includes(String(server.port)),
  )
})

test('closing does not wait for a scraper that keeps its connection', async () => {
  const metrics = createMetrics({ service: 'test' })
  const readiness = createReadiness([])
  const server = await startAdminServer({ port: 0, host: '127.0.0.1', metrics, isHealthy: () => true, readiness })
  const healthz = `http://127.0.0.1:${server.port}/healthz`
  await (await fetch(healthz)).json() // fetch keeps the connection open
  await server.close()
  await assert.rejects(() => fetch(healthz))
})
