import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectSpans, remote } from '../../../test/support/collected-spans.ts'
import { Fault } from '../fault.ts'
import type { SamplerName } from './config.ts'
import { recordHeaders, traceSend, tracingOff } from './tracing.ts'

const message = { topic: 'room.input.v1', partition: 3, offset: 17 }
const input = { type: 'LiveCreateRequested', roomId: 'r1', group: 'state-machine' }
const sent = { topic: 'room.input.v1', type: 'LiveCreateRequested', roomId: 'r1' }
const request = { method: 'POST', route: '/live/create', path: '/live/create' }

test('one trace goes from a request to a socket', () => {
  const { tracing, ended } = collectSpans()
  const served = tracing.serve(request, remote.sampled)
  const written = tracing.send(sent, served)
  written?.end()
  served?.end(200)
  const processed = tracing.process(message, input, written?.traceparent)
  const transaction = tracing.commit(
    { topic: 'room.input.v1', partition: 3, inputs: 2, outputs: 1 },
    processed ? [processed] : [],
  )
  transaction?.end()
  processed?.end()
  const push = { topic: 'push.signal.v1', partition: 3, offset: 4 }
  const shown = { type: 'LiveEnded', roomId: 'r1', weight: 5, connections: 12 }
  tracing.process(push, shown, processed?.traceparent)?.end()

  const spans = ended()
  const byName = new Map(spans.map((span) => [span.name, span]))
  const server = byName.get('POST /live/create')
  const send = byName.get('send room.input.v1')
  const process = byName.get('process room.input.v1')
  const commit = byName.get('commit room.input.v1')
  const deliver = byName.get('process push.signal.v1')
  assert.deepEqual(new Set(spans.map(({ traceId }) => traceId)), new Set([remote.traceId]))
  assert.deepEqual(
    [server, send, process, commit, deliver].map((span) => [span?.kind, span?.parentId]),
    [
      ['SERVER', remote.spanId],
      ['PRODUCER', server?.spanId],
      ['CONSUMER', send?.spanId],
      ['CLIENT', process?.spanId],
      ['CONSUMER', process?.spanId],
    ],
  )
  assert.deepEqual(
    [process?.links, commit?.links, deliver?.links],
    [[send?.spanId], [process?.spanId], [process?.spanId]],
  )
  assert.deepEqual(server?.attributes, {
    'http.request.method': 'POST',
    'http.route': '/live/create',
    'url.path': '/live/create',
    'url.scheme': 'http',
    'http.response.status_code': 200,
  })
  assert.deepEqual(process?.attributes, {
    'messaging.system.name': 'kafka',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.destination.name': 'room.input.v1',
    'messaging.destination.partition.id': '3',
    'messaging.consumer.group.name': 'state-machine',
    'kafka.offset': 17,
    'roomcast.record.type': 'LiveCreateRequested',
    'roomcast.room.id': 'r1',
  })
  assert.partialDeepStrictEqual(deliver?.attributes, { 'roomcast.weight': 5, 'roomcast.connections': 12 })
  assert.ok(spans.every(({ hasFailed }) => !hasFailed))
})

test('what is not recorded makes no spans, and passes on what came', async () => {
  // This sampler would take anything that it is asked about.
  const { tracing, ended } = collectSpans('always_on')
  for (const cause of [remote.unsampled, undefined]) {
    assert.equal(tracing.send(sent, cause), undefined)
    assert.equal(tracing.process(message, input, cause), undefined)
    assert.equal(tracing.call('VideoCloud/StartMix', cause), undefined)
  }
  assert.equal(tracing.process(message, input, remote.unsampled, { isRoot: true }), undefined)
  assert.equal(collectSpans('parentbased_always_on').tracing.serve(request, remote.unsampled), undefined)
  const headers = await traceSend(tracing, sent, remote.unsampled, async (written) => written)
  assert.deepEqual(headers, { type: sent.type, traceparent: remote.unsampled })
  assert.deepEqual(ended(), [])
})

test('with tracing off a traceparent passes, and nothing else', async () => {
  assert.deepEqual(await traceSend(tracingOff, sent, remote.sampled, async (written) => written), {
    type: sent.type,
    traceparent: remote.sampled,
  })
  assert.deepEqual(recordHeaders('Liked', undefined), { type: 'Liked' })
  assert.equal(tracingOff.serve(request, remote.sampled), undefined)
})

test('a request or a deadline that nobody caused begins a trace, where the sampler says so', () => {
  const begun = (sampler: SamplerName, ratio?: number): number => {
    const { tracing, ended } = collectSpans(sampler, ratio)
    tracing.serve(request, undefined)?.end(200)
    tracing.process(message, { ...input, type: 'TimerFired' }, undefined, { isRoot: true })?.end()
    return ended().length
  }
  assert.equal(begun('parentbased_always_on'), 2)
  assert.equal(begun('parentbased_always_off'), 0)
  assert.equal(begun('parentbased_traceidratio', 0), 0)
  assert.equal(begun('traceidratio', 1), 2)
  assert.equal(begun('always_off'), 0)
})

test('a failure is a code and a status, never a text', async () => {
  const { tracing, ended } = collectSpans()
  const away = new Fault('BROKER_UNREACHABLE', 'a text with rtmp://secret')
  await assert.rejects(traceSend(tracing, sent, remote.sampled, () => Promise.reject(away)))
  tracing.call('VideoCloud/StartMix', remote.sampled)?.end('InternalError')
  tracing.process(message, input, remote.sampled)?.end(new TypeError('secret'))
  tracing.serve(request, remote.sampled)?.end(503)
  tracing.serve(request, remote.sampled)?.end(404)
  assert.deepEqual(
    ended().map(({ name, hasFailed, attributes }) => [name, hasFailed, attributes['error.type']]),
    [
      ['send room.input.v1', true, 'BROKER_UNREACHABLE'],
      ['VideoCloud/StartMix', true, 'InternalError'],
      ['process room.input.v1', true, 'TypeError'],
      ['POST /live/create', true, '503'],
      ['POST /live/create', false, undefined],
    ],
  )
  assert.doesNotMatch(JSON.stringify(ended()), /secret/)
})

test('a path that matches no route is in no attribute', () => {
  const { tracing, ended } = collectSpans()
  tracing.serve({ method: 'GET', route: undefined, path: '/secret' }, undefined)?.end(404)
  assert.deepEqual(
    ended().map(({ name }) => name),
    ['GET'],
  )
  assert.doesNotMatch(JSON.stringify(ended()), /secret/)
})
