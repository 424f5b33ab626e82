import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Merged } from '../../../schemas/types.generated.ts'
import { agreed, crossing, feedback, invited, taken, terms } from './testing/agreement.ts'
import { said, World } from './testing/world.ts'

test('crossing agreements end in one session, and both callers get their own view', () => {
  for (const held of ['A', 'B', 'neither'] as const) {
    const world = new World()
    for (const room of ['A', 'B']) world.create(room)
    world.invite('A', { uid: 'uB', roomId: 'B' })
    world.invite('B', { uid: 'uA', roomId: 'A' })
    world.seen()
    for (const room of ['A', 'B']) world.close(room)
    const one = world.put('CohostFeedbackRequested', 'A', { inviterUid: 'uA', inviteeUid: 'uB', status: 1 })
    const other = world.put('CohostFeedbackRequested', 'B', { inviterUid: 'uB', inviteeUid: 'uA', status: 1 })
    world.open(held === 'A' ? 'B' : 'A')
    world.open(held === 'A' ? 'A' : 'B')
    world.pass(20_000)
    assert.deepEqual([world.outcomes.get(one)?.code, world.outcomes.get(other)?.code], [200, 200], held)
    assert.equal(world.outcomes.get(one)?.cohost?.inviteeRoomId, 'B')
    assert.equal(world.outcomes.get(other)?.cohost?.inviteeRoomId, 'A')
    assert.equal(world.seen().filter((line) => line.endsWith('CohostAgreed')).length, 1)
    assert.equal(world.room('A').lock, world.room('B').lock)
    assert.notEqual(world.room('A').lock, null)
  }
})

test('invites that others made stay noted, those of the other room of the session are absorbed', () => {
  const world = invited('A', 'B')
  world.invite('C', { uid: 'uB', roomId: 'B' })
  world.invite('B', { uid: 'uA', roomId: 'A' })
  world.invite('C', { uid: 'uA', roomId: 'A' })
  world.seen()
  feedback(world, 'A', 'uA', 'uB')
  for (const room of ['A', 'B'])
    assert.deepEqual(
      world.room(room).noted.map(({ ownerRoomId }) => ownerRoomId),
      ['C'],
    )
  assert.deepEqual(world.seen(), ['A>uA CohostAgreed'])
  assert.deepEqual([world.room('A').invites, world.room('B').invites], [[], []])
  assert.deepEqual(world.deadlines('A'), ['grace in 180000'])
})

test('an invite in the same direction does not cross the session: it is refused', () => {
  const world = new World()
  for (const room of ['A', 'B']) world.create(room)
  world.create('D', 'uB')
  for (const invitee of [{ uid: 'uB' }, { uid: 'uB', roomId: 'D' }, { uid: 'uB', roomId: 'B' }])
    world.invite('A', invitee)
  world.seen()
  assert.equal(world.answer('A', 'uA', 'uB', 1)?.code, 200)
  assert.deepEqual(world.seen(), ['A>uA CohostAgreed', 'A>uA CohostRefused', 'A>uA CohostRefused'])
  assert.deepEqual([world.room('A').invites, world.room('D').noted], [[], []])
})

test('an invite between other rooms of the same two people does not cross the session: it is refused', () => {
  const world = new World()
  for (const room of ['A', 'B']) world.create(room)
  world.create('D', 'uA')
  world.invite('B', { uid: 'uA', roomId: 'D' })
  world.invite('B', { uid: 'uA' })
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.seen()
  assert.equal(world.answer('A', 'uA', 'uB', 1)?.code, 200)
  assert.deepEqual(world.seen(), ['A>uA CohostAgreed', 'B>uB CohostRefused', 'B>uB CohostRefused'])
})

test("a viewer's application and his invite by the same broadcaster cross: the second is absorbed", () => {
  for (const [inviter, invitee] of [
    ['v', 'uA'],
    ['uA', 'v'],
  ] as const) {
    const world = new World()
    world.create('A')
    world.apply('A', 'v')
    world.invite('A', { uid: 'v' })
    world.apply('A', 'w')
    world.seen()
    assert.equal(world.answer('A', inviter, invitee, 1)?.code, 200)
    assert.deepEqual(world.seen(), [`A>${inviter} CohostAgreed`, 'A>w CohostRefused'])
    assert.deepEqual(world.room('A').invites, [])
  }
})

test('a crossing invite whose offer is unanswered is answered when the session begins', () => {
  const world = invited()
  world.close('A')
  const crossing = world.put('CohostInviteRequested', 'B', {
    inviterUid: 'uB',
    inviterName: null,
    inviteeUid: 'uA',
    inviteeName: null,
    inviteeRoomId: 'A',
    type: 'side_by_side',
    inviterType: 2,
  })
  world.tell('B', 'A', 'reserve', 'e4.1', { terms })
  assert.equal(world.outcomes.get(crossing), undefined)
  world.tell('B', 'A', 'confirm', 'e4.1', { terms })
  assert.deepEqual(said(world.outcomes.get(crossing)), taken)
  assert.deepEqual([world.room('B').invites, world.seen()], [[], []])
})

test('an agreement to the crossing invite waits in the room that is held, and is granted with the session', () => {
  const world = crossing()
  world.close('A')
  const first = feedback(world, 'A', 'uA', 'uB')
  const second = feedback(world, 'B', 'uB', 'uA')
  assert.deepEqual(world.room('B').merged, [
    { attemptId: 'e4.1', peerRoomId: 'A', requestId: second, uid: 'uA', at: 1_000_000 },
  ])
  world.open('A')
  assert.deepEqual([said(world.outcomes.get(first)), said(world.outcomes.get(second))], [agreed, agreed])
  assert.equal(world.outcomes.get(second)?.cohost?.rtmpUrl, 'rtmp://push/A?at=1000000')
  assert.deepEqual([world.room('A').lock, world.room('B').lock], ['e4.1', 'e4.1'])
  assert.deepEqual([world.room('B').merged, world.seen()], [[], ['A>uA CohostAgreed']])
})

test('an agreement that waits for another attempt fails with it', () => {
  const world = crossing()
  world.invite('C', { uid: 'uB', roomId: 'B' })
  world.close('A')
  feedback(world, 'A', 'uA', 'uB')
  const second = feedback(world, 'B', 'uB', 'uA')
  const elsewhere = feedback(world, 'C', 'uC', 'uB')
  assert.deepEqual(said(world.outcomes.get(elsewhere)), taken)
  assert.equal(world.outcomes.get(second), undefined)
  world.tell('B', 'A', 'release', 'e9.1')
  assert.equal(world.outcomes.get(second), undefined, 'another attempt')
  assert.equal(world.room('B').lock, 'e4.1')
  world.tell('B', 'A', 'release', 'e4.1')
  assert.deepEqual(said(world.outcomes.get(second)), taken)
  assert.deepEqual([world.room('B').lock, world.room('B').merged], [null, []])
})

test('an owner whose peer holds for the crossing attempt joins that one', () => {
  const world = crossing()
  for (const room of ['A', 'B']) world.close(room)
  const first = feedback(world, 'A', 'uA', 'uB')
  const repeat = feedback(world, 'A', 'uA', 'uB')
  world.open('B')
  world.open('A')
  const second = feedback(world, 'B', 'uB', 'uA')
  for (const id of [first, repeat, second]) assert.deepEqual(said(world.outcomes.get(id)), agreed)
})

test('requests of an agreement that has joined another attempt are answered with that one', () => {
  for (const decided of ['confirm', 'release'] as const) {
    const world = crossing()
    world.close('A')
    const mine = feedback(world, 'B', 'uB', 'uA')
    const again = feedback(world, 'B', 'uB', 'uA')
    assert.equal(world.room('B').lock, null)
    world.tell('B', 'A', 'joined', 'e5.1', { subject: 'e4.1' })
    assert.deepEqual(world.told().slice(1), ['release→A e5.1'])
    assert.deepEqual(
      world
        .room('B')
        .merged.map(({ attemptId, peerRoomId, requestId, uid }) => [attemptId, peerRoomId, requestId, uid]),
      [
        ['e4.1', 'A', again, 'uA'],
        ['e4.1', 'A', mine, 'uA'],
      ],
    )
    assert.deepEqual(world.room('B').agreements, [])
    assert.deepEqual(
      world.room('B').dead.map(({ attemptId }) => attemptId),
      ['e5.1'],
    )
    assert.ok(!world.deadlines('B').some((line) => line.includes('e5.1')))
    world.tell('B', 'A', 'reserve', 'e4.1', { terms })
    world.tell('B', 'A', decided, 'e4.1', { terms })
    for (const id of [mine, again])
      assert.deepEqual(said(world.outcomes.get(id)), decided === 'confirm' ? agreed : taken)
    assert.deepEqual(world.room('B').merged, [])
  }
})

test('an agreement that joins another attempt takes along what waits for it, and nothing else', () => {
  const world = crossing()
  world.close('A')
  const own = feedback(world, 'B', 'uB', 'uA')
  const elsewhere = { attemptId: 'e7.1', peerRoomId: 'C', requestId: 'r', uid: 'uC', at: 0 }
  world.rooms.set('B', { ...world.room('B'), merged: [elsewhere] })
  world.tell('B', 'A', 'joined', 'e5.1', { subject: 'e4.1' })
  assert.deepEqual(
    world.room('B').merged.map(({ attemptId, requestId }) => [attemptId, requestId]),
    [
      ['e7.1', 'r'],
      ['e4.1', own],
    ],
  )
  world.tell('B', 'A', 'release', 'e4.1')
  assert.deepEqual(world.room('B').merged, [elsewhere])
})

test('a room that holds itself for an attempt is free again when that one joins another', () => {
  const world = crossing()
  world.close('B')
  feedback(world, 'A', 'uA', 'uB')
  assert.equal(world.room('A').lock, 'e4.1')
  world.tell('A', 'B', 'joined', 'e4.1', { subject: 'e5.1' })
  assert.equal(world.room('A').lock, null)
})

test('what waits for an attempt is refused when the room cannot be held for it', () => {
  const world = crossing()
  world.close('A')
  world.close('C')
  const request = feedback(world, 'B', 'uB', 'uA')
  world.tell('B', 'A', 'joined', 'e5.1', { subject: 'e4.1' })
  world.tell('B', 'C', 'reserve', 'e9.1', { terms: { ...terms, ownerRoomId: 'C', inviterRoomId: 'C' } })
  assert.equal(world.outcomes.get(request), undefined)
  world.tell('B', 'A', 'reserve', 'e4.1', { terms })
  assert.deepEqual(said(world.outcomes.get(request)), taken)
  assert.deepEqual([world.room('B').merged, world.room('B').lock], [[], 'e9.1'])
})

test('an invite whose deadline passed while its agreement joined another runs out with a delay', () => {
  for (const [askedAt, hasRunOut] of [
    [29_999, false],
    [30_000, true],
  ] as const) {
    const world = crossing()
    world.pass(25_000)
    world.close('A')
    feedback(world, 'B', 'uB', 'uA')
    world.pass(askedAt - 25_000)
    world.tell('B', 'A', 'joined', 'e5.1', { subject: 'e4.1' })
    assert.deepEqual(
      world.deadlines('B').filter((line) => line.startsWith('invite')),
      [hasRunOut ? 'invite e5 in 2000' : 'invite e5 in 1'],
    )
  }
})

test('an agreement is not joined to an attempt that has failed already', () => {
  const world = crossing()
  world.close('A')
  const request = feedback(world, 'B', 'uB', 'uA')
  world.tell('B', 'A', 'release', 'e4.1')
  world.tell('B', 'A', 'joined', 'e5.1', { subject: 'e4.1' })
  assert.deepEqual(said(world.outcomes.get(request)), taken)
  assert.deepEqual(world.room('B').merged, [])
})

test('an agreement that joins the session in which the room is already is granted at once', () => {
  const world = crossing()
  world.close('A')
  const request = feedback(world, 'B', 'uB', 'uA')
  world.tell('B', 'A', 'reserve', 'e4.1', { terms })
  const { agreements } = world.room('B')
  world.tell('B', 'A', 'confirm', 'e4.1', { terms })
  assert.deepEqual(said(world.outcomes.get(request)), agreed, 'it crosses the session')

  const later = crossing()
  later.close('A')
  later.tell('B', 'A', 'reserve', 'e4.1', { terms })
  later.tell('B', 'A', 'confirm', 'e4.1', { terms })
  later.rooms.set('B', { ...later.room('B'), agreements: agreements.map((one) => ({ ...one, requestId: 'r' })) })
  later.tell('B', 'A', 'joined', 'e5.1', { subject: 'e4.1' })
  assert.deepEqual(said(later.outcomes.get('r')), agreed)
  assert.equal(later.outcomes.get('r')?.cohost?.rtmpUrl, 'rtmp://push/A?at=1000000')
})

test('a peer’s word for an attempt that lost to the crossing one joins it', () => {
  const world = crossing()
  world.close('A')
  const request = feedback(world, 'B', 'uB', 'uA')
  world.tell('B', 'A', 'reserve', 'e4.1', { terms })
  assert.equal(world.room('B').lock, 'e4.1')
  world.tell('B', 'A', 'reserved', 'e5.1', { uid: 'uA', name: 'name-uA' })
  assert.deepEqual(world.room('B').agreements, [])
  assert.deepEqual(
    world.room('B').merged.map(({ attemptId, requestId }) => [attemptId, requestId]),
    [['e4.1', request]],
  )
  world.tell('B', 'A', 'confirm', 'e4.1', { terms })
  assert.deepEqual(said(world.outcomes.get(request)), agreed)
})

test('of the requests that wait, a session grants those between its own two rooms', () => {
  const world = crossing()
  world.close('A')
  world.tell('B', 'A', 'reserve', 'e4.1', { terms })
  const merged = (attemptId: string, peerRoomId: string): Merged => ({
    attemptId,
    peerRoomId,
    requestId: `${attemptId} ${peerRoomId}`,
    uid: 'uB',
    at: 0,
  })
  const waiting = [merged('e4.1', 'A'), merged('e7.1', 'A'), merged('e4.1', 'X'), merged('e8.1', 'C')]
  world.rooms.set('B', { ...world.room('B'), merged: waiting })
  world.tell('B', 'A', 'confirm', 'e4.1', { terms })
  assert.deepEqual(
    ['e4.1 A', 'e7.1 A', 'e4.1 X', 'e8.1 C'].map((id) => world.outcomes.get(id)?.code),
    [200, 200, 200, undefined],
  )
  assert.deepEqual(world.room('B').merged, waiting.slice(3))
})
