import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedback, terms } from './testing/agreement.ts'
import { World } from './testing/world.ts'

test('a viewer gets a room of his own, which nobody watches; the broadcaster is the only main stream', () => {
  for (const byViewer of [true, false]) {
    const world = new World()
    world.create('A')
    world.publish('A')
    world.ready('A')
    const session = byViewer ? world.apply('A', 'viewer') : world.invite('A', { uid: 'viewer' })
    world.seen()
    const [inviter, invitee] = byViewer ? ['viewer', 'uA'] : ['uA', 'viewer']
    assert.equal(world.answer('A', inviter, invitee, 1)?.code, 200)
    const system = `sys${session?.sessionId ?? ''}x1`
    assert.deepEqual([world.room(system).status, world.room(system).type, world.room(system).uid], [10, 1, 'viewer'])
    world.publish(system)
    world.ready(system)
    assert.deepEqual(world.seen(), [`A>${inviter} CohostAgreed`, 'A StreamPublished', 'A MixAvailable'])
    assert.deepEqual(
      world.commands.map(({ type, record }) => `${type} ${record.roomId}<-${record.mixRoomId}`),
      [`StartMix A<-${system}`],
    )
    world.answerMix('A', 'start')
    const [succeeded] = world.pushes.splice(0)
    assert.ok(succeeded !== undefined && 'inviterMixPlayUrls' in succeeded.record)
    assert.deepEqual(byViewer ? succeeded.record.inviterMixPlayUrls : succeeded.record.inviteeMixPlayUrls, [])
    assert.equal(world.closeSession(system, 'A')?.code, 200)
    world.answerMix('A', 'stop')
    assert.deepEqual(world.seen(), ['A CohostEnded', 'A MixEnded'])
    assert.equal(world.room('A').lock, null)
    assert.equal(world.room(system).status, 2)
    world.pass(60_000)
    assert.ok(!world.rooms.has(system))
    assert.deepEqual(world.seen(), [])
  }
})

test('a system room is made for a viewer at the agreement, and ends when it is released', () => {
  const world = new World()
  const system = world.agreedViewer()
  const { uid, name, type, status, createdAt, endedAt, endReason, lock, lockPeer } = world.room(system)
  assert.deepEqual(
    { uid, name, type, status, createdAt, endedAt, endReason, lock, lockPeer },
    {
      uid: 'viewer',
      name: 'viewer',
      type: 1,
      status: 10,
      createdAt: 1_000_000,
      endedAt: null,
      endReason: null,
      lock: `${world.sessionId}.1`,
      lockPeer: 'A',
    },
  )
  assert.deepEqual(
    world.room(system).session?.mixes.map(({ mainRoomId }) => mainRoomId),
    ['A'],
  )
  world.seen()
  world.closeSession('A', system)
  assert.deepEqual([world.room(system).status, world.room(system).endReason], [2, 'session-ended'])
  assert.deepEqual(
    world.deadlines(system).filter((line) => !line.startsWith('reserved-again')),
    ['tombstone in 60000'],
  )
  assert.deepEqual(world.seen(), ['A CohostEnded'])
})

test('a system room is not made for an attempt that is dead, and is not ended by the release of another one', () => {
  const world = new World()
  world.create('A')
  const session = world.apply('A', 'v')?.sessionId ?? ''
  const system = `sys${session}x1`
  world.close(system)
  feedback(world, 'A', 'v', 'uA')
  const reserve = world.sent.find(({ kind }) => kind === 'reserve')
  assert.ok(reserve !== undefined)
  world.open(system)
  world.tell(system, 'A', 'release', 'e9.1')
  assert.equal(world.room(system).status, 10)

  const late = new World()
  late.create('A')
  late.close('A')
  late.tell(system, 'A', 'offer', 'e0', { number: 1, terms, expiresAt: 1 })
  late.rooms.set(system, { ...late.room(system), dead: [{ attemptId: `${session}.1`, until: 2_000_000 }] })
  late.tell(system, 'A', 'reserve', `${session}.1`, { terms: reserve.terms })
  assert.equal(late.sent.at(-1)?.kind, 'busy')
  assert.equal(late.room(system).uid, '')
  late.tell(system, 'A', 'reserve', `${session}.2`, { terms: reserve.terms })
  assert.equal(late.room(system).uid, 'v')
  assert.ok(!late.deadlines(system).some((line) => line.startsWith('tombstone')))
})
