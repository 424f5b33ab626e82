import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Line } from '../domain/line.ts'
import type { Outgoing } from '../domain/outbox.ts'
import type { ResponseStream } from '../stream.ts'
import { createStreamLink } from './sse.ts'

/** A link, and what was written to its response, in memory. */
const linkOf = (moreHeaders: Readonly<Record<string, string>> = {}) => {
  const written: string[] = []
  const begun: Readonly<Record<string, string>>[] = []
  let takes = true
  let alive = 0
  const response: ResponseStream = {
    refuse: () => assert.fail('nothing is refused here'),
    begin: (headers) => void begun.push(headers),
    write: (text) => {
      written.push(text)
      return takes ? 'sent' : 'buffered'
    },
    end: () => {},
  }
  const link = createStreamLink({ response, moreHeaders, onAlive: () => void (alive += 1), onClose: () => {} })
  return { link, written, begun, stop: () => void (takes = false), alive: () => alive }
}

const answer = (...objects: readonly object[]): Buffer =>
  Buffer.from(objects.map((object) => JSON.stringify(object)).join('\n'))
const subscribed = { op: 'subscribed', room: 'r1', epoch: 'c.k', positions: { 4: 3, 5: -1, 8: 10, 9: 20 } }

const message = (weight: Line['weight'], pos: number | null): Outgoing => {
  const bytes = Buffer.from(`{"w":${weight},"text":"ü"}`)
  const line: Line = { room: 'r1', weight, pos, bytes, occurredAt: 0, toUid: null, expiresAt: Infinity, liked: null }
  return { kind: 'message', bytes, line }
}

test('each object of a frame is an event, whose id is the point to go on after', () => {
  const { link, written, begun } = linkOf({ Vary: 'Origin' })
  const gap: Outgoing = {
    kind: 'gap',
    bytes: Buffer.from('{"op":"gap"}'),
    room: 'r1',
    gap: { weight: 8, dropped: 2, reason: 'queue_full' },
  }
  link.send(answer(subscribed, { type: 104, weight: 5 }, { type: 1, weight: 4, pos: 2 }), [])
  const frame = Buffer.from('what it looks like elsewhere')
  link.send(frame, [message(4, 7), gap, message(8, 14), message(9, 21), message(9, null)])
  assert.deepEqual(written.join('').split('\n\n'), [
    `id: 3.-1.10.20.c.k\ndata: ${JSON.stringify(subscribed)}`,
    'data: {"type":104,"weight":5}',
    'id: 3.-1.10.20.c.k\ndata: {"type":1,"weight":4,"pos":2}',
    'id: 7.-1.10.20.c.k\ndata: {"w":4,"text":"ü"}',
    'data: {"op":"gap"}',
    'id: 7.-1.14.20.c.k\ndata: {"w":8,"text":"ü"}',
    'id: 7.-1.14.21.c.k\ndata: {"w":9,"text":"ü"}',
    'data: {"w":9,"text":"ü"}',
    '',
  ])
  assert.equal(begun.length, 1)
  assert.equal(begun[0]?.['Content-Type'], 'text/event-stream')
  assert.equal(begun[0]?.['Vary'], 'Origin')
})

test('a browser is told how long to wait before it comes back', () => {
  const { link, written } = linkOf()
  link.send(answer({ op: 'reconnect', afterMs: 250 }), [])
  assert.deepEqual(written, ['retry: 250\ndata: {"op":"reconnect","afterMs":250}\n\n'])
})

test('a stream that has not begun says nothing of being alive, and can still be refused', () => {
  const { link, written, alive } = linkOf()
  link.ping('')
  assert.deepEqual([written, link.hasBegun(), alive()], [[], false, 0])
  link.send(answer({ op: 'pong' }), [])
  link.ping('')
  assert.deepEqual([written.at(-1), link.hasBegun(), alive()], [':\n\n', true, 1])
})

test('a client counts as alive only while the kernel takes what it is told', () => {
  const { link, stop, alive } = linkOf()
  assert.equal(link.send(answer({ op: 'pong' }), []), 'sent')
  stop()
  assert.equal(link.send(answer({ op: 'pong' }), []), 'buffered')
  assert.equal(link.isTaken(), false)
  link.ping('')
  assert.equal(alive(), 0)
  link.drained()
  assert.equal(link.isTaken(), true)
})
