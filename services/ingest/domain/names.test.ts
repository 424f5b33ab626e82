import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseName, createNameMemory } from './names.ts'

test('the name last seen for a uid is remembered', () => {
  const names = createNameMemory({ maxNames: 10 })
  names.remember('u1', 'Ann')
  names.remember('u1', 'Anna')
  assert.equal(names.recall('u1'), 'Anna')
  assert.equal(names.recall('u2'), undefined)
})

test('a full memory forgets who was seen or asked for longest ago', () => {
  const names = createNameMemory({ maxNames: 2 })
  names.remember('u1', 'Ann')
  names.remember('u2', 'Bob')
  names.recall('u1')
  names.remember('u3', 'Cleo')
  assert.deepEqual(['u1', 'u2', 'u3'].map(names.recall), ['Ann', undefined, 'Cleo'])
  assert.equal(names.size(), 2)
})

test('a name is chosen from the request, then the room, then what was seen', () => {
  const all = { uid: 'u1', given: 'given', inState: 'state', lastSeen: 'seen' }
  assert.equal(chooseName(all), 'given')
  assert.equal(chooseName({ ...all, given: undefined }), 'state')
  assert.equal(chooseName({ ...all, given: undefined, inState: undefined }), 'seen')
  assert.equal(chooseName({ uid: 'u1', given: undefined, inState: undefined, lastSeen: undefined }), undefined)
})

test('a room that shows its owner by uid does not know a name', () => {
  assert.equal(chooseName({ uid: 'u1', given: undefined, inState: 'u1', lastSeen: 'seen' }), 'seen')
})
