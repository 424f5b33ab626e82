import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecent } from './recent.ts'

test('an entry is forgotten when it is older than the limit', () => {
  const recent = createRecent<number>({ maxEntries: 10, maxAgeMs: 100 })
  recent.set('a', 1, 1_000)
  assert.equal(recent.get('a', 1_100), 1)
  assert.equal(recent.get('a', 1_101), undefined)
})

test('entries that are too old give their memory back when another one comes', () => {
  const recent = createRecent<number>({ maxEntries: 10, maxAgeMs: 100 })
  recent.set('a', 1, 1_000)
  recent.set('b', 2, 1_050)
  recent.set('c', 3, 1_101)
  assert.equal(recent.size(), 2)
})

test('past the limit of entries the oldest one is forgotten', () => {
  const recent = createRecent<number>({ maxEntries: 2, maxAgeMs: 100 })
  recent.set('a', 1, 1_000)
  recent.set('b', 2, 1_000)
  recent.set('a', 3, 1_000)
  recent.set('c', 4, 1_000)
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => recent.get(key, 1_000)),
    [3, undefined, 4],
  )
})

test('a deleted entry is gone', () => {
  const recent = createRecent<number>({ maxEntries: 2, maxAgeMs: 100 })
  recent.set('a', 1, 0)
  recent.delete('a')
  assert.equal(recent.get('a', 0), undefined)
  assert.equal(recent.size(), 0)
})
