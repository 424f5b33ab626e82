import type { PushData } from '../../services/edge/client/events.generated.ts'

const sessionId = '7c0e4b1f9a2d4e68b35f0a9c1d2e3f40'
const annsRoom = '0123456789abcdef'
const bobsRoom = 'fedcba9876543210'
const parties = { inviterUid: 'ann', inviterName: 'Ann', inviteeUid: 'bob', inviteeName: 'Bob' }
const types = { inviterType: 2, inviteeType: 2 }
const invite = { sessionId, ...parties, liveRoomId: annsRoom }
const closing = {
  sessionId,
  roomId: annsRoom,
  uid: 'ann',
  name: 'Ann',
  notifiedRoomId: bobsRoom,
  notifiedUid: 'bob',
  notifiedName: 'Bob',
}
const stream = { uid: 'ann', name: 'Ann', roomId: annsRoom }
const mixed = (room: string): string => `http://play.example.com/DemoApp/${room}_mix480`
const urls = { inviterMixPlayUrls: [mixed(annsRoom)], inviteeMixPlayUrls: [mixed(bobsRoom)] }

/** One example of `data` of each message: Ann and Bob, both broadcasting, co-host. */
export const pushExamples: PushData = {
  'cohost-invited': {
    sessionId,
    inviterUid: 'ann',
    inviterName: 'Ann',
    type: 'side_by_side',
    inviterType: 2,
    liveRoomId: annsRoom,
  },
  'cohost-agreed': {
    sessionId,
    inviteeUid: 'bob',
    inviteeName: 'Bob',
    inviteeRoomId: bobsRoom,
    inviterRoomId: annsRoom,
    inviteePlayUrl: `http://play.example.com/DemoApp/${bobsRoom}.flv?ali_flv_retain=0`,
    rtmpUrl: `rtmp://push.example.com/DemoApp/${annsRoom}?auth_key=…`,
    type: 'side_by_side',
    status: 1,
    ...types,
  },
  'cohost-refused': { sessionId, inviteeUid: 'bob', inviteeName: 'Bob', status: 2 },
  'cohost-ended': closing,
  'mix-succeeded': { sessionId, inviterRoomid: annsRoom, inviteeRoomid: bobsRoom, ...parties, ...urls, ...types },
  commented: { uid: 'carol', name: 'Carol', comment: 'hello' },
  liked: { uid: 'carol', name: 'Carol', count: 12 },
  'live-ended': { roomId: annsRoom },
  'stream-published': stream,
  'stream-interrupted': stream,
  'mix-failed': {
    sessionId,
    inviterRoomid: annsRoom,
    inviteeRoomid: bobsRoom,
    ...parties,
    ...types,
    code: 3404,
    message: 'NoSuchStream',
  },
  'mix-ended': closing,
  'mix-command-status': {
    mainMixRoomId: annsRoom,
    mixRoomId: bobsRoom,
    mixType: 'channel',
    mixTemplate: 'side_by_side',
    event: 'EventMix',
    message: '',
    code: 200,
    reason: 'Success',
  },
  'mix-available': { roomId: annsRoom, type: 2 },
  'request-rejected': {
    requestId: '5f2b8c0d4e6a7b9c1d3e5f7a9b0c2d4e',
    code: 3020,
    message: 'one of the rooms is in a session',
  },
  'invite-expired': invite,
  'invite-cancelled': invite,
  'viewer-count': { roomId: annsRoom, count: 3 },
  'room-state': {
    ...stream,
    status: 1,
    type: 2,
    isMixReady: true,
    isMixed: true,
    likes: 12,
    viewers: 3,
    session: {
      sessionId,
      state: 'mixed',
      type: 'side_by_side',
      ...parties,
      inviterRoomId: annsRoom,
      inviteeRoomId: bobsRoom,
      ...urls,
    },
  },
}
