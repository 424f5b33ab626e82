import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectSpans, remote } from '../../test/support/collected-spans.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { createDeliveryTraces } from './delivery-traces.ts'
import type { Line } from './domain/line.ts'
import { createRooms, type Member } from './domain/rooms.ts'

const messageWith = (traceparent?: string): IncomingMessage => ({
  topic: 'push.signal.v1',
  partition: 2,
  offset: 9,
  key: null,
  value: null,
  headers: traceparent === undefined ? {} : { traceparent: Buffer.from(traceparent) },
  timestamp: 1,
  size: 0,
})
const lineTo = (toUid: string | null, weight: Line['weight'] = 5): Line => ({
  room: 'r1',
  weight,
  pos: 9,
  bytes: Buffer.from('{"secret":1}'),
  occurredAt: 0,
  toUid,
  expiresAt: Infinity,
  liked: null,
})

/** A room with the connections of these users; `deliver` does what delivery does with what has arrived. */
const rig = (...uids: readonly string[]) => {
  const { tracing, ended } = collectSpans()
  const rooms = createRooms<Member>({ onUnused: () => {} })
  const room = rooms.expect('r1', 2)
  for (const uid of uids) rooms.join('r1', { uid })
  const traces = createDeliveryTraces({ tracing, rooms })
  return {
    ended,
    traces,
    add: (traceparent: string | undefined, line: Line) => {
      traces.begin({ message: messageWith(traceparent), type: 'LiveEnded' }, line, room)
      room.arrived.push(line)
    },
    deliver: () => {
      room.arrived = []
      traces.delivered()
    },
  }
}

test('a record has one span for all connections, which ends when it was delivered', () => {
  const { add, deliver, traces, ended } = rig('ann', 'bob', 'bob')
  add(remote.sampled, lineTo(null))
  traces.delivered()
  assert.deepEqual(ended(), [], 'it waits in its room')
  deliver()
  const [span, ...more] = ended()
  assert.deepEqual(more, [])
  assert.deepEqual([span?.traceId, span?.parentId, span?.links], [remote.traceId, remote.spanId, [remote.spanId]])
  assert.partialDeepStrictEqual(span?.attributes, {
    'messaging.destination.name': 'push.signal.v1',
    'messaging.destination.partition.id': '2',
    'roomcast.room.id': 'r1',
    'roomcast.weight': 5,
    'roomcast.connections': 3,
  })
})

test('a message for one user goes to that user’s connections', () => {
  const { add, deliver, ended } = rig('ann', 'bob', 'bob')
  add(remote.sampled, lineTo('bob', 4))
  deliver()
  assert.equal(ended()[0]?.attributes['roomcast.connections'], 2)
})

test('however many were delivered, the next one has its span', () => {
  const { add, deliver, ended } = rig('ann')
  const many = 1_001
  for (let n = 0; n < many; n++) {
    add(remote.sampled, lineTo(null, 8))
    deliver()
  }
  assert.equal(ended().length, many)
})

test('who is not recorded has no span, and no span tells users or texts', () => {
  const { add, deliver, ended } = rig('ann-secret')
  add(remote.unsampled, lineTo(null, 8))
  add(undefined, lineTo(null))
  add('00-secret', lineTo(null))
  deliver()
  assert.deepEqual(ended(), [])
  add(remote.sampled, lineTo('ann-secret', 4))
  deliver()
  assert.equal(ended().length, 1)
  assert.doesNotMatch(JSON.stringify(ended()), /secret/)
})
