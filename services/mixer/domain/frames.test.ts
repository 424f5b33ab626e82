import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blackFrame, createFrameCutter, createFramePool } from './frames.ts'

test('however a stream of bytes is cut, the same frames come out', () => {
  const frameBytes = fc.integer({ min: 1, max: 20 })
  const chunks = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 })
  fc.assert(
    fc.property(frameBytes, chunks, (size, parts) => {
      const frames: number[][] = []
      const cutter = createFrameCutter(createFramePool(size), (frame) => {
        frames.push([...frame.bytes])
        frame.release()
      })
      for (const part of parts) cutter.push(part)
      const all = parts.flatMap((part) => [...part])
      const whole = all.length - (all.length % size)
      assert.deepEqual(frames.flat(), all.slice(0, whole))
      assert.ok(frames.every((frame) => frame.length === size))
    }),
  )
})

test('the bytes of a frame are used again only when nobody holds it any more', () => {
  const pool = createFramePool(4)
  const first = pool.take()
  first.hold()
  first.release()
  const second = pool.take()
  assert.notEqual(second.bytes, first.bytes)
  first.release()
  assert.equal(pool.take().bytes, first.bytes)
})

test('a pool keeps no more than a few unused frames', () => {
  const pool = createFramePool(4)
  const taken = Array.from({ length: 20 }, () => pool.take())
  for (const frame of taken) frame.release()
  const known = new Set(taken.map(({ bytes }) => bytes))
  const again = Array.from({ length: 20 }, () => pool.take())
  assert.equal(again.filter(({ bytes }) => known.has(bytes)).length, 8)
})

test('black is dark, and has no colour', () => {
  assert.deepEqual([...blackFrame(4).bytes], [16, 16, 16, 16, 128, 128])
})
