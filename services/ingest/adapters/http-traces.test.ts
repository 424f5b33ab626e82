import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { collectSpans, remote } from '../../../test/support/collected-spans.ts'
import { recordHeaders, tracingOff, type Tracing } from '../../shared/tracing/tracing.ts'
import { causeOf, traceRequests } from './http-traces.ts'

/** Answers each request with the `traceparent` that its record would get. */
const start = (tracing: Tracing) => {
  const app = Fastify()
  traceRequests(app, tracing)
  app.get('/ali/:what', async (request) => recordHeaders('x', causeOf(request))['traceparent'] ?? 'none')
  app.get('/broken', async () => {
    throw new Error('secret')
  })
  const ask = async (url: string, traceparent?: string): Promise<string> =>
    (await app.inject({ url, headers: traceparent === undefined ? {} : { traceparent } })).body
  return { ask }
}

test('a request is a span by its route, a part of its caller’s trace; its query is in none', async () => {
  const { tracing, ended } = collectSpans()
  const { ask } = start(tracing)
  const written = await ask('/ali/notify?auth_key=secret', remote.sampled)
  await ask('/broken?auth_key=secret')
  await ask('/secret?auth_key=secret')
  const [span] = ended()
  assert.deepEqual([span?.traceId, span?.parentId], [remote.traceId, remote.spanId])
  assert.deepEqual(written.split('-').slice(1, 3), [span?.traceId, span?.spanId])
  assert.deepEqual(
    ended().map(({ name, kind, hasFailed, attributes }) => [
      name,
      kind,
      hasFailed,
      attributes['http.response.status_code'],
    ]),
    [
      ['GET /ali/:what', 'SERVER', false, 200],
      ['GET /broken', 'SERVER', true, 500],
      ['GET', 'SERVER', false, 404],
    ],
  )
  assert.doesNotMatch(JSON.stringify(ended()), /secret/)
})

test('what is not recorded passes on what came, if anybody can go on from it', async () => {
  const { tracing, ended } = collectSpans()
  for (const { ask } of [start(tracing), start(tracingOff)]) {
    assert.equal(await ask('/ali/notify', remote.unsampled), remote.unsampled)
  }
  const off = start(tracingOff)
  assert.equal(await off.ask('/ali/notify', remote.sampled), remote.sampled)
  for (const bad of ['nonsense', `${remote.sampled}, ${remote.sampled}`]) {
    assert.equal(await off.ask('/ali/notify', bad), 'none')
  }
  assert.equal(await off.ask('/ali/notify'), 'none')
  assert.deepEqual(ended(), [])
})
