import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyEvent, type RoomView } from './room-view.ts'
import type { PushData, PushName } from './events.generated.ts'
import type { PushEvent } from './wire.ts'

const event = <N extends PushName>(name: N, data: PushData[N], over: { time?: number; isIncluded?: boolean } = {}) =>
  ({
    name,
    data,
    type: 0,
    time: 2_000,
    room: 'r1',
    weight: 5,
    pos: 1,
    id: 'x',
    isIncluded: false,
    ...over,
  }) as PushEvent

const before: RoomView = {
  roomId: 'r1',
  uid: 'owner',
  name: 'Owner',
  status: 0,
  type: 2,
  isMixReady: false,
  isMixed: false,
  likes: 5,
  viewers: 1,
  session: null,
  stateTime: 1_000,
}
const after = (...events: readonly PushEvent[]): RoomView | null => events.reduce<RoomView | null>(applyEvent, before)

const party = { uid: 'owner', name: 'Owner', roomId: 'r1' }
const session = {
  sessionId: 's1',
  inviterUid: 'owner',
  inviterName: 'Owner',
  inviterRoomid: 'r1',
  inviteeUid: 'guest',
  inviteeName: 'Guest',
  inviteeRoomid: 'r2',
  inviterType: 2,
  inviteeType: 2,
}
const mixed = event('mix-succeeded', { ...session, inviterMixPlayUrls: ['a'], inviteeMixPlayUrls: ['b'] })
const failed = event('mix-failed', { ...session, code: 3404, message: 'm' })
const end = {
  sessionId: 's1',
  roomId: 'r1',
  uid: 'u',
  name: 'n',
  notifiedRoomId: 'r2',
  notifiedUid: 'v',
  notifiedName: 'm',
}

test('a stream comes, can be mixed, breaks off; the live ends', () => {
  assert.equal(after(event('stream-published', party))?.status, 1)
  assert.equal(after(event('mix-available', { roomId: 'r1', type: 2 }))?.isMixReady, true)
  const broken = after(event('mix-available', { roomId: 'r1', type: 2 }), event('stream-interrupted', party))
  assert.deepEqual([broken?.status, broken?.isMixReady], [0, false])
  assert.equal(after(event('live-ended', { roomId: 'r1' }))?.status, 2)
})

test('what is told of a guest’s room changes nothing here', () => {
  for (const other of [
    event('stream-published', { ...party, roomId: 'r2' }),
    event('stream-interrupted', { ...party, roomId: 'r2' }),
    event('mix-available', { roomId: 'r2', type: 1 }),
  ]) {
    assert.equal(applyEvent(before, other), before)
  }
})

test('a mix has a session with its addresses, and ends in two steps', () => {
  const one = after(mixed)
  assert.equal(one?.isMixed, true)
  assert.deepEqual(one?.session, {
    sessionId: 's1',
    state: 'mixed',
    type: null,
    inviterUid: 'owner',
    inviterName: 'Owner',
    inviterRoomId: 'r1',
    inviteeUid: 'guest',
    inviteeName: 'Guest',
    inviteeRoomId: 'r2',
    inviterMixPlayUrls: ['a'],
    inviteeMixPlayUrls: ['b'],
  })
  const closing = after(mixed, event('cohost-ended', end))
  assert.deepEqual([closing?.session?.state, closing?.isMixed], ['stopping', true])
  const ended = after(mixed, event('cohost-ended', end), event('mix-ended', end))
  assert.deepEqual([ended?.session, ended?.isMixed], [null, false])
})

test('a mix that failed leaves the session agreed; its end ends it', () => {
  assert.deepEqual([after(failed)?.session?.state, after(failed)?.isMixed], ['agreed', false])
  assert.equal(after(failed, event('cohost-ended', end))?.session, null)
})

test('the end of another session changes nothing', () => {
  const other = { ...end, sessionId: 's0' }
  assert.equal(after(mixed, event('cohost-ended', other), event('mix-ended', other))?.session?.state, 'mixed')
})

test('likes add up from the state on, viewers are what was said last', () => {
  const like = { uid: 'u', name: 'n' }
  const old = event('liked', like, { time: 900 })
  assert.equal(after(old, event('liked', like), event('liked', { ...like, count: 7 }))?.likes, 13)
  assert.equal(after(event('viewer-count', { roomId: 'r1', count: 9 }))?.viewers, 9)
})

test('what the state includes is not applied; before the state there is nothing', () => {
  assert.equal(after(event('stream-published', party, { isIncluded: true })), before)
  assert.equal(applyEvent(null, event('stream-published', party)), null)
})
