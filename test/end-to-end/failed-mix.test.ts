// deadline: 240 s
import { after, before, test } from 'node:test'
import { untilCommandsAreCommitted } from '../support/mix-commands.ts'
import * as push from '../support/push-patterns.ts'
import type { SessionFacts } from '../support/push-patterns.ts'
import { ok, openScene } from '../support/scene.ts'
import type { Broadcaster, Scene } from '../support/scene.ts'
import { startTestSystem } from '../support/system.ts'
import type { TestSystem } from '../support/system.ts'

const template = 'side_by_side'
let system: TestSystem

before(async () => {
  system = await startTestSystem({
    base: process.env,
    env: { MIXER_SIMULATED_FAIL: 'start:InvalidArgument', MIX_TIMEOUT_MS: '12000' },
  })
})
after(() => system?.stop())

/** Two broadcasters who agreed; at the last MixAvailable the start of their mix fails with that code. */
const failToMix = async (scene: Scene, alice: Broadcaster, bob: Broadcaster, code: number): Promise<SessionFacts> => {
  const answer = ok(
    await system.app.invite({
      inviterUid: alice.uid,
      inviteeUid: bob.uid,
      liveRoomId: alice.roomId,
      inviteeRoomId: bob.roomId,
      type: template,
      inviterType: 2,
    }),
  )
  const session: SessionFacts = {
    sessionId: String(answer.data['sessionId']),
    inviter: alice,
    invitee: bob,
    template,
    media: push.mediaOf(alice.live),
  }
  bob.watcher.expect(push.invited(session, alice.roomId))
  alice.watcher.expect(push.agreed(session))
  ok(await system.app.feedback({ inviterUid: alice.uid, inviteeUid: bob.uid, liveRoomId: alice.roomId, status: 1 }))
  await scene.settled()
  for (const who of [alice, bob]) {
    scene.expectIn([alice, bob], push.published(who))
    ok(await system.app.stream('publish', who.roomId))
    await scene.settled()
  }
  scene.expectIn([alice, bob], push.mixAvailable(alice))
  ok(await system.app.available(alice.roomId))
  await scene.settled()
  scene.expectIn([alice, bob], push.mixAvailable(bob))
  scene.expectIn([alice, bob], push.mixFailed(session, code))
  ok(await system.app.available(bob.roomId))
  await scene.settled()
  return session
}

test('a mix that the cloud refuses is told to both rooms, and its close brings no end of a mix', async (t) => {
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  const bob = await scene.broadcaster('Bob')
  await scene.viewer('Carol', alice)
  const { sessionId } = await failToMix(scene, alice, bob, 3400)
  scene.expectIn([alice, bob], push.cohostEnded(sessionId, alice, bob))
  ok(await system.app.close({ closeRoomId: alice.roomId, notifiedRoomId: bob.roomId }))
  await scene.end()
})

test('after a failed mix the next MixAvailable of either room tries again', async (t) => {
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  const bob = await scene.broadcaster('Bob')
  const session = await failToMix(scene, alice, bob, 3400)

  // A cloud that starts anew does not know what was never started, and would report the end of it.
  await untilCommandsAreCommitted(system.environment.brokers, alice.roomId, bob.roomId)
  await system.restart('mixer', { env: { MIXER_SIMULATED_FAIL: '' } })
  const pictures = (event: 'EventMix' | 'EventMixStop') => [
    push.mixStatus({ main: alice.roomId, mix: bob.roomId, template, event }),
    push.mixStatus({ main: bob.roomId, mix: alice.roomId, template, event }),
  ]
  scene.expectIn([alice, bob], push.mixAvailable(alice))
  scene.expectIn([alice, bob], push.mixSucceeded(session), ...pictures('EventMix'))
  ok(await system.app.available(alice.roomId))
  await scene.settled()
  scene.expectIn([alice, bob], push.cohostEnded(session.sessionId, alice, bob))
  scene.expectIn([alice, bob], ...pictures('EventMixStop'))
  scene.expectIn([alice, bob], push.mixEnded(session.sessionId, alice, bob))
  ok(await system.app.close({ closeRoomId: alice.roomId, notifiedRoomId: bob.roomId }))
  await scene.end()
})

test('an InternalError that lasts fails the mix in the end', async (t) => {
  await system.restart('mixer', { env: { MIXER_SIMULATED_FAIL: 'start:InternalError' } })
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  const bob = await scene.broadcaster('Bob')
  const { sessionId } = await failToMix(scene, alice, bob, 3500)
  scene.expectIn([alice, bob], push.cohostEnded(sessionId, bob, alice))
  ok(await system.app.close({ closeRoomId: bob.roomId, notifiedRoomId: alice.roomId }))
  await scene.end()
})
