import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clientFrame } from '../../support/web-socket-frames.ts'
import { FrameWalker, nothingHeard, type Control } from './frames.ts'

const frame = (first: number, payload: Buffer): Buffer => {
  const { length } = payload
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  header[0] = first
  header[1] = length < 126 ? length : length < 65_536 ? 126 : 127
  if (header.length === 4) header.writeUInt16BE(length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, payload])
}
const text = (...lines: readonly string[]): Buffer => frame(0x81, Buffer.from(lines.join('\n')))

const comment = (filler: number): string => `{"type":6,"data":{"comment":"${'x'.repeat(filler)}"}}`
const like = '{"type":7,"data":{}}'
const state = '{"type":104,"data":{}}'
const gap = '{"op":"gap","dropped":3}'
const subscribed = '{"op":"subscribed","room":"a"}'
const error = '{"op":"error","code":404}'
const pong = '{"op":"pong"}'

/** Feeds bytes cut at these places, from one buffer that is overwritten each time. */
const feed = (bytes: Buffer, cuts: readonly number[]) => {
  const walker = new FrameWalker()
  const controls: Control[] = []
  const reused = Buffer.alloc(bytes.length)
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  for (const [index, from] of places.entries()) {
    const length = bytes.copy(reused, 0, from, places[index + 1])
    walker.feed(reused.subarray(0, length), (control) => controls.push(control))
    reused.fill(0)
  }
  return { heard: walker.heard, controls }
}

test('lines are counted by their kind, and the bytes of text frames alone', () => {
  const bytes = Buffer.concat([text(subscribed, state), frame(0x89, Buffer.from('m1')), text(comment(300), like, pong)])
  assert.deepEqual(feed(bytes, []).heard, {
    ...nothingHeard(),
    subscribed: 1,
    comments: 1,
    likes: 1,
    others: 2,
    textBytes: [subscribed, state, comment(300), like, pong].join('\n').length - 1, // two frames: one newline fewer
  } satisfies ReturnType<typeof nothingHeard>)
})

test('a compressed frame is counted as one, and its bytes are no lines', () => {
  const bytes = Buffer.concat([frame(0xc1, Buffer.from('\n\n\n\n')), text(gap), text(error)])
  const { compressed, others, gaps, errors } = feed(bytes, []).heard
  assert.deepEqual({ compressed, others, gaps, errors }, { compressed: 1, others: 0, gaps: 1, errors: 1 })
})

test('it makes no difference where the bytes are cut', () => {
  const line = fc.oneof(fc.nat(300).map(comment), fc.constantFrom(like, state, gap, subscribed, error, pong))
  const piece = fc.oneof(
    { weight: 5, arbitrary: fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => text(...lines)) },
    fc.string({ maxLength: 20 }).map((mark) => frame(0x89, Buffer.from(mark))),
    fc.integer({ min: 4000, max: 4999 }).map((code) => frame(0x88, Buffer.from([code >> 8, code & 0xff]))),
    fc.constant(text(comment(70_000))),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), fc.array(fc.nat(200_000), { maxLength: 20 }), (pieces, cuts) => {
      const bytes = Buffer.concat(pieces)
      assert.deepEqual(feed(bytes, cuts), feed(bytes, []))
    }),
  )
})

test('a ping comes with its payload and a close with its code', () => {
  const { controls } = feed(Buffer.concat([frame(0x89, Buffer.from('42')), frame(0x88, Buffer.from([15, 160]))]), [3])
  assert.deepEqual(controls, [
    { kind: 'ping', payload: Buffer.from('42') },
    { kind: 'close', payload: Buffer.from([15, 160]) },
  ])
})

test('what a client sends has the mask bit and the length of its payload', () => {
  assert.deepEqual(clientFrame('pong', Buffer.from('42')), Buffer.from([0x8a, 0x82, 0, 0, 0, 0, 0x34, 0x32]))
  const long = clientFrame('text', Buffer.from('y'.repeat(300)))
  assert.deepEqual([...long.subarray(0, 8)], [0x81, 0xfe, 1, 44, 0, 0, 0, 0])
  assert.equal(long.length, 308)
})
