import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { findMissingMediaTools } from '../../deploy/local/media-tools.ts'
import { createOwner } from '../../deploy/local/owner.ts'
import { createMediaAddresses } from '../../services/shared/media.ts'
import { startTestSource } from '../support/test-source.ts'
import { until } from '../support/until.ts'
import { app, setStage } from './mixer-sources.stage.ts'

const missing = await findMissingMediaTools()
const skip = missing.length > 0 && `not installed: ${missing.join(', ')}`

test('a broadcaster’s stream is published, available, and done when it ends', { skip }, async (t) => {
  const { push, expectWords, changes, sources } = await setStage(t)
  const source = push('roomA')
  await expectWords('roomA', ['publish', 'MixAvailable'])
  assert.ok(sources().isFlowing('roomA') && sources().isAvailable('roomA'))
  assert.deepEqual(sources().counts(), { published: 1, flowing: 1 })
  await source.stop()
  await expectWords('roomA', ['publish', 'MixAvailable', 'publish_done'])
  assert.ok(!sources().isFlowing('roomA') && !sources().isAvailable('roomA'))
  assert.deepEqual(changes, [
    { roomId: 'roomA', isFlowing: true },
    { roomId: 'roomA', isFlowing: false },
  ])
})

test('a broadcaster who is killed is done; who comes back is published and available again', { skip }, async (t) => {
  const { push, expectWords } = await setStage(t)
  const source = push('roomA')
  await expectWords('roomA', ['publish', 'MixAvailable'])
  await source.kill()
  await expectWords('roomA', ['publish', 'MixAvailable', 'publish_done'])
  push('roomA')
  await expectWords('roomA', ['publish', 'MixAvailable', 'publish_done', 'publish', 'MixAvailable'])
})

test(
  'frames that stay away for a while make a stream unavailable, and available again when they come',
  { skip },
  async (t) => {
    const { push, expectWords, sources } = await setStage(t)
    const source = push('roomA')
    await expectWords('roomA', ['publish', 'MixAvailable'])
    source.pause()
    await until('it flows no more', () => !sources().isFlowing('roomA'))
    source.resume()
    await expectWords('roomA', ['publish', 'MixAvailable', 'MixAvailable'])
    assert.ok(sources().isFlowing('roomA'))
  },
)

test('a broadcaster who falls silent flows no more, and is then dropped by the media server', { skip }, async (t) => {
  const { push, expectWords, changes } = await setStage(t)
  const source = push('roomA')
  await expectWords('roomA', ['publish', 'MixAvailable'])
  source.pause()
  await until('it flows no more', () => changes.length === 2)
  await expectWords('roomA', ['publish', 'MixAvailable'])
  await expectWords('roomA', ['publish', 'MixAvailable', 'publish_done'])
})

test('a stream without video is published, but never available', { skip }, async (t) => {
  const { media, push, expectWords, sources } = await setStage(t)
  const owner = createOwner()
  const tone = '-loglevel error -nostdin -re -f lavfi -i sine=frequency=440 -c:a aac -f flv'
  const audio = spawn('ffmpeg', [...tone.split(' '), media.sourceUrl('audioOnly')], { stdio: 'ignore' })
  t.after(() => {
    audio.kill('SIGKILL')
    owner.release()
  })
  assert.ok(audio.pid !== undefined)
  owner.add(audio.pid)
  await expectWords('audioOnly', ['publish'])
  // By the time in which a later one with video is available, the first would long be.
  push('roomA')
  await expectWords('roomA', ['publish', 'MixAvailable'])
  await expectWords('audioOnly', ['publish'])
  assert.deepEqual(sources().counts(), { published: 2, flowing: 1 })
})

test('a second broadcaster of a room is refused, and nothing is said of it', { skip }, async (t) => {
  const { push, expectWords, media, sources } = await setStage(t)
  push('roomA')
  await expectWords('roomA', ['publish', 'MixAvailable'])
  const second = startTestSource({ url: media.sourceUrl('roomA'), colour: 'blue', toneHz: 880 })
  t.after(second.kill)
  await second.ended
  push('roomB')
  await expectWords('roomB', ['publish', 'MixAvailable'])
  await expectWords('roomA', ['publish', 'MixAvailable'])
  assert.ok(sources().isAvailable('roomA'))
})

test('callbacks wait for an ingest that is away, and come in order', { skip }, async (t) => {
  const { push, expectWords, setAnswer, sources, words } = await setStage(t)
  setAnswer(503)
  const source = push('roomA')
  await until('it flows', () => sources().isFlowing('roomA'))
  await source.stop()
  await until('it is known to have ended', () => !sources().isFlowing('roomA'))
  assert.deepEqual(words(), [])
  setAnswer(200)
  await expectWords('roomA', ['publish', 'MixAvailable', 'publish_done'])
})

test('what happened while the mixer was away is made up for when it is back', { skip }, async (t) => {
  const { push, expectWords, close, open, sources } = await setStage(t)
  push('stays')
  const ends = push('ends')
  const returns = push('returns')
  for (const room of ['stays', 'ends', 'returns']) await expectWords(room, ['publish', 'MixAvailable'])
  await close()
  await Promise.all([ends.stop(), returns.stop()])
  // Without the mixer nobody may publish; this one tries until it is back.
  const tries = setInterval(() => {
    const again = push('returns')
    void again.ended
  }, 1_000)
  t.after(() => clearInterval(tries))
  await open()
  await expectWords('ends', ['publish', 'MixAvailable', 'publish_done'])
  await expectWords('returns', ['publish', 'MixAvailable', 'publish_done', 'publish', 'MixAvailable'])
  clearInterval(tries)
  // It flowed all the time: it is not published again, but said to be available, since its mix may need that.
  await expectWords('stays', ['publish', 'MixAvailable', 'MixAvailable'])
  assert.ok(sources().isAvailable('stays') && sources().isAvailable('returns') && !sources().isAvailable('ends'))
})

test('a mixer that comes back knows at once which streams flow', { skip }, async (t) => {
  const { push, expectWords, close, open, sources } = await setStage(t)
  push('roomA')
  await expectWords('roomA', ['publish', 'MixAvailable'])
  await close()
  await open()
  assert.ok(sources().isAvailable('roomA'))
})

test('what ingest has not taken when the mixer ends is told by the next one', { skip }, async (t) => {
  const { push, expectWords, setAnswer, close, open, sources } = await setStage(t)
  const ends = push('ends')
  await expectWords('ends', ['publish', 'MixAvailable'])
  setAnswer(503)
  push('begins')
  await ends.stop()
  await until('both are known', () => sources().isFlowing('begins') && !sources().isFlowing('ends'))
  await close()
  setAnswer(200)
  await open()
  await expectWords('ends', ['publish', 'MixAvailable', 'publish_done'])
  await expectWords('begins', ['publish', 'MixAvailable'])
})

test('a media server that dies takes all streams with it, and they come back with it', { skip }, async (t) => {
  const { media, push, expectWords, changes } = await setStage(t)
  push('roomA')
  await expectWords('roomA', ['publish', 'MixAvailable'])
  await media.restart('SIGKILL')
  await expectWords('roomA', ['publish', 'MixAvailable', 'publish_done'])
  assert.deepEqual(changes.at(-1), { roomId: 'roomA', isFlowing: false })
  push('roomA')
  await expectWords('roomA', ['publish', 'MixAvailable', 'publish_done', 'publish', 'MixAvailable'])
})

test('a media server that stays away is taken for one without streams', { skip }, async (t) => {
  const { media, push, expectWords, sources } = await setStage(t)
  push('roomA')
  await expectWords('roomA', ['publish', 'MixAvailable'])
  process.kill(media.pid(), 'SIGSTOP')
  try {
    await until('nothing flows', () => !sources().isFlowing('roomA'))
    await expectWords('roomA', ['publish', 'MixAvailable', 'publish_done'])
  } finally {
    process.kill(media.pid(), 'SIGCONT')
  }
})

test('only the auth_key of ingest’s push address lets a broadcaster in', { skip }, async (t) => {
  const { push, expectWords, words, media } = await setStage(t, { key: 'secret-key' })
  const addresses = createMediaAddresses({
    pushHost: 'push.example',
    playHost: 'play.example',
    app,
    authKey: 'secret-key',
    mixSuffix: '_mix',
  })
  const queryOf = (room: string): string => new URL(addresses.pushUrl(room, Date.now())).search
  const refused = [
    push('roomA'),
    push('roomA', queryOf('roomB')),
    push('roomA', `${queryOf('roomA')}0`),
    push('roomA_mix'),
  ]
  for (const source of refused) assert.match((await source.ended).how, /exit code [1-9]/)
  assert.deepEqual(words(), [])
  push('roomA', queryOf('roomA'))
  await expectWords('roomA', ['publish', 'MixAvailable'])
  assert.ok(!(await media.readLog()).includes('auth_key'))
})
