import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../shared/clock.ts'
import { createWakes } from './wakes.ts'

const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('whatever is due comes in a turn of its own, once for all who wish it', async () => {
  let calls = 0
  const wakes = createWakes({ callback: () => (calls += 1), clock: systemClock })
  wakes.wake(0)
  wakes.wake(systemClock.now())
  assert.equal(calls, 0)
  await rest()
  assert.equal(calls, 1)
  wakes.wake(0)
  await rest()
  assert.equal(calls, 2)
})

test('of several later times the earliest comes first, and no call is early by more than the clock’s grain', async () => {
  const startedAt = systemClock.now()
  const calls: number[] = []
  await new Promise<void>((resolve) => {
    const wakes = createWakes({
      callback: () => {
        calls.push(systemClock.now())
        if (calls.length === 1) wakes.wake(startedAt + 60)
        else resolve()
      },
      clock: systemClock,
    })
    wakes.wake(startedAt + 60)
    wakes.wake(startedAt + 20)
    wakes.wake(startedAt + 40)
  })
  const [first = 0, second = 0] = calls
  assert.ok(first >= startedAt + 19 && second >= startedAt + 59, `${first - startedAt}, ${second - startedAt}`)
})

test('a stopped one does not call any more', async () => {
  let calls = 0
  const wakes = createWakes({ callback: () => (calls += 1), clock: systemClock })
  wakes.wake(0)
  wakes.wake(systemClock.now() + 5)
  wakes.stop()
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(calls, 0)
})
