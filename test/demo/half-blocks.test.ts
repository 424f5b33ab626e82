import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPicture } from '../support/picture.ts'
import { drawPicture } from './half-blocks.ts'

test('a picture is drawn two places a character, the upper one as foreground', () => {
  const bytes = [255, 0, 0, 0, 0, 255, 0, 128, 0, 1, 2, 3]
  const picture = readPicture(Uint8Array.from(bytes), { width: 2, height: 2 })
  assert.deepEqual(drawPicture(picture, { columns: 2, rows: 1 }), [
    '\u001b[38;2;255;0;0m\u001b[48;2;0;128;0m▀\u001b[38;2;0;0;255m\u001b[48;2;1;2;3m▀\u001b[0m',
  ])
})

test('a large picture has as many lines and characters as asked for', () => {
  const picture = readPicture(new Uint8Array(320 * 180 * 3), { width: 320, height: 180 })
  const lines = drawPicture(picture)
  assert.equal(lines.length, 17)
  assert.ok(lines.every((line) => line.split('▀').length === 61))
})
