import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createNames } from './names.ts'

test('names are short, and none comes twice', () => {
  const makers = [createNames(randomUUID()), createNames(randomUUID())]
  const names = new Set(Array.from({ length: 1_000 }, (_, at) => makers[at % 2]?.() ?? ''))
  assert.equal(names.size, 1_000)
  for (const name of names) assert.match(name, /^[\da-z]{13,16}$/)
})
