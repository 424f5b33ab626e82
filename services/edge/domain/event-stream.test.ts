import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeEvent, encodeResumePoint, moved, parseResumePoint, readBy } from './event-stream.ts'

const point = { epoch: 'c1.k2', positions: { 4: 7, 5: -1, 8: 900, 9: 0 } }

test('a resume point survives the way through a header', () => {
  assert.equal(encodeResumePoint(point), '7.-1.900.0.c1.k2')
  const pos = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER })
  const positions = fc.record({ 4: pos, 5: pos, 8: pos, 9: pos }, { noNullPrototype: true })
  const epoch = fc.stringMatching(/^[\w.=+/-]{1,80}$/)
  fc.assert(
    fc.property(fc.record({ epoch, positions }, { noNullPrototype: true }), (one) => {
      assert.deepEqual(parseResumePoint(encodeResumePoint(one)), one)
    }),
  )
})

test('a text that is no resume point is none', () => {
  for (const text of [
    '',
    '7',
    '7.8.9.10',
    '7.8.9.10.',
    '7.8.9.e',
    '-2.8.9.10.e',
    '07.8.9.10.e',
    '1e3.8.9.10.e',
    '1.2.3.4. e',
  ]) {
    assert.equal(parseResumePoint(text), undefined, text)
  }
  assert.equal(parseResumePoint(`${2 ** 53}.1.1.1.e`), undefined)
  assert.equal(parseResumePoint(`1.1.1.1.${'e'.repeat(257)}`), undefined)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const parsed = parseResumePoint(text)
      if (parsed !== undefined) assert.equal(encodeResumePoint(parsed), text)
    }),
  )
})

test('a point moves with its messages, and not back with one that is sent again', () => {
  assert.deepEqual(moved(point, 8, 901).positions, { 4: 7, 5: -1, 8: 901, 9: 0 })
  assert.equal(moved(point, 4, 7), point)
  assert.equal(moved(point, 4, 3), point)
})

test('an event is its id where there is one, one line of data, and an empty line', () => {
  assert.equal(encodeEvent('{"op":"pong"}', null), 'data: {"op":"pong"}\n\n')
  assert.equal(encodeEvent('{}', '1.2.3.4.e'), 'id: 1.2.3.4.e\ndata: {}\n\n')
  assert.equal(encodeEvent('{"op":"reconnect"}', null, 250), 'retry: 250\ndata: {"op":"reconnect"}\n\n')
})

test('a client counts as reading at an even pace, never further than was sent', () => {
  assert.equal(readBy(0, { sentBytes: 100_000, elapsedMs: 1_000 }), 32_768)
  assert.equal(readBy(32_768, { sentBytes: 100_000, elapsedMs: 500 }), 49_152)
  assert.equal(readBy(99_000, { sentBytes: 100_000, elapsedMs: 1_000 }), 100_000)
})
