import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences } from './pattern.ts'

test('a value that matches has no differences', () => {
  assert.deepEqual(
    differences({ a: 'x1', b: [1, null], c: { d: true } }, { a: /^x\d$/, b: [1, null], c: { d: true } }),
    [],
  )
})

test('missing and surplus fields, wrong types and wrong values are told with their place', () => {
  assert.deepEqual(
    differences({ a: 1, c: { d: 2, e: 3 }, f: [1], g: [1, 2] }, { a: '1', b: 1, c: { d: 1 }, f: [1, 2], g: [1, 3] }),
    [
      'a is 1, not "1"',
      'b is missing',
      'c.d is 2, not 1',
      'c.e is too many',
      'f has 1 entries, not 2',
      'g[1] is 2, not 3',
    ],
  )
})
