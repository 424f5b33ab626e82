// deadline: 240 s
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { matches } from '../support/pattern.ts'
import * as push from '../support/push-patterns.ts'
import type { Party, SessionFacts } from '../support/push-patterns.ts'
import { ok, openScene } from '../support/scene.ts'
import type { Broadcaster, Scene, Viewer } from '../support/scene.ts'
import { startTestSystem } from '../support/system.ts'
import type { TestSystem } from '../support/system.ts'

const template = 'side_by_side'
let system: TestSystem

before(async () => {
  system = await startTestSystem({
    base: process.env,
    env: { MEDIA_AUTH_KEY: 'a-key-of-the-video-cloud', LOG_LEVEL: 'debug' },
  })
})
after(() => system?.stop())

/** An invite of one broadcaster by another, and what follows from it at the invitee. */
const inviteBroadcaster = async (inviter: Broadcaster, invitee: Broadcaster): Promise<SessionFacts> => {
  const answer = ok(
    await system.app.invite({
      inviterUid: inviter.uid,
      inviterName: inviter.name,
      inviteeUid: invitee.uid,
      inviteeName: invitee.name,
      liveRoomId: inviter.roomId,
      inviteeRoomId: invitee.roomId,
      type: template,
      inviterType: 2,
    }),
  )
  assert.deepEqual(Object.keys(answer.data), ['sessionId'])
  const sessionId = String(answer.data['sessionId'])
  const session = { sessionId, inviter, invitee, template, media: push.mediaOf(inviter.live) }
  invitee.watcher.expect(push.invited(session, inviter.roomId))
  return session
}

/** Both rooms' pictures, after a start or before the end of a stop. */
const pictures = (event: 'EventMix' | 'EventMixStop', a: Party, b: Party) =>
  [
    { main: a.roomId, mix: b.roomId },
    { main: b.roomId, mix: a.roomId },
  ].map((pair) => push.mixStatus({ ...pair, template, event }))

/** From an agreed session of two broadcasters to the mixed pictures. */
const mixBroadcasters = async (scene: Scene, a: Broadcaster, b: Broadcaster, session: SessionFacts): Promise<void> => {
  for (const broadcaster of [a, b]) {
    scene.expectIn([a, b], push.published(broadcaster))
    ok(await system.app.stream('publish', broadcaster.roomId))
    await scene.settled()
  }
  scene.expectIn([a, b], push.mixAvailable(a))
  ok(await system.app.available(a.roomId))
  await scene.settled()
  scene.expectIn([a, b], push.mixAvailable(b))
  scene.expectIn([a, b], push.mixSucceeded(session), ...pictures('EventMix', a, b))
  ok(await system.app.available(b.roomId))
  await scene.settled()
}

const agree = async (session: SessionFacts, liveRoomId: string) =>
  ok(
    await system.app.feedback({
      inviterUid: session.inviter.uid,
      inviteeUid: session.invitee.uid,
      liveRoomId,
      status: 1,
    }),
  )

/** None of these clients has received a frame with that text. */
const assertUnseen = (text: string, scene: Scene, except: readonly unknown[]): void => {
  assert.notEqual(text, '')
  for (const client of scene.clients()) {
    if (except.includes(client)) continue
    const seen = client.frames.filter((frame) => frame.includes(text))
    assert.equal(seen.length, 0, `${client.uid} received what is not for this connection`)
  }
}

test('two broadcasters: each message reaches exactly those whom it concerns, field by field', async (t) => {
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  const bob = await scene.broadcaster('Bob')
  const carol = await scene.viewer('Carol', alice)
  await scene.viewer('Dave', bob)
  const alicePhone = await scene.connection(alice.uid, alice)
  const bobPhone = await scene.connection(bob.uid, bob)
  // The same users in the other's room: not where messages to them go.
  await scene.connection(alice.uid, bob)
  await scene.connection(bob.uid, alice)

  const session = await inviteBroadcaster(alice, bob)
  bobPhone.expect(push.invited(session, alice.roomId))
  await scene.settled()

  alice.watcher.expect(push.agreed(session))
  alicePhone.expect(push.agreed(session))
  const answer = await agree(session, alice.roomId)
  await scene.settled()
  assert.ok(
    matches(answer.data, {
      inviterPlayUrl: push.shortDelayUrlOf(session.media, alice.roomId),
      inviterRoomId: alice.roomId,
      inviteeRoomId: bob.roomId,
      rtmpUrl: push.pushUrlOf(session.media, bob.roomId),
    }),
  )

  const [agreed] = alice.watcher.client.messages().filter(({ type }) => type === 2)
  const secret = String(agreed?.data['rtmpUrl'])
  assert.match(secret, /auth_key=\d+-0-0-[0-9a-f]{32}$/)
  assertUnseen(secret, scene, [alice.watcher.client, alicePhone.client])
  for (const client of scene.clients()) {
    const types = client.messages().map(({ type }) => type)
    assert.equal(types.includes(1), client === bob.watcher.client || client === bobPhone.client)
    assert.equal(types.includes(2), client === alice.watcher.client || client === alicePhone.client)
  }

  await mixBroadcasters(scene, alice, bob, session)

  scene.expectIn([alice], push.commented(carol.uid, 'Carol', 'a “duet”\nin 2 lines 🎤'))
  ok(await system.app.comment({ roomId: alice.roomId, uid: carol.uid, comment: 'a “duet”\nin 2 lines 🎤' }))
  await scene.settled()
  scene.expectIn([alice], push.liked(carol.uid, 'Carol'))
  ok(await system.app.like({ roomId: alice.roomId, uid: carol.uid }))
  await scene.settled()
  scene.expectIn([alice], push.liked(carol.uid, 'Carol', 7))
  ok(await system.app.like({ roomId: alice.roomId, uid: carol.uid, count: 7 }))
  await scene.settled()

  scene.expectIn([alice, bob], push.cohostEnded(session.sessionId, bob, alice))
  scene.expectIn([alice, bob], ...pictures('EventMixStop', alice, bob))
  scene.expectIn([alice, bob], push.mixEnded(session.sessionId, bob, alice))
  ok(await system.app.close({ closeRoomId: bob.roomId, notifiedRoomId: alice.roomId }))
  await scene.settled()
  await scene.end()
})

test('a refusal reaches the inviter alone', async (t) => {
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  const bob = await scene.broadcaster('Bob')
  await scene.viewer('Carol', alice)
  const session = await inviteBroadcaster(alice, bob)
  alice.watcher.expect(push.refused(session))
  ok(
    await system.app.feedback({
      inviterUid: alice.uid,
      inviteeUid: bob.uid,
      liveRoomId: alice.roomId,
      status: 2,
    }),
  )
  await scene.end()
})

/** From an agreed session of a broadcaster and somebody of the audience to the mixed picture. */
const mixWithAudience = async (
  scene: Scene,
  alice: Broadcaster,
  guest: Party,
  session: SessionFacts,
): Promise<void> => {
  const guestRoom = String(guest.roomId)
  scene.expectIn([alice], push.published(alice))
  ok(await system.app.stream('publish', alice.roomId))
  await scene.settled()
  scene.expectIn([alice], push.published(guest))
  ok(await system.app.stream('publish', guestRoom))
  await scene.settled()
  scene.expectIn([alice], push.mixAvailable(alice))
  ok(await system.app.available(alice.roomId))
  await scene.settled()
  scene.expectIn([alice], push.mixAvailable(guest))
  scene.expectIn(
    [alice],
    push.mixSucceeded(session),
    push.mixStatus({ main: alice.roomId, mix: guestRoom, template, event: 'EventMix' }),
  )
  ok(await system.app.available(guestRoom))
  await scene.settled()
}

const stopWithAudience = (scene: Scene, alice: Broadcaster, guestRoom: string): void =>
  scene.expectIn([alice], push.mixStatus({ main: alice.roomId, mix: guestRoom, template, event: 'EventMixStop' }))

const guestOf = ({ uid, name }: Viewer, roomId: string): Party => ({ uid, name, roomId, type: 1 })

test('a broadcaster invites somebody of the audience, who closes by the system room', async (t) => {
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  const carol = await scene.viewer('Carol', alice)
  await scene.viewer('Dave', alice)
  const invite = ok(
    await system.app.invite({
      inviterUid: alice.uid,
      inviterName: 'Alice',
      inviteeUid: carol.uid,
      inviteeName: 'Carol',
      liveRoomId: alice.roomId,
      type: template,
      inviterType: 2,
    }),
  )
  const media = push.mediaOf(alice.live)
  const sessionId = String(invite.data['sessionId'])
  const unknown = { sessionId, inviter: alice, invitee: guestOf(carol, ''), template, media }
  carol.watcher.expect(push.invited(unknown, alice.roomId))
  await scene.settled()

  const answer = await agree(unknown, alice.roomId)
  const room = String(answer.data['inviteeRoomId'])
  assert.match(room, push.anyRoom)
  assert.notEqual(room, alice.roomId)
  assert.ok(
    matches(answer.data, {
      inviterPlayUrl: push.shortDelayUrlOf(media, alice.roomId),
      inviterRoomId: alice.roomId,
      inviteeRoomId: room,
      rtmpUrl: push.pushUrlOf(media, room),
    }),
  )
  const guest = guestOf(carol, room)
  const session = { ...unknown, invitee: guest }
  alice.watcher.expect(push.agreed(session))
  await scene.settled()

  await mixWithAudience(scene, alice, guest, session)

  scene.expectIn([alice], push.cohostEnded(sessionId, guest, alice))
  stopWithAudience(scene, alice, room)
  scene.expectIn([alice], push.mixEnded(sessionId, guest, alice))
  ok(await system.app.close({ closeRoomId: room, notifiedRoomId: alice.roomId }))
  await scene.end()
})

test('somebody of the audience invites the broadcaster, and alone is told where to push', async (t) => {
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  const carol = await scene.viewer('Carol', alice)
  await scene.viewer('Dave', alice)
  const invite = ok(
    await system.app.invite({
      inviterUid: carol.uid,
      inviterName: 'Carol',
      inviteeUid: alice.uid,
      inviteeName: 'Alice',
      liveRoomId: alice.roomId,
      type: template,
      inviterType: 1,
    }),
  )
  const media = push.mediaOf(alice.live)
  const sessionId = String(invite.data['sessionId'])
  const unknown = { sessionId, inviter: guestOf(carol, ''), invitee: alice, template, media }
  alice.watcher.expect(push.invited(unknown, alice.roomId))
  await scene.settled()

  const answer = await agree(unknown, alice.roomId)
  const room = String(answer.data['inviterRoomId'])
  assert.match(room, push.anyRoom)
  const guest = guestOf(carol, room)
  const session = { ...unknown, inviter: guest }
  carol.watcher.expect(push.agreed(session))
  await scene.settled()
  const secret = String(carol.watcher.client.messages().find(({ type }) => type === 2)?.data['rtmpUrl'])
  assertUnseen(secret, scene, [carol.watcher.client])

  await mixWithAudience(scene, alice, guest, session)

  scene.expectIn([alice], push.cohostEnded(sessionId, alice, guest))
  stopWithAudience(scene, alice, room)
  scene.expectIn([alice], push.mixEnded(sessionId, alice, guest))
  ok(await system.app.close({ closeRoomId: alice.roomId, notifiedRoomId: room }))
  await scene.end()
})

test('outside a session a stream that starts and breaks concerns its own room', async (t) => {
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  await scene.broadcaster('Bob')
  await scene.viewer('Carol', alice)
  scene.expectIn([alice], push.published(alice))
  ok(await system.app.stream('publish', alice.roomId))
  await scene.settled()
  ok(await system.app.available(alice.roomId))
  scene.expectIn([alice], push.interrupted(alice))
  ok(await system.app.stream('publish_done', alice.roomId))
  await scene.end()
})

test('a live that ends inside a mixed session ends it for the other room, too', async (t) => {
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  const bob = await scene.broadcaster('Bob')
  await scene.viewer('Dave', bob)
  const session = await inviteBroadcaster(alice, bob)
  alice.watcher.expect(push.agreed(session))
  await agree(session, alice.roomId)
  await mixBroadcasters(scene, alice, bob, session)

  scene.expectIn([alice], push.cohostEnded(session.sessionId, alice, bob), push.liveEnded(alice.roomId))
  scene.expectIn([bob], push.cohostEnded(session.sessionId, alice, bob))
  scene.expectIn([bob], ...pictures('EventMixStop', alice, bob))
  scene.expectIn([bob], push.mixEnded(session.sessionId, alice, bob))
  ok(await system.app.leaveLive(alice.roomId))
  await scene.settled()
  const types = alice.watcher.client.messages().map(({ type }) => type)
  assert.deepEqual(types.slice(-2), [4, 8])
  await scene.end()
})

test('a stream that breaks and comes back is mixed again without a second success', async (t) => {
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  const bob = await scene.broadcaster('Bob')
  const session = await inviteBroadcaster(alice, bob)
  alice.watcher.expect(push.agreed(session))
  await agree(session, alice.roomId)
  await mixBroadcasters(scene, alice, bob, session)

  scene.expectIn([alice, bob], push.interrupted(alice))
  ok(await system.app.stream('publish_done', alice.roomId))
  await scene.settled()
  scene.expectIn([alice, bob], push.published(alice))
  ok(await system.app.stream('publish', alice.roomId))
  await scene.settled()
  scene.expectIn([alice, bob], push.mixAvailable(alice))
  scene.expectIn([alice, bob], push.mixStatus({ main: alice.roomId, mix: bob.roomId, template, event: 'EventMix' }))
  ok(await system.app.available(alice.roomId))
  await scene.settled()

  scene.expectIn([alice, bob], push.cohostEnded(session.sessionId, alice, bob))
  scene.expectIn([alice, bob], ...pictures('EventMixStop', alice, bob))
  scene.expectIn([alice, bob], push.mixEnded(session.sessionId, alice, bob))
  ok(await system.app.close({ closeRoomId: alice.roomId, notifiedRoomId: bob.roomId }))
  await scene.end()
})

test('the cloud’s status words become codes and reach both rooms', async (t) => {
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  const bob = await scene.broadcaster('Bob')
  const session = await inviteBroadcaster(alice, bob)
  alice.watcher.expect(push.agreed(session))
  await agree(session, alice.roomId)
  await mixBroadcasters(scene, alice, bob, session)

  const pair = { main: alice.roomId, mix: bob.roomId, template }
  const told = { ...pair, event: 'EventMix' as const }
  scene.expectIn([alice, bob], push.mixStatus({ ...told, code: 3404, message: 'gone', reason: 'MixStreamNotExist' }))
  ok(await system.app.mixStatus({ ...pair, event: 'EventMix', code: 'MixStreamNotExist', message: 'gone' }))
  await scene.settled()
  // Without a message the cloud's code stands in for it, and MixResult counts as EventMix before a stop.
  scene.expectIn(
    [alice, bob],
    push.mixStatus({ ...told, code: 3404, message: 'MixStreamNotExist', reason: 'MixStreamNotExist' }),
  )
  ok(await system.app.mixStatus({ ...pair, event: 'MixResult', code: 'MixStreamNotExist' }))
  await scene.settled()
  // Of a pair that is in no session nobody is told.
  ok(await system.app.mixStatus({ main: 'nobody1', mix: 'nobody2', event: 'EventMix', code: 'Success' }))

  scene.expectIn([alice, bob], push.cohostEnded(session.sessionId, alice, bob))
  scene.expectIn([alice, bob], ...pictures('EventMixStop', alice, bob))
  scene.expectIn([alice, bob], push.mixEnded(session.sessionId, alice, bob))
  ok(await system.app.close({ closeRoomId: alice.roomId, notifiedRoomId: bob.roomId }))
  await scene.end()
})

test('no log has a push address or its key, not even at the most talkative level', async () => {
  const logs = await system.readLogs()
  for (const name of ['ingest', 'state-machine', 'mixer', 'edge']) {
    const log = logs.get(name) ?? ''
    assert.notEqual(log, '', `${name} has a log`)
    assert.ok(!/auth_key=|rtmp:\/\/push|a-key-of-the-video-cloud/.test(log), `the log of ${name} has a secret`)
  }
})
