import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { layoutOf } from './layout.ts'

test('side by side: each stream has half of the width, and all of the height', () => {
  assert.deepEqual(layoutOf('side_by_side', { width: 640, height: 360 }), {
    main: { width: 320, height: 360 },
    other: { width: 320, height: 360 },
    filter: '[0:v][1:v]hstack=inputs=2[mixed]',
  })
})

test('picture in picture: the other stream is a quarter as wide and high, with a margin at the bottom right', () => {
  assert.deepEqual(layoutOf('picture_in_picture', { width: 640, height: 360 }), {
    main: { width: 640, height: 360 },
    other: { width: 160, height: 90 },
    filter: '[0:v][1:v]overlay=x=466:y=256:format=yuv420[mixed]',
  })
})

test('any other template has no layout', () => {
  for (const template of ['', 'mosaic', 'Side_by_side', 'constructor'])
    assert.equal(layoutOf(template, { width: 640, height: 360 }), undefined)
})

test('every side is even, and the halves fill the picture', () => {
  const side = fc.integer({ min: 64, max: 4096 })
  fc.assert(
    fc.property(side, side, (width, height) => {
      for (const template of ['side_by_side', 'picture_in_picture']) {
        const layout = layoutOf(template, { width, height })
        assert.ok(layout !== undefined)
        const sides = [layout.main.width, layout.main.height, layout.other.width, layout.other.height]
        assert.ok(sides.every((pixels) => pixels > 0 && pixels % 2 === 0))
        if (template === 'side_by_side') assert.equal(layout.main.width + layout.other.width, width - (width % 2))
      }
    }),
  )
})
