import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionTerms } from '../../../schemas/types.generated.ts'
import { createRoomTable, viewOf, type RoomState } from './room-table.ts'

const room = (change: Partial<RoomState> = {}): RoomState => ({
  roomId: 'r1',
  uid: 'ann',
  name: 'Ann',
  description: null,
  type: 2,
  status: 1,
  mixReady: false,
  mixed: false,
  createdAt: 1,
  invites: [],
  agreements: [],
  session: null,
  ...change,
})

const invite = (inviterUid: string, inviteeUid: string, expiresAt = 30_000) => ({ inviterUid, inviteeUid, expiresAt })

/** Ann of r1 and Bob of r2 co-host. */
const session = (change: Partial<SessionTerms> = {}) => ({
  terms: {
    sessionId: 's',
    ownerRoomId: 'r1',
    peerRoomId: 'r2',
    inviterUid: 'ann',
    inviterName: 'Ann',
    inviterRoomId: 'r1',
    inviterType: 2,
    inviteeUid: 'bob',
    inviteeName: 'Bob',
    inviteeRoomId: 'r2',
    inviteeType: 2,
    type: 'side_by_side',
    agreedAt: 1,
    ...change,
  },
})

const tableOf = (...rooms: readonly RoomState[]) => {
  const table = createRoomTable()
  for (const one of rooms) table.put(viewOf(one))
  return table
}

test('only pushing lives of broadcasters are listed, newest first', () => {
  const table = tableOf(
    room({ roomId: 'old', createdAt: 1 }),
    room({ roomId: 'new', createdAt: 2 }),
    room({ roomId: 'created', status: 0 }),
    room({ roomId: 'ended', status: 2 }),
    room({ roomId: 'system', type: 1 }),
  )
  assert.deepEqual(
    table.runningLives().map(({ roomId }) => roomId),
    ['new', 'old'],
  )
  assert.equal(table.runningLive('old')?.roomId, 'old')
  assert.equal(table.runningLive('created'), undefined)
})

test('the running live of a broadcaster is the newest one that pushes', () => {
  const table = tableOf(
    room({ roomId: 'a', createdAt: 1 }),
    room({ roomId: 'b', createdAt: 3 }),
    room({ roomId: 'c', createdAt: 2 }),
    room({ roomId: 'd', createdAt: 4, status: 0 }),
    room({ roomId: 'e', createdAt: 5, type: 1 }),
  )
  assert.equal(table.runningLiveOf('ann')?.roomId, 'b')
  assert.equal(table.runningLiveOf('bob'), undefined)
})

test('a room that stops pushing or is removed is found nowhere any more', () => {
  const table = tableOf(room({ invites: [invite('ann', 'bob')] }))
  table.put(viewOf(room({ status: 0 })))
  assert.deepEqual(table.runningLives(), [])
  assert.equal(table.runningLiveOf('ann'), undefined)
  assert.equal(table.roomOfInvite('ann', 'bob'), undefined)
  assert.equal(table.nameOf('ann'), 'Ann')
  table.remove('r1')
  assert.equal(table.get('r1'), undefined)
  assert.equal(table.nameOf('ann'), undefined)
  assert.equal(table.size(), 0)
})

test('an invite is found by its two uids in that order', () => {
  const table = tableOf(room({ invites: [invite('ann', 'bob'), invite('ann', 'cleo')] }))
  assert.equal(table.roomOfInvite('ann', 'bob'), 'r1')
  assert.equal(table.roomOfInvite('ann', 'cleo'), 'r1')
  assert.equal(table.roomOfInvite('bob', 'ann'), undefined)
})

test('of several waiting invites between two the one that waits longest counts', () => {
  const table = tableOf(
    room({ roomId: 'r1', invites: [invite('ann', 'bob', 10)] }),
    room({ roomId: 'r2', invites: [invite('ann', 'bob', 20)] }),
  )
  assert.equal(table.roomOfInvite('ann', 'bob'), 'r2')
})

test('a waiting invite counts before a session', () => {
  const table = tableOf(
    room({ roomId: 'r1', session: session() }),
    room({ roomId: 'r3', invites: [invite('ann', 'bob')] }),
  )
  assert.equal(table.roomOfInvite('ann', 'bob'), 'r3')
})

test('in a session of two broadcasters feedback goes to the room in which its own invite was made', () => {
  const table = tableOf(room({ session: session() }))
  assert.equal(table.roomOfInvite('ann', 'bob'), 'r1')
  assert.equal(table.roomOfInvite('bob', 'ann'), 'r2')
})

test('in a session with audience feedback goes to the watched room', () => {
  const table = tableOf(room({ session: session({ inviteeType: 1, inviteeRoomId: 'system', peerRoomId: 'system' }) }))
  assert.equal(table.roomOfInvite('ann', 'bob'), 'r1')
  assert.equal(table.roomOfInvite('bob', 'ann'), 'r1')
})

test('an agreement that is on its way counts as a session', () => {
  assert.equal(tableOf(room({ agreements: [session()] })).roomOfInvite('ann', 'bob'), 'r1')
})

test('the name of an owner is that of the newest room', () => {
  const table = tableOf(
    room({ roomId: 'a', name: 'Anna', createdAt: 2 }),
    room({ roomId: 'b', name: 'Ann', createdAt: 1 }),
  )
  assert.equal(table.nameOf('ann'), 'Anna')
})
