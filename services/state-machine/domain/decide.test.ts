import assert from 'node:assert/strict'
import { test } from 'node:test'
import { World } from './testing/world.ts'

const codeOf = (outcome: { readonly code: number } | undefined): number | undefined => outcome?.code

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
  assert.equal(codeOf(world.leave('A')), 200)
  assert.equal(codeOf(world.leave('A')), 200)
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

test('a stream callback that is older than the newest is ignored', () => {
  const world = new World()
  world.create('A')
  world.put('StreamNotified', 'A', { action: 'publish', cloudTime: 2_000 })
  world.put('StreamNotified', 'A', { action: 'publish_done', cloudTime: 1_000 })
  assert.equal(world.room('A').status, 1)
})

test('the same input twice changes nothing the second time', () => {
  const world = new World()
  world.create('A')
  const id = world.put('StreamNotified', 'A', { action: 'publish', cloudTime: null })
  world.interrupt('A')
  world.put('StreamNotified', 'A', { action: 'publish', cloudTime: null }, id)
  assert.equal(world.room('A').status, 0)
  assert.equal(world.ignored.at(-1), 'duplicate')
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
    codeOf(
      world.ask('CohostInviteRequested', 'A', {
        inviterUid,
        inviterName: null,
        inviteeUid: 'x',
        inviteeName: null,
        inviteeRoomId: null,
        type: 'side_by_side',
        inviterType: 2,
      }),
    )
  assert.equal(asUser('uB'), 2002)
  assert.equal(asUser('uA'), 200)
  assert.equal(codeOf(world.invite('A', { uid: 'uX', roomId: 'B' })), 2002)
  assert.equal(codeOf(world.invite('A', { uid: 'uC', roomId: 'C' })), 2003)
  assert.equal(codeOf(world.invite('Z', { uid: 'uB', roomId: 'B' })), 2003)
  world.leave('B')
  assert.equal(codeOf(world.invite('A', { uid: 'uB', roomId: 'B' })), 2003)
  assert.ok(!world.rooms.get('A')?.invites.some(({ inviteeRoomId }) => inviteeRoomId !== null))
})

test('at most 200 invites wait in a room', () => {
  const world = new World()
  world.create('A')
  for (let index = 0; index < 200; index += 1) assert.equal(codeOf(world.apply('A', `v${index}`)), 200)
  assert.equal(codeOf(world.apply('A', 'one-more')), 3020)
  assert.equal(codeOf(world.apply('A', 'v7')), 200)
})

test('a refusal reaches the inviter alone, and the invite is gone', () => {
  const world = new World()
  world.create('A')
  world.create('B')
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.seen()
  assert.equal(codeOf(world.answer('A', 'uA', 'uB', 2)), 200)
  assert.deepEqual(world.seen(), ['A>uA CohostRefused'])
  assert.equal(codeOf(world.answer('A', 'uA', 'uB', 2)), 3404)
  assert.equal(codeOf(world.answer('A', 'uA', 'uB', 1)), 3404)
  assert.deepEqual(world.room('B').noted, [])
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
    codeOf(world.ask('CohostCancelRequested', 'A', { inviterUid, inviteeUid: null }))
  assert.equal(cancel('uB'), 3404)
  assert.equal(cancel('uA'), 200)
  assert.deepEqual(world.seen(), ['B>uB InviteCancelled'])
  assert.equal(cancel('uA'), 3404)
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
  assert.equal(codeOf(world.invite('A', { uid: 'uC', roomId: 'C' })), 3020)
  assert.equal(codeOf(world.invite('C', { uid: 'uB', roomId: 'B' })), 3020)
  assert.equal(codeOf(world.apply('B', 'viewer')), 3020)
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
  assert.equal(codeOf(world.answer('C', 'uC', 'uB', 1)), 3020)
  assert.equal(world.room('C').lock, null)
})

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

test('two broadcasters are mixed when both are ready, each as the main stream of its own room', () => {
  const world = new World()
  world.agreedPair()
  world.seen()
  world.ready('A')
  assert.deepEqual(world.seen().toSorted(), ['A MixAvailable', 'B MixAvailable'])
  assert.equal(world.commands.length, 0)
  world.ready('B')
  world.seen()
  assert.deepEqual(
    world.commands.map(({ type, record }) => `${type} ${record.roomId}<-${record.mixRoomId}`),
    ['StartMix A<-B', 'StartMix B<-A'],
  )
  world.answerMix('A', 'start')
  assert.deepEqual(world.seen(), [])
  world.answerMix('B', 'start')
  const succeeded = world.pushes.splice(0)
  assert.deepEqual(
    succeeded.map(({ room, type }) => `${room} ${type}`),
    ['A MixSucceeded', 'B MixSucceeded'],
  )
  for (const { record } of succeeded) {
    assert.ok('inviterMixPlayUrls' in record)
    assert.deepEqual(record.inviterMixPlayUrls, ['http://play/A_mix360'])
    assert.deepEqual(record.inviteeMixPlayUrls, ['http://play/B_mix360'])
  }
  assert.ok(world.room('A').mixed && world.room('B').mixed)
})

test('rooms that were ready before the agreement are mixed at once', () => {
  const world = new World()
  for (const room of ['A', 'B']) {
    world.create(room)
    world.publish(room)
    world.ready(room)
  }
  assert.ok(world.seen().every((line) => !line.endsWith('MixAvailable')))
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.answer('A', 'uA', 'uB', 1)
  assert.equal(world.commands.length, 2)
})

test('a viewer gets a room of his own, which nobody watches; the broadcaster is the only main stream', () => {
  for (const byViewer of [true, false]) {
    const world = new World()
    world.create('A')
    world.publish('A')
    world.ready('A')
    const session = byViewer ? world.apply('A', 'viewer') : world.invite('A', { uid: 'viewer' })
    world.seen()
    const [inviter, invitee] = byViewer ? ['viewer', 'uA'] : ['uA', 'viewer']
    assert.equal(codeOf(world.answer('A', inviter, invitee, 1)), 200)
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
    assert.equal(codeOf(world.closeSession(system, 'A')), 200)
    world.answerMix('A', 'stop')
    assert.deepEqual(world.seen(), ['A CohostEnded', 'A MixEnded'])
    assert.equal(world.room('A').lock, null)
    assert.equal(world.room(system).status, 2)
    world.pass(60_000)
    assert.ok(!world.rooms.has(system))
    assert.deepEqual(world.seen(), [])
  }
})

test('every status callback of a running mix reaches both rooms, any other nobody', () => {
  const world = new World()
  world.agreedPair()
  world.seen()
  world.status('A', 'B', 'EventMix')
  assert.deepEqual(world.seen(), [])
  for (const room of ['A', 'B']) world.ready(room)
  world.seen()
  world.status('A', 'B', 'EventMix')
  world.status('A', 'C', 'EventMix')
  const [first, ...others] = world.pushes.splice(0)
  assert.deepEqual(
    others.map(({ room, type }) => `${room} ${type}`),
    ['B MixCommandStatus'],
  )
  assert.ok(first !== undefined && 'mainMixRoomId' in first.record)
  const { mainMixRoomId, mixRoomId, mixType, event, message, code, reason } = first.record
  assert.deepEqual(
    { mainMixRoomId, mixRoomId, mixType, event, message, code, reason },
    {
      mainMixRoomId: 'A',
      mixRoomId: 'B',
      mixType: 'channel',
      event: 'EventMix',
      message: '',
      code: 200,
      reason: 'Success',
    },
  )
  world.status('B', 'A', 'MixResult', 'MixStreamNotExist')
  const [failed] = world.pushes.splice(0)
  assert.ok(failed !== undefined && 'mainMixRoomId' in failed.record)
  assert.deepEqual(
    [failed.record.code, failed.record.event, failed.record.reason],
    [3404, 'EventMix', 'MixStreamNotExist'],
  )
  assert.equal(failed.record.message, 'MixStreamNotExist happened')
})

test('closing a mixed session pushes 4 at once, and 15 when every stop is answered', () => {
  for (const [closing, notified] of [
    ['A', 'B'],
    ['B', 'A'],
  ] as const) {
    const world = new World()
    world.mixedPair()
    world.seen()
    assert.equal(codeOf(world.closeSession(closing, notified)), 200)
    assert.deepEqual(world.seen().toSorted(), ['A CohostEnded', 'B CohostEnded'])
    assert.equal(codeOf(world.closeSession(closing, notified)), 200)
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
    assert.equal(codeOf(world.closeSession(closing, notified)), 200)
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
  assert.equal(codeOf(world.invite('A', { uid: 'uB', roomId: 'B' })), 200)
})

test('closing rooms that are in a session with others is refused', () => {
  const world = new World()
  world.agreedPair()
  world.create('C')
  assert.equal(codeOf(world.closeSession('A', 'C')), 3404)
  assert.equal(codeOf(world.closeSession('C', 'A')), 200)
  assert.notEqual(world.room('A').lock, null)
})

test('a refused start gives 14 to both rooms, stops every start, and is tried again at the next MixAvailable', () => {
  const world = new World()
  world.agreedPair()
  for (const room of ['A', 'B']) world.ready(room)
  world.seen()
  world.answerMix('A', 'start')
  world.answerMix('B', 'start', 3400, 'InvalidArgument')
  const failed = world.pushes.splice(0)
  assert.deepEqual(failed.map(({ room, type }) => `${room} ${type}`).toSorted(), ['A MixFailed', 'B MixFailed'])
  assert.ok(failed.every(({ record }) => 'code' in record && record.code === 3400))
  assert.deepEqual(
    world.commands.slice(2).map(({ type, record }) => `${type} ${record.roomId}`),
    ['StopMix A', 'StopMix B'],
  )
  world.ready('A')
  assert.deepEqual(world.seen().toSorted(), ['A MixAvailable', 'B MixAvailable'])
  for (const room of ['A', 'B']) world.answerMix(room, 'start')
  assert.deepEqual(world.seen().toSorted(), ['A MixSucceeded', 'B MixSucceeded'])
})

test('a start without an answer has failed after the timeout; a late success changes nothing', () => {
  const world = new World()
  world.agreedPair()
  for (const room of ['A', 'B']) world.ready(room)
  const late = world.commands.find(({ record }) => record.roomId === 'A')?.record
  world.answerMix('B', 'start')
  world.seen()
  world.pass(20_000)
  assert.deepEqual(world.seen().toSorted(), ['A MixFailed', 'B MixFailed'])
  assert.ok(late !== undefined)
  world.put('MixCommandAnswered', 'A', {
    commandId: late.eventId,
    sessionId: late.sessionId,
    generation: late.generation,
    action: 'start',
    code: 200,
    reason: '',
    message: '',
    streamNames: [],
  })
  assert.deepEqual(world.seen(), [])
  assert.equal(codeOf(world.closeSession('A', 'B')), 200)
  assert.deepEqual(world.seen().toSorted(), ['A CohostEnded', 'B CohostEnded'])
})

test('a room that ends in a mixed session gets 4 and 8 at once, and 15 follows to the room that lives', () => {
  for (const [ending, other] of [
    ['A', 'B'],
    ['B', 'A'],
  ] as const) {
    const world = new World()
    world.mixedPair()
    world.seen()
    world.leave(ending)
    const lines = world.seen()
    assert.deepEqual(
      lines.filter((line) => line.startsWith(ending)),
      [`${ending} CohostEnded`, `${ending} LiveEnded`],
    )
    assert.deepEqual(
      lines.filter((line) => line.startsWith(other)),
      [`${other} CohostEnded`],
    )
    for (const room of ['A', 'B']) world.answerMix(room, 'stop')
    assert.deepEqual(world.seen(), [`${other} MixEnded`])
    assert.equal(world.room(other).lock, null)
    world.pass(120_000)
    assert.ok(!world.rooms.has(ending))
  }
})

test('a broken stream is mixed again at its next MixAvailable, without a second 5', () => {
  for (const room of ['A', 'B']) {
    const world = new World()
    world.mixedPair()
    world.seen()
    world.interrupt(room)
    world.publish(room)
    const before = world.commands.length
    world.ready(room)
    assert.deepEqual(
      world.commands.slice(before).map(({ type, record }) => `${type} ${record.roomId}`),
      [`StartMix ${room}`],
    )
    world.answerMix(room, 'start')
    assert.deepEqual(
      world.seen().filter((line) => line.startsWith('A')),
      ['A StreamInterrupted', 'A StreamPublished', 'A MixAvailable'],
    )
  }
})

test('MainStreamNotExist breaks the mix of that room until its next MixAvailable', () => {
  for (const room of ['A', 'B']) {
    const world = new World()
    world.mixedPair()
    world.seen()
    world.status(room, room === 'A' ? 'B' : 'A', 'EventMix', 'MainStreamNotExist')
    assert.equal(world.room(room).mixReady, false)
    const before = world.commands.length
    world.ready(room)
    assert.equal(world.commands.length, before + 1)
    world.answerMix(room, 'start', 3404, 'NoSuchStream')
    assert.equal(world.room(room).mixReady, false)
    assert.ok(!world.seen().some((line) => line.endsWith('MixFailed')))
  }
})

test('InternalError is met by three new starts at most, then the session closes', () => {
  for (const room of ['A', 'B']) {
    const world = new World()
    world.mixedPair()
    const before = world.commands.length
    const fail = (): void => world.status(room, room === 'A' ? 'B' : 'A', 'EventMix', 'InternalError')
    for (let round = 0; round < 3; round += 1) {
      fail()
      fail()
      world.pass(20_000)
    }
    assert.equal(world.commands.slice(before).filter(({ type }) => type === 'StartMix').length, 3)
    const [four] = world.pushes.filter(({ type }) => type === 'CohostEnded')
    assert.ok(four !== undefined && 'closingRoomId' in four.record)
    assert.equal(four.record.closingRoomId, room)
  }
})

test('a refusal that comes later than its caller was kept waiting is pushed to him', () => {
  const world = new World()
  world.create('A')
  world.apply('A', 'viewer')
  world.seen()
  const system = [...world.room('A').invites].map(({ sessionId }) => `sys${sessionId}x1`)[0] ?? ''
  world.close(system)
  const request = world.put('CohostFeedbackRequested', 'A', { inviterUid: 'viewer', inviteeUid: 'uA', status: 1 })
  world.pass(10_000)
  assert.equal(world.outcomes.get(request)?.code, 3020)
  assert.deepEqual(world.seen(), ['A>uA RequestRejected'])
  world.open(system)
  assert.equal(world.room('A').lock, null)
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

test('15 waits for the stop of the room that has ended, too', () => {
  const world = new World()
  world.mixedPair()
  world.leave('B')
  world.seen()
  world.answerMix('A', 'stop')
  assert.deepEqual(world.seen(), [])
  world.answerMix('B', 'stop')
  assert.deepEqual(world.seen(), ['A MixEnded'])
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

test('a MixAvailable that comes while a room is held is pushed to both rooms of the session', () => {
  const world = new World()
  for (const room of ['A', 'B']) {
    world.create(room)
    world.publish(room)
  }
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.close('A')
  world.answer('A', 'uA', 'uB', 1)
  world.seen()
  world.ready('B')
  assert.deepEqual(world.seen(), [])
  world.open('A')
  assert.deepEqual(
    world
      .seen()
      .filter((line) => line.endsWith('MixAvailable'))
      .toSorted(),
    ['A MixAvailable', 'B MixAvailable'],
  )
})

test('a broadcaster who is invited without a name is called by the name of his room', () => {
  const world = new World()
  world.agreedPair()
  const agreed = world.pushes.find(({ type }) => type === 'CohostAgreed')
  assert.ok(agreed !== undefined && 'inviteeName' in agreed.record)
  assert.equal(agreed.record.inviteeName, 'name-uB')
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
