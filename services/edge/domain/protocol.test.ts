import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeSubscribed, parseFrame } from './protocol.ts'

const parse = (...objects: readonly object[]) => parseFrame(objects.map((object) => JSON.stringify(object)).join('\n'))
const why = (frame: string): string => {
  const [line] = parseFrame(frame)
  assert.ok(line !== undefined && !line.ok)
  return line.why
}

test('a frame carries one or more objects, one a line', () => {
  assert.deepEqual(parse({ op: 'ping' }, { op: 'subscribe', room: 'r1' }), [
    { ok: true, op: 'ping' },
    { ok: true, op: 'subscribe', room: 'r1', resume: null },
  ])
  assert.deepEqual(parseFrame('{"op":"ping"}\r\n\n'), [{ ok: true, op: 'ping' }])
})

test('each op is understood with its fields', () => {
  assert.deepEqual(parse({ op: 'connect', token: 't' }), [{ ok: true, op: 'connect', token: 't', windowBytes: null }])
  assert.deepEqual(parse({ op: 'connect', token: 't', window: 4096 }), [
    { ok: true, op: 'connect', token: 't', windowBytes: 4096 },
  ])
  assert.deepEqual(parse({ op: 'unsubscribe', room: 'r1' }), [{ ok: true, op: 'unsubscribe', room: 'r1' }])
  assert.deepEqual(parse({ op: 'ack', bytes: 0 }), [{ ok: true, op: 'ack', bytes: 0 }])
})

test('a resume has an epoch and a cursor for any of the weights', () => {
  const resume = { epoch: 'c.1', positions: { '4': 3, '5': -1, '9': 7 } }
  assert.deepEqual(parse({ op: 'subscribe', room: 'r1', resume }), [{ ok: true, op: 'subscribe', room: 'r1', resume }])
})

test('a connect without a token is understood as one, so that it is answered as a missing token', () => {
  for (const frame of ['{"op":"connect"}', '{"op":"connect","token":7}']) {
    assert.deepEqual(parseFrame(frame), [{ ok: true, op: 'connect', token: '', windowBytes: null }])
  }
})

test('what is wrong with a line is said, and its field is named', () => {
  assert.match(why(''), /empty/)
  assert.match(why('hello'), /not JSON/)
  assert.match(why('[1]'), /not a JSON object/)
  assert.match(why('null'), /not a JSON object/)
  assert.match(why('{"op":"sing"}'), /^op:/)
  assert.match(why('{"op":"connect","token":"t","window":4095}'), /^window:/)
  for (const room of ['""', '"a b"', '7', '"é"', `"${'x'.repeat(65)}"`]) {
    assert.match(why(`{"op":"subscribe","room":${room}}`), /^room:/)
    assert.match(why(`{"op":"unsubscribe","room":${room}}`), /^room:/)
  }
  assert.match(why('{"op":"subscribe","room":"r1","resume":{}}'), /^resume.epoch:/)
  assert.match(why('{"op":"subscribe","room":"r1","resume":{"epoch":"e"}}'), /^resume.positions:/)
  assert.match(
    why('{"op":"subscribe","room":"r1","resume":{"epoch":"e","positions":{"8":1.5}}}'),
    /^resume.positions.8:/,
  )
  assert.match(why('{"op":"ack","bytes":-1}'), /^bytes:/)
})

test('one bad line does not spoil the others of its frame', () => {
  assert.deepEqual(
    parseFrame('{"op":"ping"}\nnonsense\n{"op":"ping"}').map(({ ok }) => ok),
    [true, false, true],
  )
})

test('no frame makes the parser throw, and none is passed over in silence', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (frame) => {
      assert.ok(parseFrame(frame).length > 0)
    }),
  )
})

test('`recovered` is there only for a client that asked to resume', () => {
  const answer = { room: 'r1', epoch: 'c.1', positions: { 4: 1, 5: 1, 8: 2, 9: 3 } }
  assert.deepEqual(JSON.parse(encodeSubscribed(answer)), { op: 'subscribed', ...answer })
  assert.deepEqual(JSON.parse(encodeSubscribed({ ...answer, recovered: false })), {
    op: 'subscribed',
    ...answer,
    recovered: false,
  })
})
