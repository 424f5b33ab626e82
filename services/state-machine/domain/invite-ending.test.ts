import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, cancel, request, threeRooms } from './testing/invites.ts'
import { said, World } from './testing/world.ts'

const parties = {
  sessionId: 'e4',
  inviterUid: 'uA',
  inviterName: 'name-uA',
  inviteeUid: 'uB',
  inviteeName: 'name-uB',
  liveRoomId: 'A',
}

test('a refusal that reaches the invitee’s room is no push there', () => {
  const world = threeRooms()
  ask(world, {})
  world.seen()
  world.answer('A', 'uA', 'uB', 2)
  assert.deepEqual(world.seen(), ['A>uA CohostRefused'])
})

test('an invite that runs out is told to both, each in the room where he is', () => {
  const world = threeRooms()
  ask(world, {})
  world.pushed()
  world.pass(30_000)
  const expired = { is: 'InviteExpired', ...parties, endReason: 'expired', actor: 'clock' }
  assert.deepEqual(world.pushed(), [
    { ...expired, roomId: 'A', toUid: 'uA' },
    { ...expired, roomId: 'B', toUid: 'uB' },
  ])
  assert.deepEqual([world.room('A').invites, world.room('B').noted], [[], []])
  assert.deepEqual(world.deadlines('A'), ['grace in 150000'])
})

test("a viewer's invite that runs out is told to both in the room that is watched", () => {
  const world = threeRooms()
  ask(world, { inviteeUid: 'v', inviteeRoomId: null })
  world.pushed()
  world.pass(30_000)
  const expired = {
    is: 'InviteExpired',
    ...parties,
    inviteeUid: 'v',
    inviteeName: 'v',
    roomId: 'A',
    endReason: 'expired',
    actor: 'clock',
  }
  assert.deepEqual(world.pushed(), [
    { ...expired, toUid: 'uA' },
    { ...expired, toUid: 'v' },
  ])
})

test('each invite runs out by itself', () => {
  const world = threeRooms()
  world.apply('A', 'v')
  world.pass(10_000)
  world.apply('A', 'w')
  world.seen()
  world.pass(20_000)
  assert.deepEqual(world.seen(), ['A>v InviteExpired', 'A>uA InviteExpired'])
  assert.deepEqual(
    world.room('A').invites.map(({ inviterUid }) => inviterUid),
    ['w'],
  )
  world.pass(10_000)
  assert.deepEqual(world.seen(), ['A>w InviteExpired', 'A>uA InviteExpired'])
})

test('a cancelled invite is told to the invitee alone', () => {
  const cancelled = { is: 'InviteCancelled', ...parties, endReason: 'cancelled', actor: 'uA' }
  const abroad = threeRooms()
  ask(abroad, {})
  abroad.pushed()
  assert.deepEqual(said(cancel(abroad, 'uA', 'uB')), [200, 'cancelled'])
  assert.deepEqual(abroad.pushed(), [{ ...cancelled, roomId: 'B', toUid: 'uB' }])

  const atHome = threeRooms()
  ask(atHome, { inviteeUid: 'v', inviteeRoomId: null })
  atHome.pushed()
  assert.deepEqual(said(cancel(atHome, 'uA', 'v')), [200, 'cancelled'])
  assert.deepEqual(atHome.pushed(), [{ ...cancelled, inviteeUid: 'v', inviteeName: 'v', roomId: 'A', toUid: 'v' }])
  assert.deepEqual([atHome.room('A').invites, atHome.deadlines('A')], [[], ['grace in 180000']])
})

test('an inviter cancels the invite that he names, or all of his own, and nobody else’s', () => {
  const world = threeRooms()
  for (const inviteeUid of ['v', 'w', 'x']) ask(world, { inviteeUid, inviteeRoomId: null })
  world.apply('A', 'y')
  world.seen()
  assert.deepEqual(said(cancel(world, 'uA', 'y')), [3404, 'there is no such invite'])
  assert.deepEqual(said(cancel(world, 'z', null)), [3404, 'there is no such invite'])
  assert.equal(cancel(world, 'uA', 'w')?.code, 200)
  assert.deepEqual(world.seen(), ['A>w InviteCancelled'])
  assert.equal(cancel(world, 'uA', null)?.code, 200)
  assert.deepEqual(world.seen(), ['A>v InviteCancelled', 'A>x InviteCancelled'])
  assert.deepEqual(
    world.room('A').invites.map(({ inviterUid }) => inviterUid),
    ['y'],
  )
})

test('nothing is cancelled in a room that has ended', () => {
  const world = threeRooms()
  world.leave('A')
  assert.deepEqual(said(cancel(world, 'uA', null)), [2003, 'this room does not exist or has ended'])
})

test('an invite that is being agreed to is not renewed, does not run out, and can be cancelled', () => {
  const world = threeRooms()
  ask(world, {})
  world.apply('A', 'v')
  world.close('B')
  world.pass(25_000)
  world.seen()
  const agreement = world.put('CohostFeedbackRequested', 'A', { inviterUid: 'uA', inviteeUid: 'uB', status: 1 })
  world.pass(6_000)
  assert.deepEqual(world.seen(), ['A>v InviteExpired', 'A>uA InviteExpired'])
  assert.equal(world.room('A').invites.length, 1)
  assert.equal(cancel(world, 'uA', 'uB')?.code, 200)
  assert.deepEqual(said(world.outcomes.get(agreement)), [3404, 'the invite was cancelled'])
  assert.deepEqual([world.room('A').agreements, world.room('A').invites, world.room('A').lock], [[], [], null])
  world.open('B')
  assert.deepEqual([world.room('B').noted, world.room('B').lock], [[], null])
})

test('cancelling one invite leaves the agreement to another one alone', () => {
  const world = threeRooms()
  world.invite('C', { uid: 'uA', roomId: 'A' })
  world.invite('C', { uid: 'uB', roomId: 'B' })
  world.close('A')
  const agreement = world.put('CohostFeedbackRequested', 'C', { inviterUid: 'uC', inviteeUid: 'uA', status: 1 })
  const done = world.ask('CohostCancelRequested', 'C', { inviterUid: 'uC', inviteeUid: 'uB' })
  assert.equal(done?.code, 200)
  assert.equal(world.room('C').agreements.length, 1)
  world.open('A')
  assert.equal(world.outcomes.get(agreement)?.code, 200)
})

test('a request that waits for the other room is answered when its invite ends, with the reason', () => {
  for (const [how, expected] of [
    ['cancel', [3404, 'the invite is gone']],
    ['expiry', [3404, 'the invite is gone']],
    ['agreement', [3020, "the invitee's room is in a session or reserved for one"]],
    ['leave', [2003, 'the room has ended']],
  ] as const) {
    const world = threeRooms()
    world.close('B')
    const waiting = world.put('CohostInviteRequested', 'A', request)
    if (how === 'cancel') cancel(world, 'uA', 'uB')
    if (how === 'expiry') world.pass(30_000)
    if (how === 'leave') world.leave('A')
    if (how === 'agreement') {
      world.invite('A', { uid: 'uC', roomId: 'C' })
      world.answer('A', 'uA', 'uC', 1)
    }
    assert.deepEqual(said(world.outcomes.get(waiting)), expected)
  }
})

test('an invite that ran out while it was being agreed to ends once, by its deadline, when it is cancelled', () => {
  const world = threeRooms()
  world.invite('A', { uid: 'uC', roomId: 'C' })
  world.pass(10_000)
  world.apply('A', 'v')
  world.pass(19_000)
  world.close('C')
  world.put('CohostFeedbackRequested', 'A', { inviterUid: 'uA', inviteeUid: 'uC', status: 1 })
  world.pass(2_000)
  world.pushed()
  assert.deepEqual(said(cancel(world, 'uA', null)), [200, 'cancelled'])
  world.open('C')
  assert.deepEqual(world.seen(), ['A>uA InviteExpired', 'C>uC InviteExpired'])
})

test('an invite that nobody answers expires for both, after its time and not before', () => {
  const world = new World()
  world.create('A')
  world.create('B')
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.seen()
  world.pass(29_999)
  assert.deepEqual(world.seen(), [])
  world.pass(1)
  assert.deepEqual(world.seen().toSorted(), ['A>uA InviteExpired', 'B>uB InviteExpired'])
})

test('only the inviter cancels, and the invitee is told', () => {
  const world = new World()
  world.create('A')
  world.create('B')
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.seen()
  const cancel = (inviterUid: string): number | undefined =>
    world.ask('CohostCancelRequested', 'A', { inviterUid, inviteeUid: null })?.code
  assert.equal(cancel('uB'), 3404)
  assert.equal(cancel('uA'), 200)
  assert.deepEqual(world.seen(), ['B>uB InviteCancelled'])
  assert.equal(cancel('uA'), 3404)
})

test("a viewer's invite that ran out while it was being agreed to is not cancelled as well", () => {
  const world = threeRooms()
  const session = ask(world, { inviteeUid: 'v', inviteeRoomId: null })?.sessionId ?? ''
  world.pass(10_000)
  world.apply('A', 'w')
  world.pass(19_000)
  world.close(`sys${session}x1`)
  world.put('CohostFeedbackRequested', 'A', { inviterUid: 'uA', inviteeUid: 'v', status: 1 })
  world.pass(2_000)
  world.seen()
  assert.equal(cancel(world, 'uA', 'v')?.code, 200)
  assert.deepEqual(world.seen(), ['A>uA InviteExpired', 'A>v InviteExpired'])
})
