// deadline: 240 s
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as push from '../support/push-patterns.ts'
import { ok, openScene } from '../support/scene.ts'
import type { Broadcaster, Scene } from '../support/scene.ts'
import { sendCallback, signCallback } from '../support/signed-callback.ts'
import type { SignedCallback } from '../support/signed-callback.ts'
import { startTestSystem } from '../support/system.ts'
import type { TestSystem } from '../support/system.ts'
import { until } from '../support/until.ts'

const key = 'the key of the callbacks'
const template = 'side_by_side'
const second = 1_000
let system: TestSystem

before(async () => {
  system = await startTestSystem({ base: process.env, env: { ALI_CALLBACK_KEY: key } })
})
after(() => system?.stop())

/**
 * Signs callbacks one second apart, beginning two minutes ago, all of them within the window; keeps everything that was sent, as
 * somebody who listens would.
 */
const openCloud = () => {
  const captured: SignedCallback[] = []
  let signedAt = Date.now() - 120 * second
  const say = async (path: string, query: Record<string, string>): Promise<SignedCallback> => {
    signedAt += second
    const callback = signCallback({ ingestUrl: system.environment.ingestUrl, path, query, key, signedAt })
    captured.push(callback)
    await sendAgain([callback], 5)
    return callback
  }
  return {
    captured,
    stream: (action: 'publish' | 'publish_done', { roomId }: Broadcaster) =>
      say('/ali/stream/notify', { action, id: roomId }),
    available: ({ roomId }: Broadcaster) =>
      say('/ali/mix/availability/notify', { Stream: roomId, Event: 'MixAvailable' }),
    status: (main: Broadcaster, mix: Broadcaster, code: string) =>
      say('/ali/mix/status/notify', {
        MainMixStream: main.roomId,
        MixStream: mix.roomId,
        MixType: 'channel',
        MixTemplate: template,
        Event: 'EventMix',
        Code: code,
      }),
  }
}

/** Each callback so many times, half of them at once; ingest takes them all. */
const sendAgain = async (callbacks: readonly SignedCallback[], times: number): Promise<void> => {
  for (let sent = 0; sent < times; sent++) {
    const sending = Promise.all(callbacks.map(sendCallback))
    for (const callback of sent % 2 === 0 ? callbacks.toReversed() : []) assert.equal(await sendCallback(callback), 200)
    assert.ok((await sending).every((status) => status === 200))
  }
}

/** What the simulated cloud says of a picture is told apart from what it said before by the second in which it says it. */
const anotherSecond = (): Promise<void> => {
  const now = (): number => Math.floor(Date.now() / second)
  const then = now()
  return until('another second has begun', async () => now() > then)
}

const agree = async (scene: Scene, alice: Broadcaster, bob: Broadcaster): Promise<string> => {
  const pair = { inviterUid: alice.uid, inviteeUid: bob.uid, liveRoomId: alice.roomId }
  const invite = { ...pair, inviteeRoomId: bob.roomId, type: template, inviterType: 2 }
  const sessionId = String(ok(await system.app.invite(invite)).data['sessionId'])
  const session = { sessionId, inviter: alice, invitee: bob, template, media: push.mediaOf(alice.live) }
  bob.watcher.expect(push.invited(session, alice.roomId))
  alice.watcher.expect(push.agreed(session))
  ok(await system.app.feedback({ ...pair, status: 1 }))
  await scene.settled()
  return sessionId
}

test('signed callbacks that are sent again, at once, late and out of order, push nothing again', async (t) => {
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  const bob = await scene.broadcaster('Bob')
  const both = [alice, bob]
  const sessionId = await agree(scene, alice, bob)
  const session = { sessionId, inviter: alice, invitee: bob, template, media: push.mediaOf(alice.live) }
  const cloud = openCloud()
  /** What is said of the mix of alice's stream. */
  const told = (event: 'EventMix' | 'EventMixStop', [main, mix] = both, changed = {}) =>
    push.mixStatus({ main: main?.roomId ?? '', mix: mix?.roomId ?? '', template, event, ...changed })
  const pictures = (event: 'EventMix' | 'EventMixStop') => [told(event), told(event, both.toReversed())]
  const lost = (code: string) => ({ code: 3404, message: code, reason: code })

  for (const who of both) {
    scene.expectIn(both, push.published(who))
    await cloud.stream('publish', who)
    await scene.settled()
  }
  scene.expectIn(both, push.mixAvailable(alice))
  await cloud.available(alice)
  await scene.settled()
  scene.expectIn(both, push.mixAvailable(bob))
  scene.expectIn(both, push.mixSucceeded(session), ...pictures('EventMix'))
  await cloud.available(bob)
  await scene.settled()

  await sendAgain(cloud.captured, 2)

  scene.expectIn(both, told('EventMix', both, lost('MixStreamNotExist')))
  await cloud.status(alice, bob, 'MixStreamNotExist')
  await scene.settled()

  // Alice's stream breaks. What was said before must not bring it back, nor make it fit for a mix.
  scene.expectIn(both, push.interrupted(alice))
  await cloud.stream('publish_done', alice)
  await scene.settled()
  await sendAgain(cloud.captured, 2)

  scene.expectIn(both, push.published(alice))
  await cloud.stream('publish', alice)
  await scene.settled()
  await sendAgain(cloud.captured, 2)
  await anotherSecond()
  scene.expectIn(both, push.mixAvailable(alice))
  scene.expectIn(both, told('EventMix'))
  await cloud.available(alice)
  await scene.settled()
  await sendAgain(cloud.captured, 2)

  // The cloud loses the main stream for a moment. What it said of that must not break the mix once more.
  scene.expectIn(both, told('EventMix', both, lost('MainStreamNotExist')))
  await cloud.status(alice, bob, 'MainStreamNotExist')
  await scene.settled()
  await sendAgain(cloud.captured, 1)
  await anotherSecond()
  scene.expectIn(both, push.mixAvailable(alice))
  scene.expectIn(both, told('EventMix'))
  await cloud.available(alice)
  await scene.settled()
  await sendAgain(cloud.captured, 2)

  scene.expectIn(both, push.cohostEnded(sessionId, bob, alice))
  scene.expectIn(both, ...pictures('EventMixStop'))
  scene.expectIn(both, push.mixEnded(sessionId, bob, alice))
  ok(await system.app.close({ closeRoomId: bob.roomId, notifiedRoomId: alice.roomId }))
  await scene.settled()
  await sendAgain(cloud.captured, 1)
  await scene.end()

  // neither ended rooms nor rooms that nobody knows mind
  await sendAgain(cloud.captured, 1)
})
