import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createProgress } from './progress.ts'

test('nothing has begun: there is nothing to commit', () => {
  assert.equal(createProgress().position(), undefined)
})

test('the position is the lowest unfinished offset, whatever the order in which they finish', () => {
  const offsets = fc.uniqueArray(fc.nat(1_000), { minLength: 1 }).map((all) => all.toSorted((a, b) => a - b))
  const ordered = offsets.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
  )
  fc.assert(
    fc.property(ordered, ([begun, finished]) => {
      const progress = createProgress()
      for (const offset of begun) progress.begin(offset)
      const left = new Set(begun)
      for (const offset of finished) {
        progress.finish(offset)
        left.delete(offset)
        assert.equal(progress.position(), left.size > 0 ? Math.min(...left) : Math.max(...begun) + 1)
        assert.equal(progress.open(), left.size)
      }
    }),
  )
})
