import assert from 'node:assert/strict'
import { test } from 'node:test'
import { colourAt, colours, describePicture, differenceIn, isNear, nameOf, readPicture } from './picture.ts'
import type { Colour } from './picture.ts'

/** A picture whose left half has one colour and its right half another. */
const halves = (left: Colour, right: Colour, width = 40, height = 20) => {
  const row = Array.from({ length: width }, (_, x) => (x < width / 2 ? left : right)).flat()
  return readPicture(Uint8Array.from(Array.from({ length: height }, () => row).flat()), { width, height })
}

test('a picture has the colours of its bytes, at their places', () => {
  const picture = halves(colours.red, colours.blue)
  assert.deepEqual(picture.at(0, 0), [255, 0, 0])
  assert.deepEqual(picture.at(39, 19), [0, 0, 255])
  assert.deepEqual(colourAt(picture, { x: 0.25, y: 0.5 }), [255, 0, 0])
  assert.deepEqual(colourAt(picture, { x: 0.75, y: 0.5 }), [0, 0, 255])
  assert.equal(describePicture(picture), `40x20: ${Array(3).fill('red red blue blue').join(' / ')}`)
})

test('a picture of too few bytes and a pixel outside it are errors', () => {
  assert.throws(() => readPicture(new Uint8Array(11), { width: 2, height: 2 }), RangeError)
  assert.throws(() => halves(colours.red, colours.blue).at(40, 0), RangeError)
})

test('colours are near each other up to a tolerance in every channel', () => {
  assert.ok(isNear([250, 10, 20], colours.red))
  assert.ok(!isNear([250, 10, 31], colours.red))
  assert.equal(nameOf([3, 120, 9]), 'green')
  assert.equal(nameOf([90, 90, 90]), '(90 90 90)')
})

test('two pictures differ where something has moved, and there alone', () => {
  const before = halves(colours.red, colours.blue)
  const after = halves(colours.red, colours.yellow)
  assert.equal(differenceIn({ x: 0, y: 0, width: 0.4, height: 1 }, before, after), 0)
  assert.equal(differenceIn({ x: 0.6, y: 0, width: 0.4, height: 1 }, before, after), 255)
})
