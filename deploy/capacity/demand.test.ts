import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '../../services/shared/fault.ts'
import { readDemand } from './demand.ts'

test('numbers may be written as people write them', () => {
  const { ROOMS, CLIENTS, COMMENTS } = readDemand({ ROOMS: '12,000', CLIENTS: '1.5M', COMMENTS: '1e-1' })
  assert.deepEqual({ ROOMS, CLIENTS, COMMENTS }, { ROOMS: 12_000, CLIENTS: 1_500_000, COMMENTS: 0.1 })
})

test('what is not given, or empty, is what is usual', () => {
  assert.deepEqual(readDemand({ LIKES: '' }), readDemand({}))
})

test('each wrong key is named with its value and why', () => {
  const wrong = { ROOMS: 'many', CLIENTS: '-1', SPREAD: 'nowhere', LIKES: '2' }
  assert.throws(
    () => readDemand(wrong),
    (error) => {
      assert.ok(isFault(error, 'CONFIG_INVALID'))
      assert.match(error.message, /ROOMS=many: is not a number/)
      assert.match(error.message, /CLIENTS=-1: is below 1/)
      assert.match(error.message, /SPREAD=nowhere: is one of any, room, partition/)
      assert.doesNotMatch(error.message, /LIKES/)
      return true
    },
  )
})
