import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectSpans, remote } from '../../test/support/collected-spans.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { isSampled } from '../shared/tracing/context.ts'
import { tracingOff, type Tracing } from '../shared/tracing/tracing.ts'
import { decide, type Input } from './domain/decide.ts'
import { create, invite } from './domain/testing/inputs.ts'
import { testRules } from './domain/testing/world.ts'
import { createInputTraces } from './input-traces.ts'

const messageWith = (traceparent?: string): IncomingMessage => ({
  topic: 'room.input.v1',
  partition: 0,
  offset: 5,
  key: null,
  value: null,
  headers: traceparent === undefined ? {} : { traceparent: Buffer.from(traceparent) },
  timestamp: 1,
  size: 0,
})
const timer: Input = {
  type: 'TimerFired',
  record: { eventId: 'A.t1', roomId: 'A', occurredAt: 0, timer: 'grace', subject: '', generation: 1 },
}
const at = (position: number) => ({ position, timestamp: 1 })
const tracesOf = (tracing: Tracing) =>
  createInputTraces({ tracing, topic: 'room.input.v1', partition: 0, group: 'state-machine' })

test('each input of a transaction is a span that ends with it; the transaction is linked to all of them', () => {
  const { tracing, ended } = collectSpans()
  const traces = tracesOf(tracing)
  for (const roomId of ['A', 'B']) traces.begin(messageWith(remote.sampled), create(roomId))
  traces.begin(messageWith(remote.unsampled), create('C'))
  traces.begin(messageWith(), create('D'))
  traces.commit({ inputs: 4, outputs: 4 })
  assert.deepEqual(ended(), [])
  traces.end()
  const [transaction, ...inputs] = ended()
  assert.deepEqual(
    [transaction?.name, transaction?.links, transaction?.parentId],
    ['commit room.input.v1', inputs.map(({ spanId }) => spanId), inputs[0]?.spanId],
  )
  assert.deepEqual(
    inputs.map(({ name, parentId, links, hasFailed }) => [name, parentId, links, hasFailed]),
    [1, 2].map(() => ['process room.input.v1', remote.spanId, [remote.spanId], false]),
  )
})

test('a transaction that fails ends all its spans as failed, and the next one has its own', () => {
  const { tracing, ended } = collectSpans()
  const traces = tracesOf(tracing)
  traces.begin(messageWith(remote.sampled), create('A'))
  traces.commit({ inputs: 1, outputs: 1 })
  traces.end(new Error('aborted'))
  assert.deepEqual(
    ended().map(({ hasFailed }) => hasFailed),
    [true, true],
  )
  traces.begin(messageWith(remote.sampled), create('A'))
  traces.end()
  assert.equal(ended().filter(({ hasFailed }) => !hasFailed).length, 1)
})

test('an input that cannot be decided fails alone', () => {
  const { tracing, ended } = collectSpans()
  const traces = tracesOf(tracing)
  traces.begin(messageWith(remote.sampled), create('A'))
  traces.begin(messageWith(remote.sampled), create('B'))
  traces.gaveUp()
  traces.end()
  assert.deepEqual(
    ended().map(({ attributes, hasFailed }) => [attributes['roomcast.room.id'], hasFailed]),
    [
      ['B', true],
      ['A', false],
    ],
  )
})

test('outputs, and messages to other rooms until they are sent, carry the context of their input', () => {
  const { tracing, ended } = collectSpans()
  const traces = tracesOf(tracing)
  const { room } = decide(null, create('A'), at(0), testRules)
  const traceparent = traces.begin(messageWith(remote.sampled), invite) ?? ''
  const decision = decide(room, invite, at(1), testRules)
  traces.follow(traceparent, invite, decision)
  const [told] = decision.room?.outbox ?? []
  assert.deepEqual([told?.kind, traces.contextOf(told?.eventId ?? '')], ['offer', traceparent])
  assert.deepEqual(
    [...traces.contexts().values()],
    decision.outputs.map(() => traceparent),
  )
  traces.end()
  assert.equal(traceparent.split('-')[2], ended()[0]?.spanId)
  assert.equal(traces.contexts().size, 0)
  traces.sent(told?.eventId ?? '')
  assert.equal(traces.contextOf(told?.eventId ?? ''), undefined)
})

test('a deadline begins a trace of its own; other inputs without a context begin none', () => {
  const { tracing, ended } = collectSpans()
  const traces = tracesOf(tracing)
  assert.equal(traces.begin(messageWith(), create('A')), undefined)
  const begun = traces.begin(messageWith(), timer)
  assert.ok(begun !== undefined && isSampled(begun))
  traces.end()
  assert.deepEqual(
    ended().map(({ parentId, links }) => [parentId, links]),
    [[undefined, []]],
  )
})

test('with tracing off, or for a trace that is not recorded, what came is what is passed on', () => {
  const off = tracesOf(tracingOff)
  assert.equal(off.begin(messageWith(remote.sampled), create('A')), remote.sampled)
  assert.equal(off.begin(messageWith(), timer), undefined)
  const { tracing, ended } = collectSpans()
  assert.equal(tracesOf(tracing).begin(messageWith(remote.unsampled), create('A')), remote.unsampled)
  assert.deepEqual(ended(), [])
})
