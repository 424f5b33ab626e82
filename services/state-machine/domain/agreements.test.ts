import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agreed, feedback, invited, noInvite, taken, terms } from './testing/agreement.ts'
import { said, World } from './testing/world.ts'

test('a refusal reaches the inviter alone, and the invite is gone', () => {
  const world = new World()
  world.create('A')
  world.create('B')
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.seen()
  assert.equal(world.answer('A', 'uA', 'uB', 2)?.code, 200)
  assert.deepEqual(world.seen(), ['A>uA CohostRefused'])
  assert.equal(world.answer('A', 'uA', 'uB', 2)?.code, 3404)
  assert.equal(world.answer('A', 'uA', 'uB', 1)?.code, 3404)
  assert.deepEqual(world.room('B').noted, [])
})

test('an agreement reserves both rooms; the inviter alone gets the push address, the invitee gets his own', () => {
  for (const [a, b] of [
    ['A', 'B'],
    ['B', 'A'],
  ] as const) {
    const world = new World()
    for (const room of [a, b]) world.create(room)
    world.invite(a, { uid: `u${b}`, roomId: b })
    world.seen()
    const outcome = world.answer(a, `u${a}`, `u${b}`, 1)
    assert.equal(outcome?.code, 200)
    assert.deepEqual(outcome?.cohost, {
      inviterPlayUrl: `http://play/${a}.flv`,
      inviterRoomId: a,
      inviteeRoomId: b,
      rtmpUrl: `rtmp://push/${b}?at=${world.now}`,
    })
    const [agreed, ...others] = world.pushes.splice(0)
    assert.deepEqual(others, [])
    assert.ok(agreed?.type === 'CohostAgreed' && 'rtmpUrl' in agreed.record)
    assert.deepEqual([agreed.room, agreed.to, agreed.record.rtmpUrl], [a, `u${a}`, `rtmp://push/${a}?at=${world.now}`])
    assert.equal(world.room(a).lock, world.room(b).lock)
    // The same answer again, and nothing pushed.
    assert.deepEqual(world.answer(a, `u${a}`, `u${b}`, 1)?.cohost, outcome.cohost)
    assert.deepEqual(world.seen(), [])
  }
})

test('a room that is in a session takes no invite and no second agreement', () => {
  const world = new World()
  world.create('C')
  world.invite('C', { uid: 'uB', roomId: 'B' })
  world.agreedPair()
  world.invite('C', { uid: 'uA', roomId: 'A' })
  assert.equal(world.invite('A', { uid: 'uC', roomId: 'C' })?.code, 3020)
  assert.equal(world.invite('C', { uid: 'uB', roomId: 'B' })?.code, 3020)
  assert.equal(world.apply('B', 'viewer')?.code, 3020)
})

test('other invites of the two rooms are refused at the agreement, invites elsewhere meet 3020', () => {
  const world = new World()
  for (const room of ['A', 'B', 'C']) world.create(room)
  world.apply('A', 'viewerA')
  world.apply('B', 'viewerB')
  world.invite('A', { uid: 'uC', roomId: 'C' })
  world.invite('C', { uid: 'uB', roomId: 'B' })
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.seen()
  world.answer('A', 'uA', 'uB', 1)
  assert.deepEqual(world.seen().toSorted(), [
    'A>uA CohostAgreed',
    'A>uA CohostRefused',
    'A>viewerA CohostRefused',
    'B>viewerB CohostRefused',
  ])
  assert.deepEqual(world.room('C').noted, [])
  assert.equal(world.answer('C', 'uC', 'uB', 1)?.code, 3020)
  assert.equal(world.room('C').lock, null)
})

test('a broadcaster who is invited without a name is called by the name of his room', () => {
  const world = new World()
  world.agreedPair()
  const agreed = world.pushes.find(({ type }) => type === 'CohostAgreed')
  assert.ok(agreed !== undefined && 'inviteeName' in agreed.record)
  assert.equal(agreed.record.inviteeName, 'name-uB')
})

test('an agreement gives the same session to both rooms, and push 2 to the inviter', () => {
  const world = invited()
  const request = feedback(world, 'A', 'uA', 'uB')
  assert.deepEqual(world.told(), ['reserve→B e4.1', 'reserved→A e4.1', 'confirm→B e4.1'])
  const [push] = world.pushes
  assert.deepEqual(world.pushed(), [
    {
      is: 'CohostAgreed',
      roomId: 'A',
      toUid: 'uA',
      endReason: null,
      actor: 'uB',
      sessionId: 'e4',
      inviteeUid: 'uB',
      inviteeName: 'name-uB',
      inviteeRoomId: 'B',
      inviterRoomId: 'A',
      inviteePlayUrl: 'http://play/B.flv',
      rtmpUrl: 'rtmp://push/A?at=1000000',
      type: 'side_by_side',
      status: 1,
      inviterType: 2,
      inviteeType: 2,
    },
  ])
  const outcome = world.outcomes.get(request)
  assert.deepEqual(said(outcome), agreed)
  assert.deepEqual(outcome?.cohost, {
    inviterPlayUrl: 'http://play/A.flv',
    inviterRoomId: 'A',
    inviteeRoomId: 'B',
    rtmpUrl: 'rtmp://push/B?at=1000000',
  })
  const mix = { generation: 0, state: 'idle', streamNames: [], sent: false, restarts: 0, erring: false }
  const session = {
    attemptId: 'e4.1',
    terms,
    phase: 'agreed',
    ownerReady: false,
    peerReady: false,
    mixes: [
      { mainRoomId: 'A', ...mix },
      { mainRoomId: 'B', ...mix },
    ],
    failures: 0,
    closingRoomId: null,
    closeReason: null,
    closeActor: null,
    sentNumber: 0,
    seenNumber: 0,
    readyNumber: 0,
    agreedEventId: push?.record.eventId,
  }
  assert.deepEqual(world.room('A').session, session)
  assert.deepEqual(world.room('B').session, { ...session, agreedEventId: '' })
  for (const [room, peer] of [
    ['A', 'B'],
    ['B', 'A'],
  ] as const) {
    const { lock, lockPeer, lockedAt, invites, noted, agreements } = world.room(room)
    assert.deepEqual({ lock, lockPeer, lockedAt }, { lock: 'e4.1', lockPeer: peer, lockedAt: 1_000_000 })
    assert.deepEqual([invites, noted, agreements], [[], [], []])
  }
  assert.deepEqual(world.deadlines('A'), ['grace in 180000'])
  world.pass(10_000)
  assert.deepEqual([world.told(), world.seen()], [[], []])
})

test('the parties of a session keep the names that the invite gave them', () => {
  const world = new World()
  for (const room of ['A', 'B']) world.create(room)
  world.put('CohostInviteRequested', 'A', {
    inviterUid: 'uA',
    inviterName: 'Ann',
    inviteeUid: 'uB',
    inviteeName: 'Bea',
    inviteeRoomId: 'B',
    type: 'side_by_side',
    inviterType: 2,
  })
  feedback(world, 'A', 'uA', 'uB')
  for (const room of ['A', 'B']) {
    const known = world.room(room).session?.terms
    assert.deepEqual([known?.inviterName, known?.inviteeName], ['Ann', 'Bea'])
  }
})

test("a party whose name is not known has that of his room, and a nameless room's party keeps his uid", () => {
  for (const [name, expected] of [
    ['Bea', 'Bea'],
    ['', 'uB'],
  ] as const) {
    const world = invited()
    world.close('B')
    feedback(world, 'A', 'uA', 'uB')
    const { agreements } = world.room('A')
    const nameless = agreements.map((one) => ({ ...one, terms: { ...one.terms, inviteeName: 'uB' } }))
    world.rooms.set('A', { ...world.room('A'), agreements: nameless })
    world.tell('A', 'B', 'reserved', 'e4.1', { uid: 'uB', name })
    assert.equal(world.room('A').session?.terms.inviteeName, expected)
  }
})

test('the room with the lower id holds itself at once, the other one only by the word of its peer', () => {
  for (const [owner, peer, lock] of [
    ['A', 'B', 'e4.1'],
    ['B', 'A', null],
  ] as const) {
    const world = invited(owner, peer)
    world.close(peer)
    feedback(world, owner, `u${owner}`, `u${peer}`)
    assert.equal(world.room(owner).lock, lock)
    assert.equal(world.room(owner).session, null)
    assert.deepEqual(world.deadlines(owner).slice(2), ['reserve-again e4.1 in 2000', 'agreement e4.1 in 10000'])
    world.open(peer)
    assert.deepEqual([world.room(owner).lock, world.room(peer).lock], ['e4.1', 'e4.1'])
  }
})

test('an answer to an invite that there is not is refused', () => {
  const world = invited()
  world.apply('A', 'v')
  for (const status of [1, 2] as const) {
    assert.deepEqual(said(world.answer('A', 'uA', 'uC', status)), noInvite)
    assert.deepEqual(said(world.answer('A', 'uC', 'uB', status)), noInvite)
    assert.deepEqual(said(world.answer('A', 'v', 'uB', status)), noInvite)
    assert.deepEqual(said(world.answer('Z', 'uA', 'uB', status)), [2003, 'this room does not exist or has ended'])
  }
  assert.equal(world.room('A').invites.length, 2)
  world.leave('A')
  assert.deepEqual(said(world.answer('A', 'uA', 'uB', 1)), [2003, 'this room does not exist or has ended'])
})

test('a refusal is pushed to the inviter alone, with the name of who refused', () => {
  const world = invited()
  world.apply('A', 'v')
  world.pushed()
  assert.deepEqual(said(world.answer('A', 'uA', 'uB', 2)), [200, 'refused'])
  const refused = { is: 'CohostRefused', roomId: 'A', endReason: 'refused', status: 2 }
  assert.deepEqual(world.pushed(), [
    { ...refused, toUid: 'uA', actor: 'uB', sessionId: 'e4', inviteeUid: 'uB', inviteeName: 'name-uB' },
  ])
  assert.deepEqual(said(world.answer('A', 'v', 'uA', 2)), [200, 'refused'])
  assert.deepEqual(world.pushed(), [
    { ...refused, toUid: 'v', actor: 'uA', sessionId: 'e5', inviteeUid: 'uA', inviteeName: 'name-uA' },
  ])
  assert.deepEqual(world.deadlines('A'), ['grace in 180000'])
})

test('an invite that is being agreed to cannot be refused any more, another one can', () => {
  const world = invited('C', 'A')
  world.apply('C', 'v')
  world.close('A')
  feedback(world, 'C', 'uC', 'uA')
  assert.deepEqual(said(world.answer('C', 'uC', 'uA', 2)), noInvite)
  assert.deepEqual(said(world.answer('C', 'v', 'uC', 2)), [200, 'refused'])
  world.open('A')
  assert.equal(world.room('A').lock, 'e4.1')
})

test('an agreement that is asked for again waits for the first, and has its outcome', () => {
  for (const peerLeaves of [false, true]) {
    const world = invited()
    world.close('B')
    const requests = [1, 2, 3].map(() => feedback(world, 'A', 'uA', 'uB'))
    assert.equal(world.room('A').agreements.length, 1)
    assert.deepEqual(world.room('A').merged, [
      { attemptId: 'e4.1', peerRoomId: 'B', requestId: requests[1], uid: 'uB', at: 1_000_000 },
      { attemptId: 'e4.1', peerRoomId: 'B', requestId: requests[2], uid: 'uB', at: 1_000_000 },
    ])
    if (peerLeaves) world.leave('B')
    world.open('B')
    const expected = peerLeaves ? [2003, "the invitee's room does not exist or has ended"] : agreed
    for (const id of requests) {
      assert.deepEqual(said(world.outcomes.get(id)), expected)
      if (!peerLeaves) assert.equal(world.outcomes.get(id)?.cohost?.rtmpUrl, 'rtmp://push/B?at=1000000')
    }
    assert.deepEqual(world.room('A').merged, [])
  }
})

test('who agrees again has the same answer while the session lives, and none once it is being closed', () => {
  const world = new World()
  world.mixedPair()
  world.pass(5_000)
  const again = world.answer('A', 'uA', 'uB', 1)
  assert.deepEqual(said(again), agreed)
  assert.equal(again?.cohost?.rtmpUrl, 'rtmp://push/B?at=1000000')
  assert.deepEqual(said(world.answer('A', 'uA', 'uC', 1)), noInvite)
  assert.deepEqual(said(world.answer('A', 'uC', 'uB', 1)), noInvite)
  assert.deepEqual(said(world.answer('A', 'uB', 'uC', 1)), noInvite)
  assert.deepEqual(said(world.answer('A', 'uA', 'uB', 2)), noInvite)
  world.closeSession('A', 'B')
  assert.equal(world.room('A').session?.phase, 'stopping')
  assert.deepEqual(said(world.answer('A', 'uA', 'uB', 1)), noInvite)
})

test('an agreement in the other direction has the view of its own caller', () => {
  const world = new World()
  world.agreedPair()
  const outcome = world.answer('A', 'uB', 'uA', 1)
  assert.deepEqual(outcome?.cohost, {
    inviterPlayUrl: 'http://play/B.flv',
    inviterRoomId: 'B',
    inviteeRoomId: 'A',
    rtmpUrl: 'rtmp://push/A?at=1000000',
  })
})

test('a room that is held for somebody else takes no agreement', () => {
  const world = invited('C', 'A')
  world.apply('A', 'v')
  world.close('C')
  feedback(world, 'C', 'uC', 'uA')
  assert.equal(world.room('A').lock, 'e4.1')
  assert.deepEqual(said(world.answer('A', 'v', 'uA', 1)), [3020, 'this room is in a session or reserved for one'])
  assert.deepEqual(world.room('A').agreements, [])
})

test('a failed agreement leaves the invite, and the next attempt has the next number', () => {
  const world = invited()
  world.apply('A', 'v')
  world.invite('C', { uid: 'uB', roomId: 'B' })
  feedback(world, 'C', 'uC', 'uB')
  world.seen()
  assert.deepEqual(said(world.answer('A', 'uA', 'uB', 1)), taken)
  assert.deepEqual(world.room('A').dead, [{ attemptId: 'e4.1', until: 1_600_000 }])
  assert.equal(world.room('A').lock, null)
  world.closeSession('C', 'B')
  world.told()
  assert.deepEqual(said(world.answer('A', 'uA', 'uB', 1)), agreed)
  assert.deepEqual(world.told(), ['reserve→B e4.2', 'reserved→A e4.2', 'confirm→B e4.2'])
  assert.deepEqual([world.room('A').lock, world.room('B').lock], ['e4.2', 'e4.2'])
})

test('attempts of one invite are numbered by themselves', () => {
  const world = invited('C', 'B')
  world.invite('C', { uid: 'uA', roomId: 'A' })
  for (const room of ['A', 'B']) world.close(room)
  feedback(world, 'C', 'uC', 'uB')
  feedback(world, 'C', 'uC', 'uA')
  assert.deepEqual(
    world.room('C').invites.map(({ sessionId, attempt }) => [sessionId, attempt]),
    [
      ['e4', 1],
      ['e5', 1],
    ],
  )
  assert.deepEqual(
    world.room('C').agreements.map(({ attemptId }) => attemptId),
    ['e4.1', 'e5.1'],
  )
})

test('an owner asks again every two seconds, and gives up after ten', () => {
  const world = invited()
  world.close('B')
  const request = feedback(world, 'A', 'uA', 'uB')
  const [first] = world.sent.splice(0)
  world.pass(1_999)
  assert.deepEqual(world.told(), [])
  world.pass(1)
  const [again] = world.sent
  assert.deepEqual(world.told(), ['reserve→B e4.1'])
  assert.deepEqual(
    [again?.terms, first?.terms],
    [
      { ...terms, agreedAt: 0 },
      { ...terms, agreedAt: 0 },
    ],
  )
  world.pass(7_999)
  assert.deepEqual(world.told(), ['reserve→B e4.1', 'reserve→B e4.1', 'reserve→B e4.1'])
  assert.equal(world.outcomes.get(request), undefined)
  world.pass(1)
  assert.deepEqual(said(world.outcomes.get(request)), [3020, 'the other room did not answer in time'])
  assert.ok(world.told().includes('release→B e4.1'))
  assert.deepEqual([world.room('A').lock, world.room('A').agreements], [null, []])
  assert.deepEqual(world.deadlines('A'), ['grace in 170000', 'invite e4 in 20000'])
  assert.equal(world.room('A').invites.length, 1)
})

test('an owner with two agreements on their way asks and gives up for each by itself', () => {
  const world = invited('C', 'B')
  world.invite('C', { uid: 'uA', roomId: 'A' })
  for (const room of ['A', 'B']) world.close(room)
  const one = feedback(world, 'C', 'uC', 'uB')
  world.pass(1_000)
  const other = feedback(world, 'C', 'uC', 'uA')
  world.told()
  world.pass(1_000)
  assert.deepEqual(world.told(), ['reserve→B e4.1'])
  world.pass(1_000)
  assert.deepEqual(world.told(), ['reserve→A e5.1'])
  world.pass(7_000)
  assert.deepEqual([world.outcomes.has(one), world.outcomes.has(other)], [true, false])
  assert.deepEqual(
    world.room('C').agreements.map(({ attemptId }) => attemptId),
    ['e5.1'],
  )
  assert.deepEqual(world.deadlines('C').slice(1), [
    'invite e4 in 20000',
    'invite e5 in 20000',
    'agreement e5.1 in 1000',
    'reserve-again e5.1 in 1000',
  ])
})

test('an answer of the other room settles the agreement that it names alone', () => {
  for (const [kind, body] of [
    ['busy', { code: 3020 }],
    ['joined', { subject: 'e9.1' }],
  ] as const) {
    const world = invited('C', 'B')
    world.invite('C', { uid: 'uA', roomId: 'A' })
    for (const room of ['A', 'B']) world.close(room)
    feedback(world, 'C', 'uC', 'uB')
    feedback(world, 'C', 'uC', 'uA')
    world.tell('C', 'A', kind, 'e5.1', body)
    assert.deepEqual(
      world.room('C').agreements.map(({ attemptId }) => attemptId),
      ['e4.1'],
    )
    world.tell('C', 'A', kind, 'e5.1', body)
    assert.equal(world.why(), `${kind}: decided`)
  }
})

test('an invite that ran out while it was being agreed to runs out when the agreement has failed', () => {
  const world = invited()
  world.apply('A', 'v')
  world.pass(20_000)
  world.close('B')
  feedback(world, 'A', 'uA', 'uB')
  world.seen()
  world.pass(9_999)
  assert.deepEqual(world.seen(), [])
  world.pass(1)
  const ran = world.pushes.filter(({ type, to }) => type === 'InviteExpired' && to === 'uA')
  assert.deepEqual(
    ran.map(({ record }) => 'liveRoomId' in record && [record.sessionId, record.endReason, record.actor]),
    [
      ['e5', 'expired', 'clock'],
      ['e4', 'expired', 'clock'],
    ],
  )
  assert.deepEqual(world.room('A').invites, [])
})

test('at an agreement the other agreements of the room fail, and their invites are refused', () => {
  const world = invited('C', 'B')
  world.invite('C', { uid: 'uA', roomId: 'A' })
  world.close('A')
  const other = feedback(world, 'C', 'uC', 'uA')
  world.seen()
  feedback(world, 'C', 'uC', 'uB')
  assert.deepEqual(said(world.outcomes.get(other)), taken)
  const refused = world.pushes.find(({ type }) => type === 'CohostRefused')?.record
  assert.ok(refused !== undefined && 'endReason' in refused)
  assert.deepEqual([refused.endReason, refused.actor], ['superseded', 'uB'])
  assert.deepEqual(world.seen(), ['C>uC CohostAgreed', 'C>uC CohostRefused'])
  assert.deepEqual([world.room('C').agreements, world.room('C').invites], [[], []])
  assert.deepEqual(
    world.sent.filter(({ kind }) => kind === 'withdrawn').map(({ roomId, cause }) => [roomId, cause]),
    [['A', 'superseded']],
  )
  world.open('A')
  assert.deepEqual([world.room('A').lock, world.room('A').noted], [null, []])
})

test('an invite that ran out while it was being agreed to is not refused as well', () => {
  const world = invited('C', 'A')
  world.pass(5_000)
  world.invite('C', { uid: 'uB', roomId: 'B' })
  world.pass(24_000)
  world.close('A')
  feedback(world, 'C', 'uC', 'uA')
  world.pass(2_000)
  world.seen()
  feedback(world, 'C', 'uC', 'uB')
  assert.deepEqual(world.seen(), ['C>uC CohostAgreed', 'C>uC InviteExpired'])
})

test('a failed agreement looks at the expiry of its own invite, not of another that is being agreed to', () => {
  const world = invited('C', 'B')
  world.pass(5_000)
  world.invite('C', { uid: 'uA', roomId: 'A' })
  world.pass(20_000)
  for (const room of ['A', 'B']) world.close(room)
  feedback(world, 'C', 'uC', 'uB')
  feedback(world, 'C', 'uC', 'uA')
  world.pass(6_000)
  world.seen()
  world.tell('C', 'A', 'busy', 'e5.1', { code: 3020 })
  assert.deepEqual(world.seen(), [])
  assert.deepEqual(
    world.room('C').invites.map(({ sessionId }) => sessionId),
    ['e4', 'e5'],
  )
})

test('an agreement gives up at its own deadline, though an older one is on its way', () => {
  const world = invited('C', 'B')
  world.invite('C', { uid: 'uA', roomId: 'A' })
  for (const room of ['A', 'B']) world.close(room)
  feedback(world, 'C', 'uC', 'uB')
  feedback(world, 'C', 'uC', 'uA')
  const deadline = world.room('C').timers.find(({ kind, subject }) => kind === 'agreement' && subject === 'e5.1')
  world.put('TimerFired', 'C', { timer: 'agreement', subject: 'e5.1', generation: deadline?.generation ?? 0 })
  assert.deepEqual(
    world.room('C').agreements.map(({ attemptId }) => attemptId),
    ['e4.1'],
  )
})
