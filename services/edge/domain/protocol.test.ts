import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyFrame } from '../../../test/support/any-frame.ts'
import { encodeSubscribed, maxFrameBytes, maxFrameLines, parseFrame } from './protocol.ts'

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

test('of a frame with more lines than anybody needs, the first are read and the rest is refused in one line', () => {
  const frame = (lines: number): string => Array.from({ length: lines }, () => '{"op":"ping"}').join('\n')
  assert.equal(parseFrame(frame(maxFrameLines)).filter(({ ok }) => ok).length, maxFrameLines)
  const parsed = parseFrame(frame(10 * maxFrameLines))
  assert.equal(parsed.length, maxFrameLines + 1)
  assert.deepEqual(
    parsed.filter(({ ok }) => !ok),
    [{ ok: false, why: `at most ${maxFrameLines} lines are read of a frame` }],
  )
})

/** What a refusal may begin with: a field, or that it is not an object at all. */
const knownRefusals =
  /^(op|room|bytes|window|resume\.epoch|resume\.positions|resume\.positions\.[4589]): |^not (JSON|a JSON object)|^the frame is empty$|^at most /

const isPosition = (value: number | undefined): boolean =>
  value === undefined || (Number.isSafeInteger(value) && value >= -1)

test('whatever comes, each line is understood in full or refused with its field named, repeating nothing of it', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(anyFrame, (frame) => {
      const parsed = parseFrame(frame)
      assert.ok(parsed.length > 0)
      for (const line of parsed) {
        seen.add(line.ok ? line.op : line.why)
        if (!line.ok) assert.match(line.why, knownRefusals)
        else if (line.op === 'subscribe' || line.op === 'unsubscribe') assert.match(line.room, /^[A-Za-z0-9]{1,64}$/)
        else if (line.op === 'ack') assert.ok(Number.isSafeInteger(line.bytes) && line.bytes >= 0)
        else if (line.op === 'connect') assert.ok(line.windowBytes === null || line.windowBytes >= 4096)
        if (line.ok && line.op === 'subscribe' && line.resume !== null) {
          assert.deepEqual(Object.getPrototypeOf(line.resume.positions), Object.prototype)
          for (const weight of ['4', '5', '8', '9']) assert.ok(isPosition(line.resume.positions[weight]))
        }
      }
    }),
    { numRuns: 3_000 },
  )
  for (const op of ['connect', 'subscribe', 'unsubscribe', 'ack', 'ping']) assert.ok(seen.has(op), `${op} came up`)
  assert.ok(seen.size > 12, `many kinds of lines came up: ${[...seen].join(' | ')}`)
})

test('the longest frames are read without a fault, however they are nested', () => {
  const fill = (text: string): string => text.repeat(Math.ceil(maxFrameBytes / text.length)).slice(0, maxFrameBytes)
  const half = maxFrameBytes / 2
  const frames = [
    ...['[', '{"a":', '"', '\\', '\n', '1\n', '{}\n', '{"op":"ping"}\n', '\u0000', '\ud800', ' '].map(fill),
    '['.repeat(half) + ']'.repeat(half),
    `{"op":"subscribe","room":"r1","resume":${'['.repeat(8_000)}${']'.repeat(8_000)}}`,
    `{"op":"connect","token":"${'t'.repeat(16_000)}"}`,
    `{"op":"ack","bytes":${'9'.repeat(16_000)}}`,
    `{"op":"ack","bytes":1e${'9'.repeat(16_000)}}`,
    `{"__proto__":{"op":"ping"}}`,
    `{"op":"subscribe","room":"r1","resume":{"__proto__":{"epoch":"e","positions":{}}}}`,
  ]
  for (const frame of frames) {
    const parsed = parseFrame(frame)
    assert.ok(parsed.length > 0 && parsed.length <= maxFrameLines + 1)
  }
  assert.deepEqual(
    parseFrame(frames.at(-2) ?? '').map(({ ok }) => ok),
    [false],
    'a prototype gives no op',
  )
  assert.deepEqual(
    parseFrame(frames.at(-1) ?? '').map(({ ok }) => ok),
    [false],
    'a prototype gives no epoch',
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
