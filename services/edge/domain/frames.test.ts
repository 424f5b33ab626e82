import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { packFrames } from './frames.ts'

test('nothing makes no frame, and one line is its own frame', () => {
  const line = Buffer.from('{"a":1}')
  assert.deepEqual(packFrames([]), [])
  assert.deepEqual(packFrames([line]), [line])
})

test('frames hold every line in order, parted by newlines, none at the end, none over the bound unless alone', () => {
  const lines = fc.array(fc.string({ minLength: 1, maxLength: 30 }).filter((text) => !text.includes('\n')))
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 60 }), (texts, maxBytes) => {
      const frames = packFrames(
        texts.map((text) => Buffer.from(text)),
        maxBytes,
      ).map((frame) => frame.toString())
      assert.deepEqual(
        frames.flatMap((frame) => frame.split('\n')),
        texts,
      )
      for (const frame of frames) assert.ok(Buffer.byteLength(frame) <= maxBytes || !frame.includes('\n'))
    }),
  )
})
