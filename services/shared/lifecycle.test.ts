import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lifecycle } from './lifecycle.ts'

test('what was started last is closed first, each before the next, once', async () => {
  const closed: string[] = []
  const lifecycle = new Lifecycle()
  lifecycle.onClose(() => void closed.push('producer'))
  lifecycle.onClose(async () => {
    await Promise.resolve()
    closed.push('consumer')
  })
  lifecycle.onClose(() => void closed.push('socket'))
  await Promise.all([lifecycle.close(), lifecycle.close()])
  assert.deepEqual(closed, ['socket', 'consumer', 'producer'])
})

test('a closer that fails does not keep the others open, and is told at the end', async () => {
  const closed: string[] = []
  const stuck = new Error('consumer stuck')
  const lifecycle = new Lifecycle()
  lifecycle.onClose(() => void closed.push('producer'))
  lifecycle.onClose(() => {
    throw stuck
  })
  await assert.rejects(
    () => lifecycle.close(),
    (error) => error instanceof AggregateError && error.errors.includes(stuck),
  )
  assert.deepEqual(closed, ['producer'])
})

test('the signal aborts before anything is closed', async () => {
  const lifecycle = new Lifecycle()
  let wasAborted = false
  lifecycle.onClose(() => {
    wasAborted = lifecycle.signal.aborted
  })
  await lifecycle.close()
  assert.equal(wasAborted, true)
})

test('abort tells a start that is under way to give up, and still takes its closers', async () => {
  const closed: string[] = []
  const lifecycle = new Lifecycle()
  lifecycle.abort()
  assert.equal(lifecycle.signal.aborted, true)
  lifecycle.onClose(() => void closed.push('half started'))
  await lifecycle.close()
  assert.deepEqual(closed, ['half started'])
})

test('nothing can be added once closing has begun', async () => {
  const lifecycle = new Lifecycle()
  const closing = lifecycle.close()
  assert.throws(() => lifecycle.onClose(() => {}), /closing has begun/)
  await closing
})
