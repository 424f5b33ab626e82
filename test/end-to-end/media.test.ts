// runs alone: encoding takes the processor
// deadline: 300 s
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { findMissingMediaTools } from '../../deploy/local/media-tools.ts'
import { findProcess, isAlive } from '../../deploy/local/processes.ts'
import { findChildren } from '../support/child-processes.ts'
import { grabPicture } from '../support/media-player.ts'
import { halvesOf, hasTones, lacksTones, showsHalf, showsMix, showsOne } from '../support/mixed-picture.ts'
import type { Template } from '../support/mixed-picture.ts'
import { differenceIn } from '../support/picture.ts'
import type { ColourName, Picture } from '../support/picture.ts'
import * as push from '../support/push-patterns.ts'
import type { Party, SessionFacts } from '../support/push-patterns.ts'
import { ok, openScene } from '../support/scene.ts'
import type { Broadcaster, Scene } from '../support/scene.ts'
import { startTestSystem } from '../support/system.ts'
import type { TestSystem } from '../support/system.ts'
import { startTestSource } from '../support/test-source.ts'
import type { TestSource } from '../support/test-source.ts'
import { toneStrength } from '../support/tones.ts'
import { until } from '../support/until.ts'
import { waitForPicture, waitForPictures, waitForSound } from '../support/wait-for-media.ts'

const missing = await findMissingMediaTools()
const skip = missing.length > 0 && `not installed: ${missing.join(', ')}`

const keys = { MEDIA_AUTH_KEY: 'a-key-of-the-video-cloud', ALI_CALLBACK_KEY: 'a-key-of-its-callbacks' }
const anyPorts = { MEDIA_RTMP_PORT: '0', MEDIA_MIX_PORT: '0', MEDIA_HTTP_PORT: '0', MIXER_MEDIA_PORT: '0' }
/** A picture takes some seconds on its way, more on a busy machine. */
const pictureMs = 45_000

let system: TestSystem | undefined
const running = (): TestSystem => {
  assert.ok(system !== undefined)
  return system
}
before(async () => {
  if (skip !== false) return
  system = await startTestSystem({
    base: process.env,
    env: { MIXER_ADAPTER: 'ffmpeg', LOG_LEVEL: 'debug', ...anyPorts, ...keys },
  })
})
after(() => system?.stop())

/** Where somebody's picture and sound come from. */
type Signal = { readonly colour: ColourName; readonly toneHz: number }
const red: Signal = { colour: 'red', toneHz: 440 }
const blue: Signal = { colour: 'blue', toneHz: 880 }

const startSource = (t: TestContext, url: string, signal: Signal): TestSource => {
  const source = startTestSource({ url, ...signal })
  t.after(() => source.kill())
  return source
}

const mediaOf = ({ live }: Broadcaster): push.Media => ({ ...push.mediaOf(live), mixEndings: ['_mix'] })

/** The invite of one broadcaster by another, and the agreement; resolves to the session. */
const pair = async (scene: Scene, a: Broadcaster, b: Broadcaster, template: Template): Promise<SessionFacts> => {
  const { app } = running()
  const people = { inviterUid: a.uid, inviterName: a.name, inviteeUid: b.uid, inviteeName: b.name }
  const rooms = { liveRoomId: a.roomId, inviteeRoomId: b.roomId }
  const invite = ok(await app.invite({ ...people, ...rooms, type: template, inviterType: 2 }))
  const sessionId = String(invite.data['sessionId'])
  const session = { sessionId, inviter: a, invitee: b, template, media: mediaOf(a) }
  b.watcher.expect(push.invited(session, a.roomId))
  await scene.settled()
  a.watcher.expect(push.agreed(session))
  ok(await app.feedback({ inviterUid: a.uid, inviteeUid: b.uid, liveRoomId: a.roomId, status: 1 }))
  return session
}

/** What is said of a mix's content. */
const said = (
  main: Party,
  other: Party,
  template: Template,
  event: 'EventMix' | 'EventMixStop',
  reason: 'Success' | 'MainStreamNotExist' | 'MixStreamNotExist' | 'InternalError' = 'Success',
): push.PushPattern => {
  const code = { Success: 200, MainStreamNotExist: 3404, MixStreamNotExist: 3404, InternalError: 3500 }[reason]
  const pairOf = { main: main.roomId, mix: other.roomId, template }
  return push.mixStatus({ ...pairOf, event, code, message: reason === 'Success' ? '' : /./, reason })
}
const bothSaid = (a: Party, b: Party, template: Template, event: 'EventMix' | 'EventMixStop') => [
  said(a, b, template, event),
  said(b, a, template, event),
]

/** The streams that are played at the address in which the mixes of message 5 are. */
const mixUrl = ({ watcher, roomId }: Broadcaster): string => {
  const succeeded = watcher.client.messages().find(({ type }) => type === 5)
  const lists = [succeeded?.data['inviterMixPlayUrls'], succeeded?.data['inviteeMixPlayUrls']]
  const url = lists.flat().find((each) => typeof each === 'string' && each.includes(roomId))
  assert.ok(typeof url === 'string', 'message 5 has a play URL of the room')
  return url
}

const isMoving = ([first, second]: readonly Picture[], bar: (typeof halvesOf)[Template]['main']['bar']): boolean =>
  first !== undefined && second !== undefined && differenceIn(bar, first, second) > 5

/** The stream shows both, each at its place, and both move. */
const awaitMix = (url: string, template: Template, main: Signal, other: Signal) =>
  waitForPictures({
    url,
    what: `${main.colour} and ${other.colour} live, ${template}`,
    isIt: (pictures) =>
      pictures.every((one) => showsMix(one, { template, main: main.colour, other: other.colour })) &&
      isMoving(pictures, halvesOf[template].main.bar) &&
      isMoving(pictures, halvesOf[template].other.bar),
    deadlineMs: pictureMs,
  })

const awaitOwnPicture = (url: string, { colour }: Signal) =>
  waitForPicture({ url, what: `${colour} alone`, isIt: (one) => showsOne(one, colour), deadlineMs: pictureMs })

const describeTones = (sound: Parameters<typeof toneStrength>[0]): string =>
  [440, 880].map((toneHz) => `${toneHz} Hz ${toneStrength(sound, toneHz).toFixed(3)}`).join(', ')

const awaitBothTones = (url: string) =>
  waitForSound({
    url,
    what: 'both tones',
    isIt: (sound) => hasTones(sound, red.toneHz, blue.toneHz) && lacksTones(sound, 660),
    describe: describeTones,
    deadlineMs: pictureMs,
  })

/** How long after the last MixAvailable the mix was decided, and its first frame with both published; by the times of the messages. */
const timesOf = ({ watcher, roomId }: Broadcaster): string => {
  const messages = watcher.client.messages()
  const available = messages.findLast(({ type }) => type === 17)?.time ?? NaN
  const succeeded = messages.find(({ type }) => type === 5)?.time ?? NaN
  const shown = messages.find(({ type, data }) => type === 16 && data['mainMixRoomId'] === roomId)?.time ?? NaN
  return `after the second MixAvailable: push 5 ${succeeded - available} ms, first mixed frame ${shown - available} ms`
}

/** What a newcomer is told of a room. */
const isMixReady = async ({ roomId }: Broadcaster): Promise<boolean> => {
  const client = await running().join('somebody', roomId)
  const { data } = await client.waitForPush(104)
  await client.close()
  return data['isMixReady'] === true
}

type Duet = {
  readonly alice: Broadcaster
  readonly bob: Broadcaster
  readonly session: SessionFacts
  readonly sources: { readonly alice: TestSource; readonly bob: TestSource }
}

/** Two who broadcast and are mixed: red and 440 Hz, blue and 880 Hz. Both push before they pair: the start follows the agreement. */
const openDuet = async (t: TestContext, scene: Scene, template: Template): Promise<Duet> => {
  const alice = await scene.broadcaster('Alice')
  const bob = await scene.broadcaster('Bob')
  for (const one of [alice, bob]) scene.expectIn([one], push.published(one))
  const sources = { alice: startSource(t, alice.live.rtmpUrl, red), bob: startSource(t, bob.live.rtmpUrl, blue) }
  await scene.settled()
  await until('both streams can be mixed', async () => (await isMixReady(alice)) && (await isMixReady(bob)))
  const session = await pair(scene, alice, bob, template)
  scene.expectIn([alice, bob], push.mixSucceeded(session), ...bothSaid(alice, bob, template, 'EventMix'))
  await scene.settled(pictureMs)
  return { alice, bob, session, sources }
}

/** Bob ends the co-hosting. */
const part = async (
  scene: Scene,
  { alice, bob, session }: Omit<Duet, 'sources'>,
  template: Template,
): Promise<void> => {
  scene.expectIn([alice, bob], push.cohostEnded(session.sessionId, bob, alice))
  scene.expectIn([alice, bob], ...bothSaid(alice, bob, template, 'EventMixStop'))
  scene.expectIn([alice, bob], push.mixEnded(session.sessionId, bob, alice))
  ok(await running().app.close({ closeRoomId: bob.roomId, notifiedRoomId: alice.roomId }))
  await scene.settled()
}

/** The end of everything; whoever pushes is told off the air by the end of the live, so the sources are ended first. */
const endAll = async (scene: Scene, lives: readonly Broadcaster[], sources: readonly TestSource[]): Promise<void> => {
  for (const live of lives) scene.expectIn([live], push.interrupted(live))
  await Promise.all(sources.map((source) => source.stop()))
  await scene.settled()
  await scene.end()
}

test('two broadcasters push, are seen and heard side by side in both rooms, and part', { skip }, async (t) => {
  const template = 'side_by_side'
  const scene = openScene(t, running())
  const alice = await scene.broadcaster('Alice')
  const bob = await scene.broadcaster('Bob')
  await scene.viewer('Carol', alice)
  const session = await pair(scene, alice, bob, template)
  await scene.settled()

  // Somebody who makes up a key is turned away, and nobody hears of it.
  const forged = startSource(
    t,
    alice.live.rtmpUrl.replace(/.$/, (end) => (end === '0' ? '1' : '0')),
    blue,
  )
  await until('the made-up key is refused', () => !forged.isRunning())
  assert.notEqual((await forged.ended).how, 'exit code 0')

  scene.expectIn([alice, bob], push.published(alice))
  scene.expectIn([alice, bob], push.mixAvailable(alice))
  const aliceSource = startSource(t, alice.live.rtmpUrl, red)
  await scene.settled()
  // Before there is a mix, its address shows the room's own picture.
  await awaitOwnPicture(alice.live.m3u8PlayUrl, red)

  scene.expectIn([alice, bob], push.published(bob))
  scene.expectIn([alice, bob], push.mixAvailable(bob))
  scene.expectIn([alice, bob], push.mixSucceeded(session), ...bothSaid(alice, bob, template, 'EventMix'))
  const bobSource = startSource(t, bob.live.rtmpUrl, blue)
  await scene.settled(pictureMs)

  t.diagnostic(timesOf(alice))
  await awaitMix(mixUrl(alice), template, red, blue)
  await awaitMix(alice.live.rtmpPlayUrl, template, red, blue)
  await awaitMix(bob.live.m3u8PlayUrl, template, blue, red)
  await awaitBothTones(mixUrl(bob))
  await awaitBothTones(alice.live.rtmpPlayUrl)

  await part(scene, { alice, bob, session }, template)
  const isGone = async ({ live }: Broadcaster): Promise<boolean> =>
    grabPicture({ url: live.rtmpPlayUrl }).then(
      () => false,
      (error: unknown) => /No such stream/.test(String(error)),
    )
  await until('the mixes are off the air', async () => (await isGone(alice)) && (await isGone(bob)), pictureMs)
  await awaitOwnPicture(alice.live.m3u8PlayUrl, red)
  await awaitOwnPicture(mixUrl(bob), blue)
  await endAll(scene, [alice, bob], [aliceSource, bobSource])
})

test('a source that is cut leaves half a picture, and is back in it when it pushes again', { skip }, async (t) => {
  const template = 'picture_in_picture'
  const scene = openScene(t, running())
  const { alice, bob, session, sources } = await openDuet(t, scene, template)
  await awaitMix(mixUrl(alice), template, red, blue)

  const lost = [
    said(alice, bob, template, 'EventMix', 'MixStreamNotExist'),
    said(bob, alice, template, 'EventMix', 'MainStreamNotExist'),
  ]
  scene.expectIn([alice, bob], push.interrupted(bob), ...lost)
  await sources.bob.kill()
  await scene.settled()
  const half = (main: Signal, half: 'main' | 'other') => (pictures: readonly Picture[]) =>
    isMoving(pictures, halvesOf[template][half].bar) &&
    pictures.every((one) => showsHalf(one, template, half, main.colour)) &&
    pictures.every((one) => showsHalf(one, template, half === 'main' ? 'other' : 'main', 'black'))
  await waitForPictures({ url: mixUrl(alice), what: 'red goes on', isIt: half(red, 'main'), deadlineMs: pictureMs })
  await waitForPictures({ url: mixUrl(bob), what: 'red goes on', isIt: half(red, 'other'), deadlineMs: pictureMs })

  scene.expectIn([alice, bob], push.published(bob))
  scene.expectIn([alice, bob], push.mixAvailable(bob), ...bothSaid(alice, bob, template, 'EventMix'))
  const again = startSource(t, bob.live.rtmpUrl, blue)
  await scene.settled(pictureMs)
  await awaitMix(mixUrl(alice), template, red, blue)
  await awaitMix(mixUrl(bob), template, blue, red)

  await part(scene, { alice, bob, session }, template)
  await endAll(scene, [alice, bob], [sources.alice, again])
})

test('a stall that the media server bears is told, and over when the frames come again', { skip }, async (t) => {
  const template = 'side_by_side'
  const scene = openScene(t, running())
  const { alice, bob, session, sources } = await openDuet(t, scene, template)
  const from = alice.watcher.client.lines.length
  scene.expectIn(
    [alice, bob],
    said(alice, bob, template, 'EventMix', 'MixStreamNotExist'),
    said(bob, alice, template, 'EventMix', 'MainStreamNotExist'),
  )
  scene.expectIn([alice, bob], push.mixAvailable(bob), ...bothSaid(alice, bob, template, 'EventMix'))
  sources.bob.pause()
  // It has to go on before the media server drops it, five seconds after its last frame.
  await alice.watcher.client.waitForPush(({ type }) => type === 16, { from })
  sources.bob.resume()
  await scene.settled(pictureMs)
  await awaitMix(mixUrl(alice), template, red, blue)
  await part(scene, { alice, bob, session }, template)
  await endAll(scene, [alice, bob], [sources.alice, sources.bob])
})

test(
  'a viewer who co-hosts pushes to where a message told, and is in the broadcaster’s picture',
  { skip },
  async (t) => {
    const template = 'picture_in_picture'
    const { app } = running()
    const scene = openScene(t, running())
    const alice = await scene.broadcaster('Alice')
    const carol = await scene.viewer('Carol', alice)
    scene.expectIn([alice], push.published(alice))
    const aliceSource = startSource(t, alice.live.rtmpUrl, red)
    await scene.settled()
    await until('Alice’s stream can be mixed', () => isMixReady(alice))

    const people = { inviterUid: carol.uid, inviterName: carol.name, inviteeUid: alice.uid, inviteeName: alice.name }
    const invite = ok(await app.invite({ ...people, liveRoomId: alice.roomId, type: template, inviterType: 1 }))
    const sessionId = String(invite.data['sessionId'])
    const partyOf = (roomId: string): Party => ({ uid: carol.uid, name: carol.name, roomId, type: 1 })
    const unknown = { sessionId, inviter: partyOf(''), invitee: alice, template, media: mediaOf(alice) }
    alice.watcher.expect(push.invited(unknown, alice.roomId))
    await scene.settled()
    const { inviterUid, inviteeUid } = people
    const answer = ok(await app.feedback({ inviterUid, inviteeUid, liveRoomId: alice.roomId, status: 1 }))
    const guest = partyOf(String(answer.data['inviterRoomId']))
    const session = { ...unknown, inviter: guest }
    carol.watcher.expect(push.agreed(session))
    await scene.settled()

    scene.expectIn([alice], push.published(guest))
    scene.expectIn([alice], push.mixAvailable(guest))
    scene.expectIn([alice], push.mixSucceeded(session), said(alice, guest, template, 'EventMix'))
    const agreed = carol.watcher.client.messages().find(({ type }) => type === 2)
    const carolSource = startSource(t, String(agreed?.data['rtmpUrl']), blue)
    await scene.settled(pictureMs)
    await awaitMix(mixUrl(alice), template, red, blue)
    await awaitBothTones(mixUrl(alice))

    scene.expectIn([alice], push.cohostEnded(sessionId, alice, guest))
    scene.expectIn([alice], said(alice, guest, template, 'EventMixStop'))
    scene.expectIn([alice], push.mixEnded(sessionId, alice, guest))
    ok(await app.close({ closeRoomId: alice.roomId, notifiedRoomId: String(guest.roomId) }))
    await scene.settled()
    // The guest's room has gone with the session: the end of its stream concerns nobody.
    await carolSource.stop()
    await awaitOwnPicture(mixUrl(alice), red)
    await endAll(scene, [alice], [aliceSource])
  },
)

test(
  'a mixer that is killed leaves no process behind, and the mix comes back without a second 5',
  { skip },
  async (t) => {
    const template = 'side_by_side'
    const scene = openScene(t, running())
    const { alice, bob, session, sources } = await openDuet(t, scene, template)
    const mixer = await findProcess(running().dataDir, 'mixer')
    const encoders = await findChildren(mixer?.pid ?? 0)
    assert.ok(process.platform !== 'linux' || encoders.length >= 6, 'two mixes have two readers and an encoder each')

    const failed = [
      said(alice, bob, template, 'EventMix', 'InternalError'),
      said(bob, alice, template, 'EventMix', 'InternalError'),
    ]
    scene.expectIn([alice, bob], ...failed, ...bothSaid(alice, bob, template, 'EventMix'))
    const restarted = running().restart('mixer', { signal: 'SIGKILL' })
    const isOver = async (): Promise<boolean> => !(await Promise.all(encoders.map(isAlive))).includes(true)
    await until('none of the former mixer’s processes runs', isOver)
    await restarted
    await scene.settled(90_000)
    await awaitMix(mixUrl(alice), template, red, blue)
    await awaitMix(mixUrl(bob), template, blue, red)
    await part(scene, { alice, bob, session }, template)
    await endAll(scene, [alice, bob], [sources.alice, sources.bob])
  },
)

test('no log has a key, not even at the most talkative level', { skip }, async () => {
  const { dataDir, environment, readLogs } = running()
  const logs = new Map(await readLogs())
  for (const file of await readdir(join(dataDir, 'media'), { recursive: true, withFileTypes: true }))
    if (/\.log$|\.conf$/.test(file.name)) {
      logs.set(`media/${file.name}`, await readFile(join(file.parentPath, file.name), 'utf8'))
    }
  // The media server's own may be empty: when nothing is wrong it says nothing.
  for (const name of ['ingest', 'state-machine', 'mixer', 'edge', 'media/nginx.conf'])
    assert.notEqual(logs.get(name) ?? '', '', `${name} has a log`)
  const secrets = [...Object.values(keys), environment.ingestApiKey, environment.edgeJwtSecret ?? '']
  for (const [name, log] of logs) {
    assert.ok(!/auth_key=\d/.test(log), `the log of ${name} has a push address’s key`)
    assert.ok(!secrets.some((secret) => secret !== '' && log.includes(secret)), `the log of ${name} has a secret`)
  }
})
