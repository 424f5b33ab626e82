import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempt, mixed } from './testing/session.ts'
import { said, World } from './testing/world.ts'

const closed = [200, 'closed'] as const
const notTogether = [3404, 'these rooms are not in a session with each other'] as const

test('a peer says that it closes, and the owner closes for it', () => {
  const world = mixed()
  assert.deepEqual(said(world.closeSession('B', 'A')), closed)
  const [gone] = world.sent
  assert.deepEqual(
    [gone?.kind, gone?.roomId, gone?.cause, gone?.actor, gone?.generation],
    ['gone', 'A', 'request', 'uB', 0],
  )
  assert.deepEqual(world.commanded(), ['StopMix A<-B 2', 'StopMix B<-A 2'])
  assert.deepEqual(
    world.room('A').session?.mixes.map(({ state, generation }) => [state, generation]),
    [
      ['stopping', 2],
      ['stopping', 2],
    ],
  )
})

test('what is of no session of the owner cannot close one', () => {
  const world = mixed()
  for (const room of ['A', 'B', 'Z']) {
    world.tell(room, 'B', 'gone', room === 'A' ? 'other.1' : attempt(world), { cause: 'request', actor: 'uB' })
    assert.equal(world.why(), 'gone: of no session of ours')
  }
  assert.deepEqual(
    [world.seen(), world.room('A').session?.phase, world.room('B').session?.phase],
    [[], 'mixed', 'mixed'],
  )
})

test('who closes twice is told so twice, and closes once', () => {
  for (const [closing, notified] of [
    ['A', 'B'],
    ['B', 'A'],
  ] as const) {
    const world = mixed()
    world.close(notified)
    assert.deepEqual(said(world.closeSession(closing, notified)), closed)
    const told = world.told()
    assert.equal(told.length, 1)
    assert.deepEqual(said(world.closeSession(closing, notified)), closed)
    assert.deepEqual(world.told(), [])
    world.open(notified)
    assert.deepEqual(world.seen().toSorted(), ['A CohostEnded', 'B CohostEnded'])
  }
})

test('a close must name the two rooms of a session', () => {
  const world = mixed()
  for (const [closing, notified] of [
    ['A', 'C'],
    ['B', 'C'],
    ['A', 'A'],
    ['B', 'B'],
  ] as const)
    assert.deepEqual(said(world.closeSession(closing, notified)), notTogether)
  world.create('C')
  assert.deepEqual(said(world.closeSession('C', 'A')), closed, 'it is in no session: gone')
  assert.deepEqual(said(world.closeSession('Z', 'A')), [2003, 'this room does not exist'])
  assert.deepEqual([world.seen(), world.room('A').session?.phase], [[], 'mixed'])
})

test('in a room that has ended every session is gone', () => {
  for (const room of ['A', 'B']) {
    const world = mixed()
    world.leave(room)
    world.seen()
    assert.deepEqual(said(world.closeSession(room, 'C')), closed)
    assert.deepEqual(world.seen(), [])
  }
})

test('the party of a viewer closes by its own room or by the one that is watched', () => {
  for (const by of ['its own', 'the watched', "the broadcaster's"] as const) {
    const world = new World()
    const system = world.agreedViewer()
    world.pushed()
    const outcome =
      by === 'its own' ? world.closeSession(system, 'A') : world.closeSession('A', by === 'the watched' ? 'A' : system)
    assert.deepEqual(said(outcome), closed)
    assert.deepEqual(world.seen(), ['A CohostEnded'])
    assert.deepEqual([world.room('A').lock, world.room(system).status], [null, 2])
  }
})

test('a close of a session with a viewer that names a third room is refused', () => {
  const world = new World()
  const system = world.agreedViewer()
  assert.deepEqual(said(world.closeSession('A', 'C')), notTogether)
  assert.deepEqual(said(world.closeSession(system, 'C')), notTogether)
})

test('a close ends the agreement on its way also while the room is held for another one', () => {
  const world = new World()
  for (const room of ['A', 'B', 'C']) world.create(room)
  world.invite('C', { uid: 'uB', roomId: 'B' })
  world.invite('A', { uid: 'uC', roomId: 'C' })
  for (const room of ['A', 'B']) world.close(room)
  const request = world.put('CohostFeedbackRequested', 'C', { inviterUid: 'uC', inviteeUid: 'uB', status: 1 })
  world.put('CohostFeedbackRequested', 'A', { inviterUid: 'uA', inviteeUid: 'uC', status: 1 })
  assert.equal(world.room('C').lockPeer, 'A')
  assert.deepEqual(said(world.closeSession('C', 'B')), closed)
  assert.deepEqual(said(world.outcomes.get(request)), [3404, 'the session was closed'])
  assert.equal(world.room('C').lockPeer, 'A')
})

test('a close ends the agreement that is on its way between the two rooms, and no other', () => {
  const world = new World()
  for (const room of ['A', 'B', 'C']) world.create(room)
  for (const peer of ['A', 'B']) world.invite('C', { uid: `u${peer}`, roomId: peer })
  for (const room of ['A', 'B']) world.close(room)
  const requests = ['A', 'B'].map((peer) =>
    world.put('CohostFeedbackRequested', 'C', { inviterUid: 'uC', inviteeUid: `u${peer}`, status: 1 }),
  )
  world.seen()
  assert.deepEqual(said(world.closeSession('C', 'C')), closed)
  assert.equal(world.room('C').agreements.length, 2)
  assert.deepEqual(said(world.closeSession('C', 'B')), closed)
  assert.deepEqual(
    requests.map((id) => said(world.outcomes.get(id))),
    [undefined, [3404, 'the session was closed']],
  )
  assert.deepEqual(
    world.room('C').agreements.map(({ terms }) => terms.peerRoomId),
    ['A'],
  )
  assert.deepEqual(world.seen(), [])
})

test('a close by the watched room ends the agreement with a viewer that is on its way', () => {
  const world = new World()
  world.create('A')
  const session = world.apply('A', 'v')?.sessionId ?? ''
  world.close(`sys${session}x1`)
  const request = world.put('CohostFeedbackRequested', 'A', { inviterUid: 'v', inviteeUid: 'uA', status: 1 })
  assert.deepEqual(said(world.closeSession('A', 'A')), closed)
  assert.deepEqual(said(world.outcomes.get(request)), [3404, 'the session was closed'])
  assert.equal(world.room('A').lock, null)
})

test('a close while one room has failed to agree and is held by the other closes that session', () => {
  const world = new World()
  for (const room of ['A', 'B']) world.create(room)
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.close('A')
  world.put('CohostFeedbackRequested', 'A', { inviterUid: 'uA', inviteeUid: 'uB', status: 1 })
  world.seen()
  assert.deepEqual(said(world.closeSession('B', 'A')), closed)
  assert.equal(world.room('B').session?.closingRoomId, 'B')
  world.open('A')
  assert.deepEqual(world.seen(), ['A>uA CohostAgreed', 'A CohostEnded', 'B CohostEnded'])
  assert.deepEqual([world.room('A').lock, world.room('B').lock], [null, null])
})

test('closing a mixed session pushes 4 at once, and 15 when every stop is answered', () => {
  for (const [closing, notified] of [
    ['A', 'B'],
    ['B', 'A'],
  ] as const) {
    const world = new World()
    world.mixedPair()
    world.seen()
    assert.equal(world.closeSession(closing, notified)?.code, 200)
    assert.deepEqual(world.seen().toSorted(), ['A CohostEnded', 'B CohostEnded'])
    assert.equal(world.closeSession(closing, notified)?.code, 200)
    world.answerMix('A', 'stop')
    assert.deepEqual(world.seen(), [])
    world.answerMix('B', 'stop', 3500, 'InternalError')
    const ended = world.pushes.splice(0)
    assert.deepEqual(ended.map(({ room, type }) => `${room} ${type}`).toSorted(), ['A MixEnded', 'B MixEnded'])
    for (const { record } of ended) {
      assert.ok('closingRoomId' in record)
      assert.deepEqual([record.closingRoomId, record.notifiedRoomId], [closing, notified])
    }
    for (const room of ['A', 'B']) assert.deepEqual([world.room(room).lock, world.room(room).mixed], [null, false])
    assert.equal(world.closeSession(closing, notified)?.code, 200)
    assert.deepEqual(world.seen(), [])
  }
})

test('15 comes after the mix timeout when a stop stays unanswered', () => {
  const world = new World()
  world.mixedPair()
  world.closeSession('A', 'B')
  world.seen()
  world.pass(19_999)
  assert.deepEqual(world.seen(), [])
  world.pass(1)
  assert.deepEqual(world.seen().toSorted(), ['A MixEnded', 'B MixEnded'])
})

test('closing before any start frees the rooms at once, without 15', () => {
  const world = new World()
  world.agreedPair()
  world.seen()
  world.closeSession('B', 'A')
  assert.deepEqual(world.seen().toSorted(), ['A CohostEnded', 'B CohostEnded'])
  assert.equal(world.commands.length, 0)
  assert.deepEqual([world.room('A').lock, world.room('B').lock], [null, null])
})

test('closing while starts are unanswered stops them and pushes neither 5 nor 15', () => {
  const world = new World()
  world.agreedPair()
  for (const room of ['A', 'B']) world.ready(room)
  world.seen()
  world.closeSession('A', 'B')
  assert.deepEqual(world.seen().toSorted(), ['A CohostEnded', 'B CohostEnded'])
  assert.deepEqual(
    world.commands.slice(2).map(({ type, record }) => `${type} ${record.roomId} ${record.generation}`),
    ['StopMix A 2', 'StopMix B 2'],
  )
  for (const room of ['A', 'B']) world.answerMix(room, 'start')
  assert.deepEqual(world.seen(), [])
  // Until the stop is answered the status callback still belongs to the session that was.
  world.status('A', 'B', 'MixResult')
  assert.deepEqual(world.seen().toSorted(), ['A MixCommandStatus', 'B MixCommandStatus'])
  for (const room of ['A', 'B']) world.answerMix(room, 'stop')
  world.status('A', 'B', 'EventMixStop')
  assert.deepEqual(world.seen(), [])
  // The rooms were free at once.
  assert.equal(world.invite('A', { uid: 'uB', roomId: 'B' })?.code, 200)
})

test('closing rooms that are in a session with others is refused', () => {
  const world = new World()
  world.agreedPair()
  world.create('C')
  assert.equal(world.closeSession('A', 'C')?.code, 3404)
  assert.equal(world.closeSession('C', 'A')?.code, 200)
  assert.notEqual(world.room('A').lock, null)
})

test('lifecycle events say why and by whom', () => {
  const world = new World()
  world.mixedPair()
  world.seen()
  world.closeSession('B', 'A')
  for (const { record } of world.pushes) {
    assert.ok('endReason' in record)
    assert.deepEqual([record.endReason, record.actor], ['request', 'uB'])
  }
})
