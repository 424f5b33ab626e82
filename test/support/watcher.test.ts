import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EdgeClient, PushLine } from './edge-client.ts'
import * as push from './push-patterns.ts'
import { watch } from './watcher.ts'

const line = (type: number, data: PushLine['data'], changes: Partial<PushLine> = {}): PushLine => ({
  type,
  time: Date.now(),
  data,
  room: 'r1',
  weight: type === 6 ? 8 : 5,
  pos: 1,
  id: `e${type}`,
  ...changes,
})

/** What is wrong when a client has received these, and a comment and then the end of the live are due. */
const problemsOf = (...messages: readonly PushLine[]): readonly string[] => {
  const client: Pick<EdgeClient, 'uid' | 'messages'> = { uid: 'u', messages: () => messages }
  const watcher = watch(client as EdgeClient, 'r1')
  watcher.expect(push.commented('a', 'Ann', 'hi'))
  watcher.expect(push.liveEnded('r1'))
  return watcher.problems()
}

const comment = line(6, { uid: 'a', name: 'Ann', comment: 'hi' })
const ended = line(8, { roomId: 'r1' })

test('exactly what is due is no problem, and neither are the state and the number of viewers', () => {
  assert.deepEqual(problemsOf(line(104, {}), comment, line(103, {}), ended), [])
})

test('a message that is missing, too many, in the wrong order or wrong in a field is a problem', () => {
  assert.deepEqual(problemsOf(comment), ['u: type 8 is missing'])
  assert.deepEqual(problemsOf(comment, ended, line(9, { uid: 'x' }, { pos: 2 })), [
    'u: nobody expected type 9 with uid',
  ])
  assert.equal(problemsOf(ended, comment).length, 2)
  assert.deepEqual(problemsOf(line(6, { uid: 'a', name: 'Ann', comment: 'ho', extra: 1 }), ended), [
    'u: type 6: comment is "ho", not "hi", extra is too many',
  ])
})

test('an envelope that is not as the contract has it is a problem', () => {
  assert.deepEqual(problemsOf(comment, { ...ended, weight: 4 }), ['u: type 8: has weight 4, not 5'])
  assert.deepEqual(problemsOf({ ...comment, room: 'r2' }, ended), ['u: type 6: came for room r2, not r1'])
  assert.deepEqual(problemsOf(comment, { ...ended, id: comment.id }), [`u: type 8: has id ${comment.id}`])
  assert.deepEqual(problemsOf({ ...comment, time: 5 }, ended), ['u: type 6: has time 5'])
})
