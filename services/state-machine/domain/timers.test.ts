import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testRules, World } from './testing/world.ts'
import { clearTimer, setTimer, takeTimer } from './timers.ts'
import type { Turn } from './turn.ts'

/** A turn of a room with three deadlines, two of one kind and two of one subject: generations 1 to 3. */
const turnWithTimers = (): Turn => {
  const world = new World()
  world.create('A')
  const turn: Turn = {
    room: { ...world.room('A'), timers: [], timerGeneration: 0 },
    outputs: [],
    ignored: undefined,
    dropped: false,
    ids: 0,
    now: 1_000,
    inputId: 'e1',
    rules: testRules,
  }
  setTimer(turn, 'mix-restart', 'x', 10)
  setTimer(turn, 'mix-restart', 'y', 20)
  setTimer(turn, 'mix-retry', 'x', 30)
  return turn
}

const restartX = { kind: 'mix-restart', subject: 'x', at: 10, generation: 1 }
const restartY = { kind: 'mix-restart', subject: 'y', at: 20, generation: 2 }
const retryX = { kind: 'mix-retry', subject: 'x', at: 30, generation: 3 }

test('a deadline replaces the one of its kind and subject alone, under a new generation', () => {
  const turn = turnWithTimers()
  assert.deepEqual(turn.room.timers, [restartX, restartY, retryX])
  setTimer(turn, 'mix-restart', 'x', 40)
  assert.deepEqual(turn.room.timers, [restartY, retryX, { ...restartX, at: 40, generation: 4 }])
  assert.equal(turn.room.timerGeneration, 4)
})

test('a generation is never used twice, also when the deadline that had it is gone', () => {
  const turn = turnWithTimers()
  for (const subject of ['x', 'y']) clearTimer(turn, 'mix-restart', subject)
  clearTimer(turn, 'mix-retry', 'x')
  setTimer(turn, 'mix-retry', 'x', 50)
  assert.deepEqual(turn.room.timers, [{ ...retryX, at: 50, generation: 4 }])
})

test('clearing takes the deadline of that kind and subject alone', () => {
  const turn = turnWithTimers()
  clearTimer(turn, 'mix-restart', 'x')
  assert.deepEqual(turn.room.timers, [restartY, retryX])
})

test('clearing what is not set leaves the room as it is', () => {
  const turn = turnWithTimers()
  const { room } = turn
  clearTimer(turn, 'mix-retry', 'y')
  clearTimer(turn, 'grace')
  clearTimer(turn, 'mix-restart')
  assert.equal(turn.room, room)
})

test('a deadline without a subject is cleared by its kind', () => {
  const turn = turnWithTimers()
  setTimer(turn, 'grace', '', 60)
  clearTimer(turn, 'grace')
  assert.deepEqual(turn.room.timers, [restartX, restartY, retryX])
})

test('a deadline that fires leaves the state, the others stay', () => {
  const turn = turnWithTimers()
  assert.equal(takeTimer(turn, 'mix-restart', 'y', 2), true)
  assert.deepEqual(turn.room.timers, [restartX, retryX])
})

test('a firing of another kind, subject or generation is stale', () => {
  for (const [kind, subject, generation] of [
    ['mix-stop', 'x', 1],
    ['mix-restart', 'z', 1],
    ['mix-restart', 'x', 2],
  ] as const) {
    const turn = turnWithTimers()
    const { room } = turn
    assert.equal(takeTimer(turn, kind, subject, generation), false)
    assert.equal(turn.room, room)
  }
})

test('a deadline fires once: its second record changes nothing', () => {
  const world = new World()
  world.create('A')
  const grace = { timer: 'grace', subject: '', generation: 1 }
  world.put('TimerFired', 'A', grace, 'first')
  assert.deepEqual(world.seen(), ['A LiveEnded'])
  const ended = world.room('A')
  world.put('TimerFired', 'A', grace, 'second')
  assert.equal(world.why(), 'timer: stale')
  assert.deepEqual(world.seen(), [])
  assert.deepEqual(world.room('A'), ended)
})

test('a deadline that was set anew while its record was on its way does not fire early', () => {
  const world = new World()
  world.create('A')
  world.publish('A')
  world.interrupt('A')
  world.put('TimerFired', 'A', { timer: 'grace', subject: '', generation: 1 })
  assert.equal(world.why(), 'timer: stale')
  assert.equal(world.room('A').status, 0)
})
