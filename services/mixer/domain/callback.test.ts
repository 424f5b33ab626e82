import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestOf, retryDelayMs } from './callback.ts'

const place = { pushHost: 'push.example', playHost: 'play.example', app: 'Demo' }
const atMs = 1_700_000_000_999

test('a stream callback names the action and the room, and is signed for the push host', () => {
  assert.deepEqual(requestOf({ kind: 'stream', action: 'publish_done', roomId: 'roomA' }, place, atMs), {
    path: '/ali/stream/notify',
    domain: 'push.example',
    query: { action: 'publish_done', id: 'roomA', app: 'push.example', appname: 'Demo', time: '1700000000' },
  })
})

test('an availability callback names the stream, and is signed for the play host', () => {
  assert.deepEqual(requestOf({ kind: 'availability', roomId: 'roomA' }, place, atMs), {
    path: '/ali/mix/availability/notify',
    domain: 'play.example',
    query: { Domain: 'play.example', App: 'Demo', Stream: 'roomA', Event: 'MixAvailable', time: '1700000000' },
  })
})

test('a status callback names both streams, what happened and why; an endless message is cut', () => {
  const request = requestOf(
    {
      kind: 'status',
      roomId: 'roomA',
      mixRoomId: 'roomB',
      mixType: 'channel',
      mixTemplate: 'side_by_side',
      event: 'EventMix',
      code: 'MixStreamNotExist',
      message: 'm'.repeat(5_000),
    },
    place,
    atMs,
  )
  assert.deepEqual(request, {
    path: '/ali/mix/status/notify',
    domain: 'play.example',
    query: {
      MainMixDomain: 'play.example',
      MainMixApp: 'Demo',
      MainMixStream: 'roomA',
      MixDomain: 'play.example',
      MixApp: 'Demo',
      MixStream: 'roomB',
      MixType: 'channel',
      MixTemplate: 'side_by_side',
      Event: 'EventMix',
      Code: 'MixStreamNotExist',
      Message: 'm'.repeat(1_000),
      time: '1700000000',
    },
  })
})

test('retries come later and later, from 0.1 s to 5 s', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 100].map((attempts) => retryDelayMs(attempts)),
    [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000],
  )
})
