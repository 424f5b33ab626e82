import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pushMessages } from '../../../schemas/events.ts'
import type { Liked, PushRecordName, Records, RoomState } from '../../../schemas/types.generated.ts'
import type { Line } from './line.ts'
import { encodeRoomState, lineOf, withCount, type MessageKind } from './wire.ts'

const kindOf = (name: PushRecordName): MessageKind => {
  const kind = pushMessages.find(({ record }) => record === name)
  assert.ok(kind)
  return kind
}

const line = (name: PushRecordName, record: Records[PushRecordName], pos = 17): Line => {
  const made = lineOf({ kind: kindOf(name), name, record, pos })
  assert.ok(made)
  return made
}

const logged = { eventId: 'e1', roomId: 'r1', occurredAt: 1_367_997_715_932 }
const decided = { ...logged, inputPos: 5, toUid: null, endReason: 'request', actor: 'u1' }
const toUser = { ...decided, toUid: 'u9' }
const parties = { inviterUid: 'u1', inviterName: 'Ann', inviteeUid: 'u2', inviteeName: 'Bo' }
const closing = {
  sessionId: 's1',
  closingRoomId: 'r1',
  uid: 'u1',
  name: 'Ann',
  notifiedRoomId: 'r2',
  notifiedUid: 'u2',
  notifiedName: 'Bo',
}
const closingOnWire = {
  sessionId: 's1',
  roomId: 'r1',
  uid: 'u1',
  name: 'Ann',
  notifiedRoomId: 'r2',
  notifiedUid: 'u2',
  notifiedName: 'Bo',
}
const refused = { ...toUser, sessionId: 's1', inviteeUid: 'u2', inviteeName: 'Bo', status: 2 }
const stream = { uid: 'u1', name: 'Ann', streamRoomId: 'r2' }
const mix = { sessionId: 's1', inviterRoomId: 'r1', inviteeRoomId: 'r2', ...parties, inviterType: 2, inviteeType: 2 }
const mixOnWire = {
  sessionId: 's1',
  inviterRoomid: 'r1',
  inviteeRoomid: 'r2',
  ...parties,
  inviterType: 2,
  inviteeType: 2,
}

/** Name, record, and what a client reads: type, weight, data. */
const cases: readonly (readonly [PushRecordName, Records[PushRecordName], number, number, object])[] = [
  [
    'CohostInvited',
    {
      ...toUser,
      expiresAt: 9,
      sessionId: 's1',
      inviterUid: 'u1',
      inviterName: 'Ann',
      type: 'side_by_side',
      inviterType: 2,
      liveRoomId: 'r7',
    },
    1,
    4,
    { sessionId: 's1', inviterUid: 'u1', inviterName: 'Ann', type: 'side_by_side', inviterType: 2, liveRoomId: 'r7' },
  ],
  [
    'CohostAgreed',
    {
      ...toUser,
      sessionId: 's1',
      inviteeUid: 'u2',
      inviteeName: 'Bo',
      inviteeRoomId: 'r2',
      inviterRoomId: 'r1',
      inviteePlayUrl: 'http://p/a/r2.flv?ali_flv_retain=0',
      rtmpUrl: 'rtmp://x/a/r1',
      type: 'side_by_side',
      status: 1,
      inviterType: 2,
      inviteeType: 1,
    },
    2,
    4,
    {
      sessionId: 's1',
      inviteeUid: 'u2',
      inviteeName: 'Bo',
      inviteeRoomId: 'r2',
      inviterRoomId: 'r1',
      inviteePlayUrl: 'http://p/a/r2.flv?ali_flv_retain=0',
      rtmpUrl: 'rtmp://x/a/r1',
      type: 'side_by_side',
      status: 1,
      inviterType: 2,
      inviteeType: 1,
    },
  ],
  ['CohostRefused', refused, 3, 4, { sessionId: 's1', inviteeUid: 'u2', inviteeName: 'Bo', status: 2 }],
  ['CohostEnded', { ...decided, ...closing }, 4, 5, closingOnWire],
  [
    'MixSucceeded',
    { ...decided, ...mix, inviterMixPlayUrls: ['http://p/a/r1_mix360'], inviteeMixPlayUrls: [] },
    5,
    5,
    { ...mixOnWire, inviterMixPlayUrls: ['http://p/a/r1_mix360'], inviteeMixPlayUrls: [] },
  ],
  [
    'Commented',
    { ...logged, uid: 'u1', name: 'Ann', comment: 'héllo "x"\n' },
    6,
    8,
    { uid: 'u1', name: 'Ann', comment: 'héllo "x"\n' },
  ],
  ['Liked', { ...logged, uid: 'u1', name: 'Ann', count: 1 }, 7, 9, { uid: 'u1', name: 'Ann' }],
  ['Liked', { ...logged, uid: 'u1', name: 'Ann', count: 3 }, 7, 9, { uid: 'u1', name: 'Ann', count: 3 }],
  ['LiveEnded', decided, 8, 5, { roomId: 'r1' }],
  ['StreamPublished', { ...decided, ...stream }, 9, 5, { uid: 'u1', name: 'Ann', roomId: 'r2' }],
  ['StreamInterrupted', { ...decided, ...stream }, 10, 5, { uid: 'u1', name: 'Ann', roomId: 'r2' }],
  ['MixFailed', { ...decided, ...mix, code: 3404, message: 'no' }, 14, 5, { ...mixOnWire, code: 3404, message: 'no' }],
  ['MixEnded', { ...decided, ...closing }, 15, 5, closingOnWire],
  [
    'MixCommandStatus',
    {
      ...decided,
      mainMixRoomId: 'r1',
      mixRoomId: 'r2',
      mixType: 'channel',
      mixTemplate: 'side_by_side',
      event: 'EventMix',
      message: '',
      code: 200,
      reason: 'Success',
    },
    16,
    5,
    {
      mainMixRoomId: 'r1',
      mixRoomId: 'r2',
      mixType: 'channel',
      mixTemplate: 'side_by_side',
      event: 'EventMix',
      message: '',
      code: 200,
      reason: 'Success',
    },
  ],
  ['MixAvailable', { ...decided, readyRoomId: 'r2', type: 1 }, 17, 5, { roomId: 'r2', type: 1 }],
  [
    'RequestRejected',
    { ...toUser, requestId: 'q1', code: 3020, message: 'busy' },
    100,
    4,
    { requestId: 'q1', code: 3020, message: 'busy' },
  ],
  [
    'InviteExpired',
    { ...toUser, sessionId: 's1', ...parties, liveRoomId: 'r7' },
    101,
    4,
    { sessionId: 's1', ...parties, liveRoomId: 'r7' },
  ],
  [
    'InviteCancelled',
    { ...toUser, sessionId: 's1', ...parties, liveRoomId: 'r7' },
    102,
    4,
    { sessionId: 's1', ...parties, liveRoomId: 'r7' },
  ],
]

for (const [name, record, type, weight, data] of cases) {
  test(`message ${type} (${name}) has on the wire exactly the fields of its contract`, () => {
    assert.deepEqual(JSON.parse(line(name, record).bytes.toString('utf8')), {
      type,
      time: 1_367_997_715_932,
      data,
      room: 'r1',
      weight,
      pos: 17,
      id: 'e1',
    })
  })
}

test('every message that comes by a lane is covered here', () => {
  const covered = new Set(cases.map(([name]) => name))
  const missing = pushMessages.filter(({ lane, record }) => lane !== 'edge' && !covered.has(record))
  assert.deepEqual(missing, [])
})

test('a line is one line, whatever a comment says', () => {
  const { bytes } = line('Commented', { ...logged, uid: 'u', name: 'n', comment: 'a\nb\r\n\u2028' })
  assert.equal(bytes.includes('\n'), false)
})

test('a line for one user is addressed to that user, any other to nobody in particular', () => {
  assert.equal(line('CohostRefused', refused).toUid, 'u9')
  assert.equal(line('LiveEnded', decided).toUid, null)
  assert.equal(line('Liked', { ...logged, uid: 'u', name: 'n', count: 1 }).toUid, null)
})

test('a message for one user that names none becomes no line at all', () => {
  for (const [name, record] of cases) {
    if (kindOf(name).audience !== 'user') continue
    assert.equal(lineOf({ kind: kindOf(name), name, record: { ...record, toUid: null }, pos: 0 }), undefined)
  }
})

test('an invite is too late from its expiry on, nothing else ever is', () => {
  for (const [name, record] of cases)
    assert.equal(line(name, record).expiresAt, name === 'CohostInvited' ? 9 : Infinity)
})

test('a like that stands for more says so, with the sum alone changed', () => {
  const record: Liked = { ...logged, uid: 'u1', name: 'Ann', count: 2 }
  const merged = withCount(kindOf('Liked'), line('Liked', record, 8), 2_500)
  const expected = { type: 7, time: logged.occurredAt, data: { uid: 'u1', name: 'Ann', count: 2_500 } }
  assert.deepEqual(JSON.parse(merged.bytes.toString()), { ...expected, room: 'r1', weight: 9, pos: 8, id: 'e1' })
})

test('message 104 has no position, says what it includes, and names the absence of a session', () => {
  const state: RoomState = {
    ...logged,
    uid: 'u1',
    name: 'Ann',
    status: 1,
    type: 2,
    isMixReady: true,
    isMixed: false,
    likes: 12,
    viewers: 3,
    session: null,
  }
  assert.deepEqual(JSON.parse(encodeRoomState(kindOf('RoomState'), state, { 4: 6, 5: 7 })), {
    type: 104,
    time: logged.occurredAt,
    data: {
      roomId: 'r1',
      uid: 'u1',
      name: 'Ann',
      status: 1,
      type: 2,
      isMixReady: true,
      isMixed: false,
      likes: 12,
      viewers: 3,
      session: null,
    },
    room: 'r1',
    weight: 5,
    id: 'e1',
    asOf: { 4: 6, 5: 7 },
  })
})
