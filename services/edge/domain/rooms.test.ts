import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRooms, type Member, type Rooms } from './rooms.ts'

const createTestRooms = (): { rooms: Rooms<Member>; unused: readonly number[] } => {
  const unused: number[] = []
  return { rooms: createRooms({ onUnused: (partition) => unused.push(partition) }), unused }
}

/** Joins as a subscribe does: expected first, then a member. */
const join = (rooms: Rooms<Member>, room: string, partition: number, uid: string): Member => {
  const member = { uid }
  rooms.expect(room, partition)
  rooms.join(room, member)
  rooms.release(room)
  return member
}

test('a room is there while it has members, and its partition while it has rooms', () => {
  const { rooms, unused } = createTestRooms()
  const first = join(rooms, 'r1', 3, 'u1')
  const second = join(rooms, 'r2', 3, 'u2')
  assert.deepEqual(
    rooms.inPartition(3).map(({ id }) => id),
    ['r1', 'r2'],
  )
  rooms.leave('r1', first)
  assert.equal(rooms.get('r1'), undefined)
  assert.deepEqual(unused, [])
  rooms.leave('r2', second)
  assert.deepEqual(unused, [3])
  assert.deepEqual(rooms.inPartition(3), [])
})

test('a room stays for a subscribe under way, and goes when that comes to nothing', () => {
  const { rooms, unused } = createTestRooms()
  const member = join(rooms, 'r1', 3, 'u1')
  rooms.expect('r1', 3)
  rooms.leave('r1', member)
  assert.notEqual(rooms.get('r1'), undefined)
  rooms.release('r1')
  assert.equal(rooms.get('r1'), undefined)
  assert.deepEqual(unused, [3])
})

test('two connections of a user are two subscriptions and one viewer', () => {
  const { rooms } = createTestRooms()
  const phone = join(rooms, 'r1', 0, 'u1')
  join(rooms, 'r1', 0, 'u1')
  join(rooms, 'r1', 0, 'u2')
  assert.equal(rooms.subscriptions(), 3)
  assert.equal(rooms.viewers('r1'), 2)
  rooms.leave('r1', phone)
  assert.equal(rooms.viewers('r1'), 2)
  assert.equal(rooms.subscriptions(), 2)
})

test('who counts the viewers of a room hears of the first and the last connection of each user', () => {
  const heard: string[] = []
  const rooms: Rooms<Member> = createRooms({
    onUnused: () => {},
    onViewers: (room) => heard.push(`${room} ${rooms.viewers(room)}`),
  })
  const members = ['u1', 'u1', 'u1', 'u2'].map((uid) => join(rooms, 'r1', 0, uid))
  assert.deepEqual(heard.splice(0), ['r1 1', 'r1 2'])
  for (const member of members) rooms.leave('r1', member)
  assert.deepEqual(heard, ['r1 1', 'r1 0'])
})

test('joining or leaving twice changes nothing', () => {
  const { rooms } = createTestRooms()
  const member = join(rooms, 'r1', 0, 'u1')
  rooms.join('r1', member)
  assert.equal(rooms.subscriptions(), 1)
  rooms.leave('r1', member)
  rooms.leave('r1', member)
  assert.equal(rooms.subscriptions(), 0)
})
