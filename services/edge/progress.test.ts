import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgress } from './progress.ts'

const never = new AbortController().signal

test('a condition that holds is not waited for, one that does not is looked at after each move', async () => {
  const { until, moved } = createProgress()
  let at = 1
  await until(() => at === 1, never)
  let isReached = false
  const reached = until(() => at === 3, never).then(() => (isReached = true))
  at = 2
  moved()
  await Promise.resolve()
  assert.equal(isReached, false)
  at = 3
  moved()
  await reached
})

test('who waits gives up with the signal, before or meanwhile', async () => {
  const { until } = createProgress()
  const controller = new AbortController()
  const waiting = until(() => false, controller.signal)
  controller.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
  await assert.rejects(
    until(() => true, controller.signal),
    /enough/,
  )
})
