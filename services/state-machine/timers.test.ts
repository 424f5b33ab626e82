import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Room, TimerFired } from '../../schemas/types.generated.ts'
import { silentLog } from '../shared/log.ts'
import { createBrokerClock } from './broker-clock.ts'
import { World } from './domain/testing/world.ts'
import { createTimers } from './timers.ts'

type Deadline = Room['timers'][number]
const base = ((): Room => {
  const world = new World()
  world.create('A')
  return world.room('A')
})()
const roomWith = (roomId: string, ...deadlines: readonly Deadline[]): Room => ({
  ...base,
  roomId,
  timers: deadlines,
  timerGeneration: Math.max(0, ...deadlines.map(({ generation }) => generation)),
})
const grace = (at: number, generation: number): Deadline => ({ kind: 'grace', subject: '', at, generation })

/** Committed rooms, a clock moved by hand, and a log that takes what is appended, or fails. */
const stage = ({ isRead = true } = {}) => {
  const rooms = new Map<string, Room>()
  const appended: TimerFired[] = []
  const lateness: number[] = []
  let now = 1_000
  let failing = false
  const clock = createBrokerClock(() => now)
  if (isRead) clock.read(now)
  const timers = createTimers({
    partition: 0,
    clock,
    roomOf: (roomId) => rooms.get(roomId),
    append: (record) => {
      if (failing) return Promise.reject(new Error('the broker is away'))
      appended.push(record)
      return Promise.resolve(now)
    },
    onFired: (seconds) => lateness.push(seconds),
    log: silentLog,
  })
  return {
    timers,
    appended,
    lateness,
    clock,
    commit: (roomId: string, room: Room | null) => {
      const before = rooms.get(roomId)
      if (room === null) rooms.delete(roomId)
      else rooms.set(roomId, room)
      timers.settle(roomId, before, room)
    },
    pass: (ms: number) => {
      now += ms
    },
    setFailing: (value: boolean) => {
      failing = value
    },
  }
}

test('a deadline is appended when it is due, once, with its generation and how late it was', () => {
  const { timers, commit, pass, appended, lateness } = stage()
  commit('A', roomWith('A', grace(1_500, 1)))
  timers.fireDue()
  assert.deepEqual([appended.length, timers.msUntilDue()], [0, 500])
  pass(700)
  timers.fireDue()
  timers.fireDue()
  assert.deepEqual(appended, [
    { eventId: 'A.t1', roomId: 'A', occurredAt: 1_700, timer: 'grace', subject: '', generation: 1 },
  ])
  assert.deepEqual(lateness, [0.2])
  assert.equal(timers.msUntilDue(), undefined)
})

test('a deadline that has left the committed state is not appended', () => {
  const { timers, commit, pass, appended } = stage()
  commit('A', roomWith('A', grace(1_500, 1)))
  commit('A', roomWith('A', grace(3_000, 2)))
  commit('B', roomWith('B', grace(1_500, 1)))
  commit('B', null)
  pass(600)
  timers.fireDue()
  assert.deepEqual(appended, [])
  assert.equal(timers.msUntilDue(), 1_400)
})

test('before the clock was read nothing is due', () => {
  const { timers, commit, pass, appended, clock } = stage({ isRead: false })
  commit('A', roomWith('A', grace(1, 1)))
  pass(5_000)
  timers.fireDue()
  assert.deepEqual([appended.length, timers.msUntilDue()], [0, undefined])
  clock.read(6_000)
  timers.fireDue()
  assert.equal(appended.length, 1)
})

test('an append that failed is tried again after a while', async () => {
  const { timers, commit, appended, pass, setFailing } = stage()
  commit('A', roomWith('A', grace(1_000, 1)))
  setFailing(true)
  timers.fireDue()
  // The rejection is handled in a later turn of the event loop.
  await new Promise(setImmediate)
  setFailing(false)
  timers.fireDue()
  assert.deepEqual([appended.length, timers.msUntilDue()], [0, 2_000])
  pass(2_000)
  timers.fireDue()
  assert.equal(appended.length, 1)
})

test('after a long outage 500 are appended at once, 2,000 are under way, and the rest follows as they are consumed', () => {
  const { timers, commit, pass, appended } = stage()
  const ids = Array.from({ length: 2_100 }, (_, index) => `r${index}`)
  for (const id of ids) commit(id, roomWith(id, grace(900, 1)))
  pass(1)
  timers.fireDue()
  assert.equal(appended.length, 500)
  for (let times = 0; times < 10; times += 1) timers.fireDue()
  assert.equal(appended.length, 2_000)
  // Nothing to wake up for until something is consumed.
  assert.equal(timers.msUntilDue(), undefined)
  const fired = appended.map(({ roomId }) => roomId)
  for (const id of fired.slice(0, 50)) commit(id, roomWith(id))
  assert.equal(timers.msUntilDue(), 0)
  timers.fireDue()
  assert.equal(appended.length, 2_050)
  for (const id of fired.slice(50, 200)) commit(id, null)
  timers.fireDue()
  assert.equal(appended.length, 2_100)
  assert.equal(new Set(appended.map(({ roomId }) => roomId)).size, 2_100)
})
