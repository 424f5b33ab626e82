import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createdRoomId, idempotentEventId } from './ids.ts'

test('a new room has 16 hex digits that follow from its request', () => {
  assert.equal(createdRoomId('0123456789abcdef0123456789abcdef'), '0123456789abcdef')
})

test('the parts of an idempotent id cannot be shifted into each other', () => {
  const inputs: string[] = []
  const record = (text: string): string => {
    inputs.push(text)
    return 'f'.repeat(64)
  }
  assert.equal(idempotentEventId({ credential: 'a', path: '/p', key: 'k' }, record), 'f'.repeat(32))
  idempotentEventId({ credential: 'a/p', path: '', key: 'k' }, record)
  idempotentEventId({ credential: 'a', path: '/pk', key: '' }, record)
  assert.equal(new Set(inputs).size, 3)
})
