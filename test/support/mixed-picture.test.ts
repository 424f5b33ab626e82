import assert from 'node:assert/strict'
import { test } from 'node:test'
import { halvesOf, hasTones, lacksTones, showsMix, showsOne } from './mixed-picture.ts'
import { colours, readPicture } from './picture.ts'
import type { Colour } from './picture.ts'
import { sineOf } from './tones.ts'

const [width, height] = [160, 90]
const paint = (colourOf: (x: number, y: number) => Colour) => {
  const pixels = Array.from({ length: width * height }, (_, index) => {
    return colourOf((index % width) / width, Math.floor(index / width) / height)
  })
  return readPicture(Uint8Array.from(pixels.flat()), { width, height })
}

const sideBySide = paint((x) => (x < 0.5 ? colours.red : colours.blue))
// A quarter of the area or a sixteenth: both are small pictures at the lower right.
const pictureInPicture = (size: number) =>
  paint((x, y) => (x > 0.97 - size && x < 0.97 && y > 0.97 - size && y < 0.97 ? colours.blue : colours.red))

test('a mix is told by the colours of its halves, each at its place', () => {
  assert.ok(showsMix(sideBySide, { template: 'side_by_side', main: 'red', other: 'blue' }))
  assert.ok(!showsMix(sideBySide, { template: 'side_by_side', main: 'blue', other: 'red' }))
  assert.ok(!showsMix(sideBySide, { template: 'picture_in_picture', main: 'red', other: 'blue' }))
  for (const size of [0.25, 0.5]) {
    const picture = pictureInPicture(size)
    assert.ok(showsMix(picture, { template: 'picture_in_picture', main: 'red', other: 'blue' }))
    assert.ok(!showsMix(picture, { template: 'side_by_side', main: 'red', other: 'blue' }))
  }
})

test('a picture of one source has its colour all over', () => {
  assert.ok(
    showsOne(
      paint(() => colours.red),
      'red',
    ),
  )
  assert.ok(!showsOne(sideBySide, 'red'))
  assert.ok(!showsOne(pictureInPicture(0.25), 'red'))
})

test('the areas of the bars are inside their halves', () => {
  for (const { main, other } of Object.values(halvesOf)) {
    assert.ok(main.bar.x + main.bar.width < other.bar.x)
    assert.ok(other.bar.x + other.bar.width < 1)
  }
})

test('tones are heard when all of them are there, and missing when none is', () => {
  const sound = sineOf({ toneHz: 440, amplitude: 0.06, seconds: 1, sampleRate: 44_100 })
  assert.ok(hasTones(sound, 440))
  assert.ok(!hasTones(sound, 440, 880))
  assert.ok(lacksTones(sound, 880))
  assert.ok(!lacksTones(sound, 880, 440))
})
