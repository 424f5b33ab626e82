import assert from 'node:assert/strict'
import { test } from 'node:test'
import { strictSchema } from './strict-schema.ts'

test('an object refuses what its definition does not name, at every depth', () => {
  const schema = { type: 'object', properties: { spec: { type: 'object', properties: { port: { type: 'string' } } } } }
  assert.deepEqual(strictSchema(schema), {
    type: 'object',
    additionalProperties: false,
    properties: { spec: { type: 'object', additionalProperties: false, properties: { port: { type: 'string' } } } },
  })
})

test('a map and an object that keeps what it does not know stay open', () => {
  const map = { type: 'object', additionalProperties: { type: 'string' } }
  const open = { type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true }
  assert.deepEqual(strictSchema(map), map)
  assert.deepEqual(strictSchema(open), open)
})

test('a port or a share may be a number or a text', () => {
  assert.deepEqual(strictSchema({ 'x-kubernetes-int-or-string': true }), {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
  })
})
