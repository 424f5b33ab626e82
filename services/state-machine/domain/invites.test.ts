import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, cancel, request, threeRooms } from './testing/invites.ts'
import { said, World } from './testing/world.ts'

const invited = {
  is: 'CohostInvited',
  endReason: null,
  actor: 'uA',
  inviterUid: 'uA',
  inviterName: 'name-uA',
  type: 'side_by_side',
  inviterType: 2,
  liveRoomId: 'A',
  expiresAt: 1_030_000,
}

test('an invite is refused with the reason why', () => {
  const world = threeRooms()
  world.leave('C')
  const viewer = { inviteeRoomId: null }
  assert.deepEqual(said(world.invite('Z', { uid: 'uA' })), [2003, 'this room does not exist or has ended'])
  assert.deepEqual(said(world.invite('C', { uid: 'uA' })), [2003, 'this room does not exist or has ended'])
  assert.deepEqual(said(ask(world, { inviterUid: 'uB' })), [2002, 'this room belongs to another user'])
  assert.deepEqual(said(ask(world, { ...viewer, inviterType: 1, inviterUid: 'v' })), [
    2002,
    'this room belongs to another user',
  ])
  assert.deepEqual(said(ask(world, { ...viewer, inviteeUid: 'uA' })), [2002, 'nobody can invite himself'])
  assert.deepEqual(said(ask(world, { inviteeRoomId: 'A' })), [2002, 'this room belongs to the inviter'])
  assert.deepEqual(said(ask(world, { inviteeUid: 'x' })), [2002, 'the invitee is not the broadcaster of that room'])
  assert.deepEqual(said(ask(world, { inviteeRoomId: 'C', inviteeUid: 'uC' })), [
    2003,
    "the invitee's room does not exist or has ended",
  ])
  assert.deepEqual(
    [world.room('A').invites, world.deadlines('A'), world.seen()],
    [[], ['grace in 180000'], ['C LiveEnded']],
  )
})

test('an invite is refused while one of its rooms is in a session', () => {
  const world = new World()
  world.agreedPair()
  world.create('C')
  const taken = 'is in a session or reserved for one'
  assert.deepEqual(said(world.invite('A', { uid: 'uC', roomId: 'C' })), [3020, `this room ${taken}`])
  assert.deepEqual(said(world.invite('C', { uid: 'uA', roomId: 'A' })), [3020, `the invitee's room ${taken}`])
})

test("a viewer's room takes no invites, and cannot be invited", () => {
  const world = new World()
  const system = world.agreedViewer()
  world.create('B')
  const own = { ...request, inviterUid: 'viewer' }
  assert.deepEqual(said(world.ask('CohostInviteRequested', system, own)), [
    2003,
    'this room does not exist or has ended',
  ])
  assert.deepEqual(said(world.invite('B', { uid: 'viewer', roomId: system })), [
    2003,
    "the invitee's room does not exist or has ended",
  ])
})

test('an invite to a viewer waits in the room, and is pushed to him alone', () => {
  const world = threeRooms()
  const outcome = ask(world, { inviteeUid: 'v', inviteeRoomId: null })
  assert.deepEqual([...(said(outcome) ?? []), outcome?.sessionId], [200, 'invited', 'e4'])
  assert.deepEqual(world.room('A').invites, [
    {
      sessionId: 'e4',
      number: 1,
      inviterUid: 'uA',
      inviterName: 'name-uA',
      inviterType: 2,
      inviteeUid: 'v',
      inviteeName: 'v',
      inviteeType: 1,
      inviteeRoomId: null,
      type: 'side_by_side',
      expiresAt: 1_030_000,
      attempt: 0,
      offeredNumber: 0,
      open: [],
      eventId: 'e4.1',
    },
  ])
  assert.equal(world.pushes[0]?.record.eventId, 'e4.1')
  assert.deepEqual(world.pushed(), [{ ...invited, roomId: 'A', toUid: 'v', sessionId: 'e4' }])
  assert.deepEqual(world.sent, [])
})

test("a viewer's application waits in the broadcaster's room, and is pushed to the broadcaster alone", () => {
  const world = threeRooms()
  world.apply('A', 'v')
  const [invite] = world.room('A').invites
  assert.deepEqual(
    [invite?.inviterName, invite?.inviterType, invite?.inviteeName, invite?.inviteeType, invite?.inviteeRoomId],
    ['v', 1, 'name-uA', 2, null],
  )
  assert.deepEqual(world.pushed(), [
    {
      ...invited,
      roomId: 'A',
      toUid: 'uA',
      actor: 'v',
      sessionId: 'e4',
      inviterUid: 'v',
      inviterName: 'v',
      inviterType: 1,
      type: 'picture_in_picture',
    },
  ])
})

test("what an application says of the invitee's room is ignored: it is this one", () => {
  const world = threeRooms()
  const applied = ask(world, { inviterType: 1, inviterUid: 'v', inviteeUid: 'uA', inviteeRoomId: 'C' })
  assert.equal(applied?.code, 200)
  assert.equal(world.room('A').invites[0]?.inviteeRoomId, null)
  assert.deepEqual(world.room('C').noted, [])
})

test('names that the request gives are used, in the invite and in its pushes', () => {
  const world = threeRooms()
  const names = { inviterName: 'Ann', inviteeName: 'Vic' }
  world.ask('CohostInviteRequested', 'A', { ...request, ...names, inviteeUid: 'v', inviteeRoomId: null })
  world.ask('CohostInviteRequested', 'A', { ...request, ...names })
  for (const { inviterName, inviteeName } of world.room('A').invites)
    assert.deepEqual([inviterName, inviteeName], ['Ann', 'Vic'])
  assert.deepEqual(
    world.pushes.map(({ record }) => 'inviterName' in record && record.inviterName),
    ['Ann', 'Ann'],
  )
})

test('an invite to a broadcaster is noted in his room and pushed to him there; the inviter learns his name', () => {
  const world = threeRooms()
  const outcome = ask(world, {})
  assert.deepEqual([...(said(outcome) ?? []), outcome?.sessionId], [200, 'invited', 'e4'])
  assert.deepEqual(world.pushed(), [{ ...invited, roomId: 'B', toUid: 'uB', sessionId: 'e4' }])
  const [noted, ...others] = world.room('B').noted
  assert.deepEqual(others, [])
  assert.deepEqual(noted, {
    sessionId: 'e4',
    number: 1,
    ownerRoomId: 'A',
    inviterUid: 'uA',
    inviterName: 'name-uA',
    inviteeUid: 'uB',
    inviteeName: 'name-uB',
    type: 'side_by_side',
    expiresAt: 1_030_000,
    eventId: 'e4.1.1',
  })
  const [invite] = world.room('A').invites
  assert.deepEqual(
    {
      number: invite?.number,
      offeredNumber: invite?.offeredNumber,
      inviteeName: invite?.inviteeName,
      inviteeRoomId: invite?.inviteeRoomId,
      inviteeType: invite?.inviteeType,
      open: invite?.open,
      eventId: invite?.eventId,
    },
    { number: 1, offeredNumber: 1, inviteeName: 'name-uB', inviteeRoomId: 'B', inviteeType: 2, open: [], eventId: '' },
  )
  assert.deepEqual(world.deadlines('A'), ['grace in 180000', 'invite e4 in 30000'])
})

test('the same pair again is the same invite, under the next number; another room or user is another one', () => {
  const world = threeRooms()
  ask(world, {})
  world.pass(1_000)
  ask(world, {})
  ask(world, { inviteeUid: 'uC', inviteeRoomId: 'C' })
  ask(world, { inviteeRoomId: null })
  ask(world, { inviteeUid: 'v', inviteeRoomId: null })
  ask(world, { inviteeUid: 'v', inviteeRoomId: null })
  assert.deepEqual(
    world
      .room('A')
      .invites.map(({ sessionId, number, inviteeUid, inviteeRoomId }) => [
        sessionId,
        number,
        inviteeUid,
        inviteeRoomId,
      ]),
    [
      ['e4', 2, 'uB', 'B'],
      ['e6', 1, 'uC', 'C'],
      ['e7', 1, 'uB', null],
      ['e8', 2, 'v', null],
    ],
  )
  assert.deepEqual(
    world.room('B').noted.map(({ sessionId, number, expiresAt }) => [sessionId, number, expiresAt]),
    [['e4', 2, 1_031_000]],
  )
})

test('a renewal counts from the word of the other room on; until then the old expiry holds', () => {
  const world = threeRooms()
  ask(world, {})
  world.pass(20_000)
  world.close('B')
  const renewal = world.put('CohostInviteRequested', 'A', request)
  assert.deepEqual(world.deadlines('A'), ['grace in 160000', 'invite e4 in 10000'])
  assert.deepEqual(world.room('A').invites[0]?.open, [{ requestId: renewal, number: 2, at: 1_020_000 }])
  world.open('B')
  assert.deepEqual(said(world.outcomes.get(renewal)), [200, 'invited'])
  assert.deepEqual(world.deadlines('A'), ['grace in 160000', 'invite e4 in 30000'])
})

test('a renewal that is declined leaves the invite with its old expiry', () => {
  const world = threeRooms()
  ask(world, {})
  world.pass(20_000)
  world.close('B')
  const renewal = world.put('CohostInviteRequested', 'A', request)
  world.leave('B')
  world.open('B')
  assert.deepEqual(said(world.outcomes.get(renewal)), [2003, "the invitee's room does not exist or has ended"])
  const [invite] = world.room('A').invites
  assert.deepEqual([invite?.open, invite?.offeredNumber, invite?.expiresAt], [[], 1, 1_030_000])
  assert.deepEqual(world.deadlines('A'), ['grace in 160000', 'invite e4 in 10000'])
})

test('a renewal that is declined leaves the invite as it was, one that is taken brings its type and makes it the newest', () => {
  for (const isDeclined of [true, false]) {
    const world = threeRooms()
    ask(world, {})
    ask(world, { inviteeUid: 'uC', inviteeRoomId: 'C' })
    if (isDeclined) {
      world.create('D')
      world.invite('D', { uid: 'uB', roomId: 'B' })
      world.answer('D', 'uD', 'uB', 1)
    }
    const renewal = ask(world, { type: 'picture_in_picture' })
    assert.equal(renewal?.code, isDeclined ? 3020 : 200)
    const [first, second] = world.room('A').invites
    assert.deepEqual([first?.inviteeUid, second?.inviteeUid], isDeclined ? ['uB', 'uC'] : ['uC', 'uB'])
    const renewed = isDeclined ? first : second
    const type = isDeclined ? 'side_by_side' : 'picture_in_picture'
    assert.deepEqual([renewed?.type, renewed?.inviteeName, renewed?.number], [type, 'name-uB', 2])
    assert.equal(world.deadlines('A').length, 3)
  }
})

test("a viewer's renewal brings its type at once, and the name that is known stays", () => {
  const world = threeRooms()
  const viewer = { inviteeUid: 'v', inviteeRoomId: null }
  ask(world, { ...viewer, inviteeName: 'Vic' })
  ask(world, { ...viewer, type: 'picture_in_picture' })
  const [invite] = world.room('A').invites
  assert.deepEqual([invite?.type, invite?.inviteeName], ['picture_in_picture', 'Vic'])
})

test('an answer to an offer that does not name the type leaves it', () => {
  const world = threeRooms()
  world.close('B')
  const invite = world.put('CohostInviteRequested', 'A', request)
  world.tell('A', 'B', 'offered', invite, { number: 1, expiresAt: 1_030_000, name: 'Bea' })
  assert.equal(world.room('A').invites[0]?.type, 'side_by_side')
})

test('an invite that is renewed before the first word of the other room has both requests answered in turn', () => {
  const world = threeRooms()
  world.close('B')
  const requests = [1, 2, 3].map(() => world.put('CohostInviteRequested', 'A', request))
  world.tell('A', 'B', 'offered', 'e4', { number: 2, expiresAt: 1_030_500, name: 'Bea' })
  assert.deepEqual(
    requests.map((id) => said(world.outcomes.get(id))),
    [[200, 'invited'], [200, 'invited'], undefined],
  )
  const [invite] = world.room('A').invites
  assert.deepEqual(invite?.open, [{ requestId: requests[2], number: 3, at: 1_000_000 }])
  assert.deepEqual([invite?.offeredNumber, invite?.expiresAt, invite?.inviteeName], [2, 1_030_500, 'Bea'])
  world.tell('A', 'B', 'declined', 'e4', { number: 3, code: 3020 })
  assert.deepEqual(said(world.outcomes.get(requests[2] ?? '')), [
    3020,
    "the invitee's room is in a session or reserved for one",
  ])
  assert.equal(world.room('A').invites.length, 1)
})

test('a declined first number leaves the invite as long as a later request of it waits', () => {
  const world = threeRooms()
  world.close('B')
  const requests = [1, 2].map(() => world.put('CohostInviteRequested', 'A', request))
  world.tell('A', 'B', 'declined', 'e4', { number: 1, code: 2002 })
  assert.deepEqual(
    requests.map((id) => said(world.outcomes.get(id))),
    [[2002, 'the invitee is not the broadcaster of that room'], undefined],
  )
  assert.deepEqual(world.room('A').invites[0]?.open, [{ requestId: requests[1], number: 2, at: 1_000_000 }])
  world.tell('A', 'B', 'declined', 'e4', { number: 2, code: 1 })
  assert.deepEqual(said(world.outcomes.get(requests[1] ?? '')), [1, 'the request was refused'])
  assert.deepEqual([world.room('A').invites, world.deadlines('A')], [[], ['grace in 180000']])
})

test('an answer to an offer touches the invite that it names alone', () => {
  const world = threeRooms()
  for (const room of ['B', 'C']) world.close(room)
  const first = world.put('CohostInviteRequested', 'A', request)
  const second = world.put('CohostInviteRequested', 'A', { ...request, inviteeUid: 'uC', inviteeRoomId: 'C' })
  world.tell('A', 'C', 'offered', second, { number: 1, expiresAt: 1_030_000, name: '' })
  assert.deepEqual([world.outcomes.has(first), world.outcomes.has(second)], [false, true])
  assert.equal(world.room('A').invites.find(({ sessionId }) => sessionId === second)?.inviteeName, 'uC')
  const third = world.put('CohostInviteRequested', 'A', { ...request, inviteeUid: 'uX', inviteeRoomId: 'C' })
  world.tell('A', 'C', 'declined', third, { number: 1, code: 2002 })
  assert.deepEqual([world.outcomes.has(first), world.outcomes.has(third)], [false, true])
})

test('a name that the request gave is not replaced by that of the room', () => {
  const world = threeRooms()
  world.ask('CohostInviteRequested', 'A', { ...request, inviteeName: 'Bea' })
  assert.equal(world.room('A').invites[0]?.inviteeName, 'Bea')
  assert.equal(world.room('B').noted[0]?.inviteeName, 'Bea')
})

test('an answer to an offer that is known already, or of no invite, changes nothing', () => {
  const world = threeRooms()
  ask(world, {})
  const before = world.room('A')
  world.tell('A', 'B', 'offered', 'e4', { number: 1, expiresAt: 9, name: 'other' })
  assert.equal(world.why(), 'offered: known')
  world.tell('A', 'B', 'offered', 'e9', { number: 1, expiresAt: 9, name: 'other' })
  assert.equal(world.why(), 'offered: no such invite')
  world.tell('A', 'B', 'declined', 'e9', { number: 1, code: 3020 })
  assert.equal(world.why(), 'declined: no such invite')
  assert.deepEqual(world.room('A'), before)
})

test('an offer that comes again is answered again, and pushed once', () => {
  const world = threeRooms()
  ask(world, {})
  const [offer] = world.sent.splice(0)
  assert.ok(offer?.kind === 'offer' && offer.terms !== null)
  assert.deepEqual(offer.terms, {
    sessionId: 'e4',
    ownerRoomId: 'A',
    peerRoomId: 'B',
    inviterUid: 'uA',
    inviterName: 'name-uA',
    inviterRoomId: 'A',
    inviterType: 2,
    inviteeUid: 'uB',
    inviteeName: 'uB',
    inviteeRoomId: 'B',
    inviteeType: 2,
    type: 'side_by_side',
    agreedAt: 0,
  })
  world.seen()
  for (const number of [1, 0]) {
    world.tell('B', 'A', 'offer', 'e4', { number, terms: offer.terms, expiresAt: 1_040_000 })
    const [answer, ...others] = world.sent.splice(0)
    assert.deepEqual(
      [answer?.kind, answer?.roomId, answer?.fromRoomId, answer?.number, answer?.expiresAt, answer?.name],
      ['offered', 'A', 'B', number, 1_030_000, 'name-uB'],
    )
    assert.deepEqual(others, [])
  }
  assert.deepEqual(world.seen(), [])
  assert.equal(world.room('B').noted[0]?.expiresAt, 1_030_000)
})

test('an offer without terms or expiry changes nothing', () => {
  const world = threeRooms()
  ask(world, {})
  const terms = world.sent[0]?.terms ?? null
  const before = world.room('B')
  world.tell('B', 'A', 'offer', 'e9', { number: 1, expiresAt: 1_040_000 })
  assert.equal(world.why(), 'offer without terms')
  world.tell('B', 'A', 'offer', 'e9', { number: 1, terms })
  assert.equal(world.why(), 'offer without terms')
  assert.deepEqual(world.room('B'), before)
})

test('at most so many invites of others are noted in a room, and a renewal is none of them', () => {
  const world = new World({ maxInvites: 1 })
  for (const room of ['A', 'B', 'C']) world.create(room)
  assert.equal(world.invite('A', { uid: 'uB', roomId: 'B' })?.code, 200)
  assert.equal(world.invite('C', { uid: 'uB', roomId: 'B' })?.code, 3020)
  assert.equal(world.invite('A', { uid: 'uB', roomId: 'B' })?.code, 200)
  assert.deepEqual(said(world.invite('A', { uid: 'v' })), [3020, 'too many invites wait in this room'])
  assert.deepEqual(
    world.room('B').noted.map(({ sessionId, number }) => [sessionId, number]),
    [['e4', 2]],
  )
})

test('several invites of different rooms are noted side by side, and each is withdrawn by itself', () => {
  const world = threeRooms()
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.invite('C', { uid: 'uB', roomId: 'B' })
  world.invite('A', { uid: 'uB', roomId: 'B' })
  assert.deepEqual(
    world.room('B').noted.map(({ sessionId, ownerRoomId, number }) => [sessionId, ownerRoomId, number]),
    [
      ['e5', 'C', 1],
      ['e4', 'A', 2],
    ],
  )
  world.tell('B', 'A', 'withdrawn', 'e4', { number: 1, cause: 'expired' })
  assert.equal(world.why(), 'withdrawn: not noted', 'an older number than the one that was noted')
  world.tell('B', 'A', 'withdrawn', 'e9', { number: 1, cause: 'expired' })
  assert.equal(world.why(), 'withdrawn: not noted')
  assert.equal(cancel(world, 'uA', null)?.code, 200)
  assert.deepEqual(
    world.room('B').noted.map(({ sessionId }) => sessionId),
    ['e5'],
  )
})

test('an invite is not renewed while it is being agreed to, and others still can be made', () => {
  const world = threeRooms()
  // The higher of the two rooms is not locked while it waits for the lower.
  world.invite('C', { uid: 'uA', roomId: 'A' })
  world.close('A')
  world.put('CohostFeedbackRequested', 'C', { inviterUid: 'uC', inviteeUid: 'uA', status: 1 })
  assert.equal(world.room('C').lock, null)
  assert.deepEqual(said(world.invite('C', { uid: 'uA', roomId: 'A' })), [3020, 'this invite is being agreed to'])
  assert.deepEqual(said(world.invite('C', { uid: 'uB', roomId: 'B' })), [200, 'invited'])
  assert.deepEqual(said(world.invite('C', { uid: 'uB', roomId: 'B' })), [200, 'invited'])
})

test('an invite of a broadcaster goes to the invitee alone, in his own room', () => {
  const world = new World()
  world.create('A')
  world.create('B')
  const outcome = world.invite('A', { uid: 'uB', roomId: 'B' })
  assert.equal(outcome?.code, 200)
  assert.ok(outcome?.sessionId)
  assert.deepEqual(
    world.pushes.map(({ room, to, record }) => ({ room, to, record })),
    [
      {
        room: 'B',
        to: 'uB',
        record: {
          ...world.pushes[0]?.record,
          sessionId: outcome.sessionId,
          inviterUid: 'uA',
          inviterName: 'name-uA',
          type: 'side_by_side',
          inviterType: 2,
          liveRoomId: 'A',
          expiresAt: world.now + 30_000,
        },
      },
    ],
  )
})

test('an invite of or to a viewer is pushed in the room that is watched', () => {
  const world = new World()
  world.create('A')
  world.invite('A', { uid: 'viewer' })
  world.apply('A', 'other')
  assert.deepEqual(world.seen(), ['A>viewer CohostInvited', 'A>uA CohostInvited'])
})

test('the same pair again renews the invite: same session, pushed again', () => {
  for (const invitee of [{ uid: 'uB', roomId: 'B' }, { uid: 'viewer' }]) {
    const world = new World()
    world.create('A')
    world.create('B')
    const first = world.invite('A', invitee)
    world.pass(20_000)
    const second = world.invite('A', invitee)
    assert.equal(second?.sessionId, first?.sessionId)
    world.pass(20_000)
    assert.deepEqual(
      world.seen().map((line) => line.split(' ')[1]),
      ['CohostInvited', 'CohostInvited'],
    )
    world.pass(10_000)
    assert.deepEqual(
      world.seen().map((line) => line.split(' ')[1]),
      ['InviteExpired', 'InviteExpired'],
    )
  }
})

test('who is named as a broadcaster must own the room, which must exist', () => {
  const world = new World()
  world.create('A')
  world.create('B')
  const asUser = (inviterUid: string): number | undefined =>
    world.ask('CohostInviteRequested', 'A', {
      inviterUid,
      inviterName: null,
      inviteeUid: 'x',
      inviteeName: null,
      inviteeRoomId: null,
      type: 'side_by_side',
      inviterType: 2,
    })?.code
  assert.equal(asUser('uB'), 2002)
  assert.equal(asUser('uA'), 200)
  assert.equal(world.invite('A', { uid: 'uX', roomId: 'B' })?.code, 2002)
  assert.equal(world.invite('A', { uid: 'uC', roomId: 'C' })?.code, 2003)
  assert.equal(world.invite('Z', { uid: 'uB', roomId: 'B' })?.code, 2003)
  world.leave('B')
  assert.equal(world.invite('A', { uid: 'uB', roomId: 'B' })?.code, 2003)
  assert.ok(!world.rooms.get('A')?.invites.some(({ inviteeRoomId }) => inviteeRoomId !== null))
})

test('at most 200 invites wait in a room', () => {
  const world = new World()
  world.create('A')
  for (let index = 0; index < 200; index += 1) assert.equal(world.apply('A', `v${index}`)?.code, 200)
  assert.equal(world.apply('A', 'one-more')?.code, 3020)
  assert.equal(world.apply('A', 'v7')?.code, 200)
})
