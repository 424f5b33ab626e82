import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createViewers } from './viewers.ts'

const timing = { changeMs: 2_000, refreshMs: 20_000 }

/** Viewers of one edge, and how many users the others report. */
const stage = () => {
  const others = new Map<string, number>()
  const viewers = createViewers({ elsewhere: (room) => others.get(room) ?? 0, timing })
  return {
    ...viewers,
    /** Others report so many users in a room. */
    hear: (room: string, count: number) => {
      others.set(room, count)
      viewers.changed(room)
    },
    written: (now: number) => viewers.toWrite(now, 100).map(({ room, count }) => `${room}:${count}`),
    told: (now: number) => viewers.toTell(now).map(({ room, count }) => `${room}:${count}`),
  }
}

test('a room’s first user is written at once', () => {
  const { set, written } = stage()
  set('a', 1, 0)
  assert.deepEqual(written(0), ['a:1'])
  assert.deepEqual(written(0), [], 'and once')
})

test('further changes of a room are written at most once in two seconds, the newest number', () => {
  const { set, written } = stage()
  set('a', 1, 0)
  written(0)
  set('a', 2, 10)
  assert.deepEqual(written(10), [])
  set('a', 3, 1_999)
  assert.deepEqual(written(1_999), [])
  assert.deepEqual(written(2_000), ['a:3'])
})

test('a number that is again what was written is not written', () => {
  const { set, written } = stage()
  set('a', 1, 0)
  written(0)
  set('a', 2, 10)
  set('a', 1, 20)
  assert.deepEqual(written(2_000), [])
})

test('the last one to leave is written at once and once, and never refreshed', () => {
  const { set, written } = stage()
  set('a', 1, 0)
  written(0)
  set('a', 0, 10)
  assert.deepEqual(written(10), ['a:0'])
  assert.deepEqual(written(2_010), [])
  assert.deepEqual(written(100_000), [])
})

test('who comes and goes all the time is written no more than twice in two seconds', () => {
  const { set, written } = stage()
  let count = 0
  for (let now = 0; now < 20_000; now += 100) {
    set('a', (now / 100) % 2, now)
    count += written(now).length
  }
  assert.ok(count <= 20, String(count))
  assert.ok(count >= 10, String(count))
})

test('a room that was entered and left before anything was written has nothing to say', () => {
  const { set, written } = stage()
  set('a', 1, 0)
  set('a', 0, 0)
  assert.deepEqual(written(0), [])
})

test('a number that does not change is written again every twenty seconds', () => {
  const { set, written } = stage()
  set('a', 1, 0)
  set('b', 1, 0)
  written(0)
  set('b', 2, 15_000)
  assert.deepEqual(written(15_000), ['b:2'])
  assert.deepEqual(written(19_999), [])
  assert.deepEqual(written(20_000), ['a:1'])
  assert.deepEqual(written(34_999), [])
  assert.deepEqual(written(35_000), ['b:2'])
  assert.deepEqual(written(40_000), ['a:1'])
})

test('no more is taken than there is room for, and the rest stays due', () => {
  const { set, toWrite } = stage()
  for (let index = 0; index < 10; index += 1) set(`r${index}`, 1, 0)
  const first = toWrite(0, 4)
  const second = toWrite(1, 4)
  const third = toWrite(2, 4)
  assert.deepEqual([first.length, second.length, third.length], [4, 4, 2])
  assert.equal(new Set([...first, ...second, ...third].map(({ room }) => room)).size, 10)
  assert.equal(toWrite(20_001, 4).length, 4, 'refreshes are bounded, too')
  assert.equal(toWrite(20_002, 0).length, 0)
  assert.equal(toWrite(20_002, 100).length, 6)
})

test('the first user of a room has the number from its state, and is told of changes alone', () => {
  const { set, hear, told, sum } = stage()
  hear('a', 5)
  assert.equal(sum('a'), 5)
  set('a', 1, 0)
  assert.equal(sum('a'), 6)
  assert.deepEqual(told(10_000), [])
  set('a', 2, 10_000)
  assert.deepEqual(told(10_000), ['a:7'])
  assert.deepEqual(told(10_000), [])
})

test('the first user of a room that was empty for a moment has the number from its state, too', () => {
  const { set, hear, told } = stage()
  set('a', 1, 0)
  set('a', 0, 3_000)
  hear('a', 5)
  set('a', 1, 6_000)
  assert.deepEqual(told(10_000), [])
  set('a', 2, 10_000)
  assert.deepEqual(told(10_000), ['a:7'])
})

test('a room is told at most once in two seconds, the newest sum', () => {
  const { set, hear, told } = stage()
  set('a', 1, 0)
  set('a', 2, 0)
  assert.deepEqual(told(1_999), [])
  hear('a', 7)
  assert.deepEqual(told(2_000), ['a:9'])
  hear('a', 6)
  assert.deepEqual(told(3_999), [])
  assert.deepEqual(told(4_000), ['a:8'])
})

test('a sum that is again what was told is not told', () => {
  const { set, hear, told } = stage()
  set('a', 1, 0)
  hear('a', 3)
  hear('a', 0)
  assert.deepEqual(told(10_000), [])
})

test('a room without users here is told nothing', () => {
  const { set, hear, told } = stage()
  hear('a', 3)
  set('b', 1, 0)
  set('b', 0, 1)
  hear('b', 3)
  assert.deepEqual(told(10_000), [])
})

test('at the end the others are told of zero users in every room that they were told of, once', () => {
  const { set, written, toWithdraw, sum } = stage()
  set('a', 1, 0)
  set('b', 2, 0)
  set('c', 2, 0)
  written(0)
  set('b', 0, 10)
  set('c', 0, 10)
  written(10)
  set('d', 1, 20)
  assert.deepEqual(toWithdraw(), [{ room: 'a', count: 0 }])
  assert.deepEqual(toWithdraw(), [])
  assert.deepEqual(written(100_000), [])
  assert.equal(sum('a'), 0)
})
