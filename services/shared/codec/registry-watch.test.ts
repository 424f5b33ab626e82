import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { waitUntil } from '../../../deploy/local/wait.ts'
import { createMetrics } from '../metrics.ts'
import { watchRegistry } from './registry-watch.ts'

type Answer = { readonly status: number; readonly body: string } | 'none'
const types: Answer = { status: 200, body: '["AVRO"]' }

/** A registry that answers as told; its metrics as they are scraped. */
const stage = async (t: TestContext, first: Answer) => {
  const told: { answer: Answer; asked: number } = { answer: first, asked: 0 }
  const server = createServer((_request, response) => {
    told.asked += 1
    if (told.answer !== 'none') response.writeHead(told.answer.status).end(told.answer.body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const metrics = createMetrics({ service: 'test' })
  const stop = new AbortController()
  const registryUrl = `http://user:secret@127.0.0.1:${port}/api`
  const watching = watchRegistry({ registryUrl, everyMs: 5, metrics, signal: stop.signal })
  t.after(() => {
    stop.abort()
    server.close().closeAllConnections()
  })
  const value = async (): Promise<number | undefined> =>
    (await metrics.getSingleMetric('roomcast_registry_reachable')?.get())?.values[0]?.value
  const becomes = async (wanted: number): Promise<void> => {
    const came = await waitUntil(async () => (await value()) === wanted, { deadlineMs: 10_000, everyMs: 5 })
    assert.ok(came, `it stays ${await value()}`)
  }
  return { told, server, stop, watching, value, becomes }
}

test('it is 1 while the registry answers, 0 while it does not, and 1 again', async (t) => {
  const { told, becomes } = await stage(t, types)
  await becomes(1)
  told.answer = { status: 503, body: '["AVRO"]' }
  await becomes(0)
  told.answer = types
  await becomes(1)
})

test('a proxy that answers in its place is no registry', async (t) => {
  const { becomes } = await stage(t, { status: 200, body: '<html>sorry</html>' })
  await becomes(0)
})

test('a registry that is gone is 0', async (t) => {
  const { server, becomes } = await stage(t, types)
  await becomes(1)
  server.close().closeAllConnections()
  await becomes(0)
})

test('a question that is under way at the end is given up, and says nothing about the registry', async (t) => {
  const { told, stop, watching, value } = await stage(t, 'none')
  assert.ok(await waitUntil(() => told.asked > 0, { deadlineMs: 10_000, everyMs: 5 }))
  stop.abort()
  await watching
  assert.equal(await value(), undefined)
})
