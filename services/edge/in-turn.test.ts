import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'node:test'
import { inTurn, maxWaitingOps } from './in-turn.ts'

const never = (error: unknown): void => assert.fail(String(error))
const idle = () => ({ work: null, waiting: 0, isClosed: false })

test('what is asked for is done in its order, and what needs no time is done at once when nothing is under way', async () => {
  const connection = idle()
  const done: string[] = []
  const slow = Promise.withResolvers<void>()
  const note = (what: string) => () => void done.push(what)
  inTurn(connection, note('first'), never)
  inTurn(connection, () => slow.promise.then(note('slow')), never)
  inTurn(connection, note('behind it'), never)
  inTurn(connection, () => Promise.resolve().then(note('last')), never)
  assert.deepEqual(done, ['first'])
  slow.resolve()
  await nextTurn()
  assert.deepEqual(done, ['first', 'slow', 'behind it', 'last'])
  assert.deepEqual(connection, idle())
})

test('what failed is told, and holds up nothing', async () => {
  const connection = idle()
  const failures: unknown[] = []
  const done: string[] = []
  inTurn(
    connection,
    () => Promise.reject(new Error('no')),
    (error) => failures.push(error),
  )
  inTurn(connection, () => void done.push('next'), never)
  await nextTurn()
  assert.deepEqual([failures.map(String), done], [['Error: no'], ['next']])
  assert.deepEqual(connection, idle())
})

test('so much may wait and not more', async () => {
  const connection = idle()
  const slow = Promise.withResolvers<void>()
  let done = 0
  const count = () => void (done += 1)
  inTurn(connection, () => slow.promise, never)
  for (let at = 0; at < maxWaitingOps; at += 1) assert.equal(inTurn(connection, count, never), true)
  assert.equal(inTurn(connection, count, never), false)
  slow.resolve()
  await nextTurn()
  assert.equal(done, maxWaitingOps)
  assert.equal(inTurn(connection, count, never), true)
})

test('nothing is done any more for a connection that has ended', async () => {
  const connection = idle()
  const slow = Promise.withResolvers<void>()
  inTurn(connection, () => slow.promise, never)
  inTurn(connection, () => assert.fail('it has ended'), never)
  connection.isClosed = true
  slow.resolve()
  await nextTurn()
})
