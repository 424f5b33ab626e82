import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Invite, NotedInvite, Room, Session } from '../../../schemas/types.generated.ts'
import { aRoom } from '../../../test/support/edge-records.ts'
import { isOpen, resentTo, roomStateOf, snapshotOf } from './snapshot.ts'

const streamUrl = (stream: string): string => `http://play/app/${stream}`
const secretPlace = 'rtmp://push/app/secret'

const room: Room = aRoom({
  eventId: 'e1',
  roomId: 'r1',
  occurredAt: 1_000,
  inputPos: 42,
  uid: 'u1',
  name: 'Ann',
  description: secretPlace,
  mixReady: true,
  createdAt: 1,
  likes: 7,
  likePos: 3,
})

const session = (phase: string): Session => ({
  attemptId: 's1.1',
  terms: {
    sessionId: 's1',
    ownerRoomId: 'r1',
    peerRoomId: 'r2',
    inviterUid: 'u1',
    inviterName: 'Ann',
    inviterRoomId: 'r1',
    inviterType: 2,
    inviteeUid: 'u2',
    inviteeName: 'Bo',
    inviteeRoomId: 'r2',
    inviteeType: 2,
    type: 'side_by_side',
    agreedAt: 900,
  },
  phase,
  ownerReady: true,
  peerReady: true,
  mixes: [mix('r1', ['r1_mix360', 'r1_mix480']), mix('r2', ['r2_mix360'])],
  failures: 0,
  closingRoomId: null,
  closeReason: null,
  closeActor: null,
  sentNumber: 0,
  seenNumber: 0,
  readyNumber: 0,
  agreedEventId: 'agreed',
})

const mix = (mainRoomId: string, streamNames: readonly string[]): Session['mixes'][number] => ({
  mainRoomId,
  generation: 1,
  state: 'started',
  streamNames,
  sent: true,
  restarts: 0,
  erring: false,
})

const invite = (over: Partial<Invite>): Invite => ({
  sessionId: 's1',
  number: 1,
  inviterUid: 'u1',
  inviterName: 'Ann',
  inviterType: 2,
  inviteeUid: 'u9',
  inviteeName: 'Zoe',
  inviteeType: 1,
  inviteeRoomId: null,
  type: 'side_by_side',
  expiresAt: 31_000,
  attempt: 0,
  offeredNumber: 0,
  open: [],
  eventId: 'invited',
  ...over,
})

const noted: NotedInvite = {
  sessionId: 's2',
  number: 1,
  ownerRoomId: 'r3',
  inviterUid: 'u3',
  inviterName: 'Cy',
  inviteeUid: 'u1',
  inviteeName: 'Ann',
  type: 'side_by_side',
  expiresAt: 32_000,
  eventId: 'noted',
}

test('message 104 tells what a client may know of the room, and nothing more', () => {
  const state = roomStateOf(snapshotOf(room, streamUrl), { eventId: 'x', viewers: 5 })
  assert.deepEqual(state, {
    eventId: 'x',
    roomId: 'r1',
    occurredAt: 1_000,
    uid: 'u1',
    name: 'Ann',
    status: 1,
    type: 2,
    isMixReady: true,
    isMixed: false,
    likes: 7,
    viewers: 5,
    session: null,
  })
})

test('a session is told with the parties and, while the mix can be played, its addresses', () => {
  const view = (phase: string) => snapshotOf({ ...room, session: session(phase) }, streamUrl).session
  const told = {
    sessionId: 's1',
    type: 'side_by_side',
    inviterUid: 'u1',
    inviterName: 'Ann',
    inviterRoomId: 'r1',
    inviteeUid: 'u2',
    inviteeName: 'Bo',
    inviteeRoomId: 'r2',
  }
  const none = { inviterMixPlayUrls: [], inviteeMixPlayUrls: [] }
  const urls = {
    inviterMixPlayUrls: ['http://play/app/r1_mix360', 'http://play/app/r1_mix480'],
    inviteeMixPlayUrls: ['http://play/app/r2_mix360'],
  }
  assert.deepEqual(view('agreed'), { ...told, state: 'agreed', ...none })
  assert.deepEqual(view('starting'), { ...told, state: 'starting', ...none })
  assert.deepEqual(view('mixed'), { ...told, state: 'mixed', ...urls })
  assert.deepEqual(view('stopping'), { ...told, state: 'stopping', ...urls })
})

test('a session that is only held is not told', () => {
  assert.equal(snapshotOf({ ...room, session: session('held') }, streamUrl).session, null)
})

test('nobody subscribes to a room that has ended or to a system room', () => {
  const open = (over: Partial<Room>): boolean => isOpen(snapshotOf({ ...room, ...over }, streamUrl))
  assert.deepEqual(
    [open({}), open({ status: 0 }), open({ status: 2 }), open({ type: 1, status: 10 })],
    [true, true, false, false],
  )
})

test('a user is sent again the invites to him that are open, from here and from other rooms', () => {
  const snapshot = snapshotOf(
    { ...room, invites: [invite({}), invite({ inviteeUid: 'u1', eventId: '' })], noted: [noted] },
    streamUrl,
  )
  const times = { nowMs: 10_000, inviteTtlMs: 30_000 }
  assert.deepEqual(resentTo('u9', snapshot, times), [{ eventId: 'invited', writtenAfter: 1_000 }])
  assert.deepEqual(resentTo('u1', snapshot, times), [{ eventId: 'noted', writtenAfter: 2_000 }])
  assert.deepEqual(resentTo('u5', snapshot, times), [])
  assert.deepEqual(resentTo('u9', snapshot, { ...times, nowMs: 31_000 }), [])
})

test('the inviter of a session that lives, and nobody else, is sent the agreement again', () => {
  const sent = (uid: string, phase: string) =>
    resentTo(uid, snapshotOf({ ...room, session: session(phase) }, streamUrl), { nowMs: 2_000, inviteTtlMs: 1 })
  for (const phase of ['agreed', 'starting', 'mixed']) {
    assert.deepEqual(sent('u1', phase), [{ eventId: 'agreed', writtenAfter: 900 }])
    assert.deepEqual(sent('u2', phase), [])
  }
  assert.deepEqual(sent('u1', 'stopping'), [])
})
