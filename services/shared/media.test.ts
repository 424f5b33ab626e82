import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMediaAddresses } from './media.ts'

const settings = {
  pushHost: 'push.example',
  playHost: 'play.example',
  app: 'Demo',
  authKey: undefined,
  mixSuffix: '_mix',
}

test('a push address is signed with the key and expires 24 hours later', () => {
  const media = createMediaAddresses({ ...settings, authKey: 'k' })
  // md5 of /Demo/r1-86401-0-0-k, computed with md5sum
  assert.equal(
    media.pushUrl('r1', 1999),
    'rtmp://push.example/Demo/r1?auth_key=86401-0-0-c415e5cf8dd6122f40ec0b3ee749e6f3',
  )
})

test('without a key a push address carries none', () => {
  assert.equal(createMediaAddresses(settings).pushUrl('r1', 0), 'rtmp://push.example/Demo/r1')
})

test('the audience plays the transcoded stream, co-hosts the short-delay one', () => {
  const media = createMediaAddresses(settings)
  assert.equal(media.playUrl('r1'), 'http://play.example/Demo/r1_mix.flv')
  assert.equal(media.m3u8PlayUrl('r1'), 'http://play.example/Demo/r1_mix.m3u8')
  assert.equal(media.rtmpPlayUrl('r1'), 'rtmp://play.example/Demo/r1_mix')
  assert.equal(media.shortDelayUrl('r1'), 'http://play.example/Demo/r1.flv?ali_flv_retain=0')
  assert.equal(media.streamUrl('r1_mix360'), 'http://play.example/Demo/r1_mix360')
})

test('RTMP play addresses alone can have a host of their own', () => {
  const media = createMediaAddresses({ ...settings, rtmpPlayHost: 'rtmp.example:1936' })
  assert.equal(media.rtmpPlayUrl('r1'), 'rtmp://rtmp.example:1936/Demo/r1_mix')
  assert.equal(media.playUrl('r1'), 'http://play.example/Demo/r1_mix.flv')
  assert.equal(media.m3u8PlayUrl('r1'), 'http://play.example/Demo/r1_mix.m3u8')
  assert.equal(media.shortDelayUrl('r1'), 'http://play.example/Demo/r1.flv?ali_flv_retain=0')
  assert.equal(media.streamUrl('r1_mix'), 'http://play.example/Demo/r1_mix')
})

test('one trailing suffix is taken off a stream name, and no more', () => {
  const { roomOf } = createMediaAddresses(settings)
  assert.deepEqual(['r1', 'r1_mix', 'r1_mix_mix', '_mix'].map(roomOf), ['r1', 'r1', 'r1_mix', '_mix'])
})
