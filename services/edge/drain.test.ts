import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monotonicClock } from '../shared/clock.ts'
import { drainConnections } from './drain.ts'

/** Drains so many connections, some of which leave by themselves when they are told; says what was done to whom, in order. */
const drainOf = async ({
  count,
  withinMs,
  leaves,
}: {
  count: number
  withinMs: number
  leaves: (id: number) => boolean
}) => {
  const connections = new Set(Array.from({ length: count }, (_, id) => id))
  const told = new Map<number, number>()
  const closed: number[] = []
  const startedAt = performance.now()
  await drainConnections({
    connections,
    withinMs,
    tell: (id, afterMs) => {
      told.set(id, afterMs)
      if (leaves(id)) connections.delete(id)
    },
    close: (id) => {
      closed.push(id)
      connections.delete(id)
    },
    clock: monotonicClock,
    random: Math.random,
  })
  return { told, closed, left: connections.size, tookMs: performance.now() - startedAt }
}

test('everybody is told once, who does not leave is closed once, and nobody is left', async () => {
  const { told, closed, left } = await drainOf({ count: 2_000, withinMs: 400, leaves: (id) => id % 2 === 0 })
  assert.equal(told.size, 2_000)
  assert.equal(left, 0)
  assert.deepEqual(
    closed.toSorted((a, b) => a - b),
    Array.from({ length: 1_000 }, (_, at) => at * 2 + 1),
  )
})

test('who was asked to come back earlier is closed earlier', async () => {
  const { told, closed } = await drainOf({ count: 300, withinMs: 300, leaves: () => false })
  const delays = closed.map((id) => told.get(id) ?? NaN)
  const half = (from: number): number => delays.slice(from, from + 150).reduce((sum, delay) => sum + delay, 0)
  assert.ok(half(0) < half(150))
})

test('a drain ends as soon as all have left, and at once when nobody is there', async () => {
  const { closed, told } = await drainOf({ count: 600, withinMs: 60_000, leaves: () => true })
  assert.equal(told.size, 600)
  assert.deepEqual(closed, [])
  await drainOf({ count: 0, withinMs: 60_000, leaves: () => true })
})
