import assert from 'node:assert/strict'
import { test } from 'node:test'
import { said, World } from './testing/world.ts'

test('a created live has its state in full, and its broadcaster learns where to push', () => {
  const world = new World()
  const outcome = world.ask('LiveCreateRequested', 'A', { uid: 'uA', name: 'Ann', description: 'cooking' })
  assert.deepEqual(outcome, {
    eventId: 'e1.1',
    roomId: 'A',
    occurredAt: 1_000_000,
    requestId: 'e1',
    code: 200,
    message: 'created',
    sessionId: null,
    live: {
      uid: 'uA',
      name: 'Ann',
      roomId: 'A',
      description: 'cooking',
      status: 0,
      type: 2,
      isMixReady: false,
      isMixed: false,
      rtmpUrl: 'rtmp://push/A?at=1000000',
    },
    cohost: null,
  })
  assert.deepEqual(world.room('A'), {
    eventId: 'e1',
    roomId: 'A',
    occurredAt: 1_000_000,
    inputPos: 1,
    uid: 'uA',
    name: 'Ann',
    description: 'cooking',
    type: 2,
    status: 0,
    mixReady: false,
    mixed: false,
    createdAt: 1_000_000,
    endedAt: null,
    endReason: null,
    streamTime: null,
    timers: [{ kind: 'grace', subject: '', at: 1_180_000, generation: 1 }],
    timerGeneration: 1,
    invites: [],
    noted: [],
    lock: null,
    lockPeer: null,
    lockedAt: null,
    readyWhenLocked: false,
    agreements: [],
    merged: [],
    session: null,
    dead: [],
    lateStops: [],
    outbox: [],
    recentInputs: ['e1'],
    likes: 0,
    likePos: 0,
  })
})

test('a broadcaster without a name is called by his uid', () => {
  const world = new World()
  world.put('LiveCreateRequested', 'A', { uid: 'uA', name: null, description: null })
  assert.equal(world.room('A').name, 'uA')
})

test('a room that exists is not created again', () => {
  const world = new World()
  world.create('A')
  world.publish('A')
  const again = { uid: 'other', name: null, description: null }
  assert.deepEqual(said(world.ask('LiveCreateRequested', 'A', again)), [3020, 'this room exists already'])
  world.leave('A')
  assert.deepEqual(said(world.ask('LiveCreateRequested', 'A', again)), [3020, 'this room exists already'])
  assert.deepEqual([world.room('A').uid, world.room('A').status], ['uA', 2])
})

test('a room that was kept only to answer others is created like any, and is not forgotten', () => {
  const world = new World()
  for (const room of ['C', 'B']) world.create(room)
  world.invite('B', { uid: 'uA', roomId: 'A' })
  assert.deepEqual(world.deadlines('A'), ['tombstone in 60000'])
  world.create('A')
  assert.deepEqual(world.deadlines('A'), ['grace in 180000'])
  world.publish('A')
  world.pass(60_000)
  assert.equal(world.room('A').status, 1)
})

test('a room that never was is forgotten when it has answered what others asked', () => {
  const world = new World()
  world.create('B')
  world.invite('B', { uid: 'uA', roomId: 'A' })
  world.pass(30_000)
  world.invite('B', { uid: 'uA', roomId: 'A' })
  assert.deepEqual(world.deadlines('A'), ['tombstone in 30000'])
  world.pass(30_000)
  assert.ok(!world.rooms.has('A'))
})

test('a room that never was remembers what it is told until it is forgotten', () => {
  const world = new World()
  world.create('B')
  world.invite('B', { uid: 'uA', roomId: 'A' })
  world.pass(10_000)
  world.tell('A', 'B', 'release', 'e9.1')
  assert.deepEqual(world.room('A').dead, [{ attemptId: 'e9.1', until: 1_610_000 }])
  assert.deepEqual(world.deadlines('A'), ['tombstone in 50000'])
})

test('leaving a live ends it by its broadcaster, and leaving again changes nothing', () => {
  const world = new World()
  world.create('A')
  world.pass(500)
  assert.deepEqual(said(world.leave('A')), [200, 'ended'])
  assert.deepEqual(world.pushed(), [{ is: 'LiveEnded', roomId: 'A', toUid: null, endReason: 'request', actor: 'uA' }])
  const { status, mixReady, endedAt, endReason } = world.room('A')
  assert.deepEqual(
    { status, mixReady, endedAt, endReason },
    { status: 2, mixReady: false, endedAt: 1_000_500, endReason: 'request' },
  )
  assert.deepEqual(world.deadlines('A'), ['tombstone in 60000'])
  world.pass(100)
  assert.deepEqual(said(world.leave('A')), [200, 'ended'])
  assert.deepEqual(world.pushed(), [])
  assert.equal(world.room('A').endedAt, 1_000_500)
})

test('a live that ends by its grace says that the clock ended it', () => {
  const world = new World()
  world.create('A')
  world.pass(180_000)
  assert.deepEqual(world.pushed(), [
    { is: 'LiveEnded', roomId: 'A', toUid: null, endReason: 'grace-expired', actor: 'clock' },
  ])
  assert.equal(world.room('A').endReason, 'grace-expired')
})

test('leaving a room that does not exist, or that belongs to a viewer, is refused', () => {
  const world = new World()
  assert.deepEqual(said(world.leave('Z')), [2003, 'this room does not exist'])
  assert.ok(!world.rooms.has('Z'))
  const system = world.agreedViewer()
  assert.deepEqual(said(world.leave(system)), [2003, 'this room does not exist'])
  assert.equal(world.room(system).status, 10)
})

test('the end of a room answers every request that waits in it', () => {
  const world = new World()
  for (const room of ['A', 'B', 'C']) world.create(room)
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.invite('A', { uid: 'viewer' })
  world.close('B')
  world.close('C')
  const agree = { inviterUid: 'uA', inviteeUid: 'uB', status: 1 }
  const agreement = world.put('CohostFeedbackRequested', 'A', agree)
  const repeat = world.put('CohostFeedbackRequested', 'A', agree)
  world.seen()
  assert.deepEqual(said(world.leave('A')), [200, 'ended'])
  for (const request of [agreement, repeat])
    assert.deepEqual(said(world.outcomes.get(request)), [2003, 'the room has ended'])
  assert.deepEqual(world.seen(), ['A LiveEnded'])
  assert.deepEqual(
    world.sent.filter(({ kind }) => kind === 'withdrawn').map(({ roomId, cause, actor }) => [roomId, cause, actor]),
    [['B', 'room-ended', 'uA']],
  )
  const { invites, agreements, merged, lock } = world.room('A')
  assert.deepEqual({ invites, agreements, merged, lock }, { invites: [], agreements: [], merged: [], lock: null })
  assert.deepEqual(world.deadlines('A'), ['tombstone in 60000'])
  for (const room of ['B', 'C']) world.open(room)
  assert.deepEqual(world.room('B').noted, [])
  assert.equal(world.room('B').lock, null)
})

test('the end of a room answers who agreed to an invite while the room was held for the crossing one', () => {
  const world = new World()
  for (const room of ['A', 'B']) world.create(room)
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.invite('B', { uid: 'uA', roomId: 'A' })
  world.close('B')
  world.put('CohostFeedbackRequested', 'B', { inviterUid: 'uB', inviteeUid: 'uA', status: 1 })
  const merged = world.put('CohostFeedbackRequested', 'A', { inviterUid: 'uA', inviteeUid: 'uB', status: 1 })
  assert.equal(world.outcomes.get(merged), undefined)
  world.leave('A')
  assert.deepEqual(said(world.outcomes.get(merged)), [2003, 'the room has ended'])
  assert.deepEqual(world.room('A').merged, [])
})

test('the end of a room refuses an invite whose offer is still on its way', () => {
  const world = new World()
  for (const room of ['A', 'B']) world.create(room)
  world.close('B')
  const request = world.put('CohostInviteRequested', 'A', {
    inviterUid: 'uA',
    inviterName: null,
    inviteeUid: 'uB',
    inviteeName: null,
    inviteeRoomId: 'B',
    type: 'side_by_side',
    inviterType: 2,
  })
  assert.equal(world.outcomes.get(request), undefined)
  world.leave('A')
  assert.deepEqual(said(world.outcomes.get(request)), [2003, 'the room has ended'])
})

test('the end of a room forgets what others have offered to it', () => {
  const world = new World()
  for (const room of ['A', 'B']) world.create(room)
  world.invite('A', { uid: 'uB', roomId: 'B' })
  assert.equal(world.room('B').noted.length, 1)
  world.leave('B')
  assert.deepEqual(world.room('B').noted, [])
})

test('a session ends with its room, and says whether the broadcaster or the clock ended it', () => {
  for (const [how, endReason, actor] of [
    ['leave', 'room-ended', 'uB'],
    ['grace', 'grace-expired', 'clock'],
  ] as const) {
    for (const [owner, peer] of [
      ['A', 'B'],
      ['B', 'A'],
    ] as const) {
      const world = new World()
      world.agreedPair(owner, peer)
      world.interrupt('B')
      world.seen()
      if (how === 'leave') world.leave('B')
      else world.pass(180_000)
      const ended = {
        is: 'CohostEnded',
        toUid: null,
        endReason,
        actor,
        sessionId: world.sessionId,
        closingRoomId: 'B',
        uid: 'uB',
        name: 'name-uB',
        notifiedRoomId: 'A',
        notifiedUid: 'uA',
        notifiedName: 'name-uA',
      }
      const last = how === 'leave' ? 'request' : 'grace-expired'
      assert.deepEqual(world.pushed(), [
        { ...ended, roomId: 'B' },
        { is: 'LiveEnded', roomId: 'B', toUid: null, endReason: last, actor },
        { ...ended, roomId: 'A' },
      ])
      assert.equal(world.room('A').lock, null)
    }
  }
})

test("a viewer's room that gets no stream ends with its session, without 8", () => {
  const world = new World()
  const system = world.agreedViewer()
  world.seen()
  assert.deepEqual(
    world.deadlines(system).filter((line) => line.startsWith('grace')),
    ['grace in 180000'],
  )
  world.pass(180_000)
  assert.deepEqual(world.seen(), ['A CohostEnded'])
  assert.deepEqual([world.room(system).status, world.room(system).endReason], [2, 'grace-expired'])
  assert.equal(world.room('A').lock, null)
})

test('an ended room is remembered as long as something depends on it', () => {
  const needed = new World({ mixTimeoutMs: 100_000 })
  needed.mixedPair()
  needed.leave('A')
  needed.pass(60_000)
  assert.deepEqual(
    needed.deadlines('A').filter((line) => line.startsWith('tombstone')),
    ['tombstone in 2000'],
  )
  for (const room of ['A', 'B']) needed.answerMix(room, 'stop')
  needed.pass(1_999)
  assert.ok(needed.rooms.has('A'))
  needed.pass(1)
  assert.ok(!needed.rooms.has('A'))

  const late = new World({ mixTimeoutMs: 100_000 })
  late.mixedPair()
  late.leave('B')
  late.pass(60_000)
  assert.deepEqual([late.room('B').session, late.room('B').lateStops.length], [null, 1])
  late.answerMix('B', 'stop')
  late.pass(2_000)
  assert.ok(!late.rooms.has('B'))

  const silent = new World()
  silent.create('A')
  silent.leave('A')
  const [message] = ((): World['sent'] => {
    const other = new World()
    other.create('A')
    other.invite('A', { uid: 'uB', roomId: 'B' })
    return other.sent
  })()
  assert.ok(message !== undefined)
  silent.rooms.set('A', { ...silent.room('A'), outbox: [message] })
  silent.pass(60_000)
  assert.ok(silent.rooms.has('A'), 'a message of it is not sent yet')
})

test('a deadline that the state should not have does no harm to a room that lives', () => {
  const world = new World()
  world.create('A')
  world.publish('A')
  world.seen()
  for (const timer of ['tombstone', 'grace'] as const) {
    world.rooms.set('A', { ...world.room('A'), timers: [{ kind: timer, subject: '', at: 0, generation: 9 }] })
    world.put('TimerFired', 'A', { timer, subject: '', generation: 9 })
    assert.deepEqual([world.room('A').status, world.deadlines('A'), world.seen()], [1, [], []])
  }
})

test('an ended room does not end again', () => {
  const world = new World()
  world.create('A')
  world.leave('A')
  world.seen()
  world.rooms.set('A', { ...world.room('A'), timers: [{ kind: 'grace', subject: '', at: 0, generation: 9 }] })
  world.put('TimerFired', 'A', { timer: 'grace', subject: '', generation: 9 })
  assert.deepEqual([world.room('A').endReason, world.seen()], ['request', []])
})

test('a live is created, published, interrupted and ended by its broadcaster', () => {
  const world = new World()
  world.create('A')
  assert.equal(world.room('A').status, 0)
  world.publish('A')
  world.publish('A')
  assert.deepEqual(world.seen(), ['A StreamPublished'])
  world.interrupt('A')
  world.interrupt('A')
  assert.deepEqual(world.seen(), ['A StreamInterrupted'])
  assert.equal(world.leave('A')?.code, 200)
  assert.equal(world.leave('A')?.code, 200)
  assert.deepEqual(world.seen(), ['A LiveEnded'])
  world.publish('A')
  assert.deepEqual(world.seen(), [])
})

test('a live that does not push within the grace ends, and its state is dropped a minute later', () => {
  const world = new World()
  world.create('A')
  world.pass(179_999)
  assert.deepEqual(world.seen(), [])
  world.pass(1)
  assert.deepEqual(world.seen(), ['A LiveEnded'])
  world.pass(59_999)
  assert.ok(world.rooms.has('A'))
  world.pass(1)
  assert.ok(!world.rooms.has('A'))
})

test('publishing again within the grace keeps the live', () => {
  const world = new World()
  world.create('A')
  world.publish('A')
  world.interrupt('A')
  world.pass(100_000)
  world.publish('A')
  world.pass(1_000_000)
  assert.deepEqual(world.seen(), ['A StreamPublished', 'A StreamInterrupted', 'A StreamPublished'])
})

test('a room that ends before it had a mix has nothing to stop', () => {
  const world = new World()
  world.agreedPair()
  world.leave('B')
  assert.equal(world.commands.length, 0)
  assert.equal(world.room('A').lock, null)
})

test('an ended room does not become ready', () => {
  const world = new World()
  world.create('A')
  world.publish('A')
  world.leave('A')
  world.ready('A')
  assert.equal(world.room('A').mixReady, false)
})

test('a room that was just created is not ready for mixing', () => {
  const world = new World()
  const outcome = world.ask('LiveCreateRequested', 'A', { uid: 'u', name: null, description: 'cooking' })
  assert.deepEqual(outcome?.live, {
    uid: 'u',
    name: 'u',
    roomId: 'A',
    description: 'cooking',
    status: 0,
    type: 2,
    isMixReady: false,
    isMixed: false,
    rtmpUrl: `rtmp://push/A?at=${world.now}`,
  })
})
