import assert from 'node:assert/strict'
import { test } from 'node:test'
import { starting } from './testing/session.ts'
import { World } from './testing/world.ts'

const notify = (world: World, action: string, cloudTime: number | null): void => {
  world.put('StreamNotified', 'A', { action, cloudTime })
}

const created = (): World => {
  const world = new World()
  world.create('A')
  return world
}

test('a stream that starts or breaks is pushed to its room', () => {
  const world = created()
  world.publish('A')
  const push = { roomId: 'A', toUid: null, endReason: null, actor: 'uA', uid: 'uA', name: 'name-uA', streamRoomId: 'A' }
  assert.deepEqual(world.pushed(), [{ is: 'StreamPublished', ...push }])
  assert.deepEqual(world.deadlines('A'), [])
  world.ready('A')
  world.pass(1_000)
  world.interrupt('A')
  assert.deepEqual(world.pushed(), [{ is: 'StreamInterrupted', ...push, endReason: 'stream-broken' }])
  assert.deepEqual(world.deadlines('A'), ['grace in 180000'])
  assert.deepEqual([world.room('A').status, world.room('A').mixReady], [0, false])
  assert.deepEqual(world.sent, [])
})

test('a callback that repeats what is known changes nothing', () => {
  const world = created()
  notify(world, 'publish_done', null)
  assert.equal(world.why(), 'publish_done: not pushing')
  notify(world, 'publish', null)
  notify(world, 'publish', 5)
  assert.equal(world.why(), 'publish: pushing already')
  assert.equal(world.room('A').streamTime, null)
  notify(world, 'recorded', null)
  assert.equal(world.why(), 'stream callback: unknown action')
  assert.equal(world.room('A').status, 1)
})

test('a callback without a time of the cloud is taken, and does not move that of the last', () => {
  const world = created()
  notify(world, 'publish', null)
  notify(world, 'publish_done', 2_000)
  assert.equal(world.room('A').streamTime, 2_000)
  notify(world, 'publish', null)
  assert.deepEqual([world.room('A').status, world.room('A').streamTime], [1, 2_000])
  notify(world, 'publish_done', null)
  assert.deepEqual([world.room('A').status, world.room('A').streamTime], [0, 2_000])
})

test('a callback older than the last applied one is ignored, one of the same time or later is not', () => {
  const world = created()
  notify(world, 'publish', 2_000)
  notify(world, 'publish_done', 1_999)
  assert.equal(world.why(), 'stream callback: older than the last')
  assert.equal(world.room('A').status, 1)
  notify(world, 'publish_done', 2_000)
  assert.equal(world.room('A').status, 0)
  notify(world, 'publish', 3_000)
  assert.deepEqual([world.room('A').status, world.room('A').streamTime], [1, 3_000])
})

test('callbacks of a room that has ended, or never was, change nothing', () => {
  const world = created()
  world.publish('A')
  world.leave('A')
  const ended = world.room('A')
  for (const action of ['publish', 'publish_done']) {
    notify(world, action, null)
    assert.equal(world.why(), 'stream callback: no such room')
  }
  world.ready('A')
  assert.equal(world.why(), 'mix availability: no such room')
  world.status('A', 'B', 'EventMix')
  assert.equal(world.why(), 'mix status: of no mix of ours')
  assert.deepEqual(world.room('A'), ended)
  world.publish('Z')
  world.ready('Z')
  assert.ok(!world.rooms.has('Z'))
})

test('a room without a session becomes ready without a push, once', () => {
  const world = created()
  world.publish('A')
  world.seen()
  world.ready('A')
  assert.deepEqual([world.room('A').mixReady, world.why()], [true, undefined])
  world.ready('A')
  assert.equal(world.why(), 'mix availability: known')
  assert.deepEqual(world.seen(), [])
})

test('in a session both rooms hear of both streams, with the party whose stream it is', () => {
  const world = new World()
  world.agreedPair('B', 'A')
  world.pushed()
  for (const [room, other] of [
    ['A', 'B'],
    ['B', 'A'],
  ] as const) {
    const uid = `u${room}`
    const stream = { toUid: null, endReason: null, actor: uid, uid, name: `name-${uid}`, streamRoomId: room }
    world.interrupt(room)
    world.publish(room)
    assert.deepEqual(world.pushed(), [
      { is: 'StreamInterrupted', roomId: room, ...stream, endReason: 'stream-broken' },
      { is: 'StreamInterrupted', roomId: other, ...stream, endReason: 'stream-broken' },
      { is: 'StreamPublished', roomId: room, ...stream },
      { is: 'StreamPublished', roomId: other, ...stream },
    ])
    world.ready(room)
    const ready = { is: 'MixAvailable', toUid: null, endReason: null, actor: 'cloud', readyRoomId: room, type: 2 }
    assert.deepEqual(world.pushed(), [
      { ...ready, roomId: room },
      { ...ready, roomId: other },
    ])
  }
})

test("what happens to a viewer's stream is pushed to the broadcaster's room, as an audience member's", () => {
  const world = new World()
  const system = world.agreedViewer()
  world.pushed()
  world.publish(system)
  assert.deepEqual(world.deadlines(system).slice(0, 1), ['reserved-again ' + `${world.sessionId}.1 in 2000`])
  world.ready(system)
  world.interrupt(system)
  assert.deepEqual([world.room(system).status, world.room(system).mixReady], [10, false])
  const stream = {
    roomId: 'A',
    toUid: null,
    endReason: null,
    actor: 'viewer',
    uid: 'viewer',
    name: 'viewer',
    streamRoomId: system,
  }
  assert.deepEqual(world.pushed(), [
    { is: 'StreamPublished', ...stream },
    { is: 'MixAvailable', roomId: 'A', toUid: null, endReason: null, actor: 'cloud', readyRoomId: system, type: 1 },
    { is: 'StreamInterrupted', ...stream, endReason: 'stream-broken' },
  ])
  world.ready('A')
  assert.deepEqual(world.pushed(), [
    { is: 'MixAvailable', roomId: 'A', toUid: null, endReason: null, actor: 'cloud', readyRoomId: 'A', type: 2 },
  ])
})

test("nothing is pushed of a viewer's stream before the session has begun", () => {
  const world = new World()
  world.create('A')
  const session = world.apply('A', 'v')?.sessionId ?? ''
  world.close('A')
  world.put('CohostFeedbackRequested', 'A', { inviterUid: 'v', inviteeUid: 'uA', status: 1 })
  world.seen()
  const system = `sys${session}x1`
  world.publish(system)
  assert.deepEqual([world.room(system).status, world.seen()], [1, []])
  world.open('A')
  assert.deepEqual(world.seen(), ['A>v CohostAgreed', 'A StreamPublished'])
})

test('a room that is ready already says so again only while its session is unmixed after a failure', () => {
  const world = new World()
  world.agreedPair()
  world.ready('A')
  world.seen()
  world.ready('A')
  assert.equal(world.why(), 'mix availability: known')
  world.ready('B')
  world.seen()
  world.ready('B')
  assert.deepEqual(world.seen(), [])
  world.answerMix('A', 'start', 3404, 'NoSuchStream')
  world.seen()
  world.commanded()
  world.ready('B')
  assert.deepEqual(world.seen(), ['B MixAvailable', 'A MixAvailable'])
  assert.deepEqual(world.commanded(), ['StartMix A<-B 3', 'StartMix B<-A 3'])
  for (const room of ['A', 'B']) world.ready(room)
  assert.deepEqual([world.seen(), world.commanded()], [[], []])
})

test('a status callback of a mix is pushed to both rooms in full', () => {
  const world = starting()
  world.status('B', 'A', 'EventMix', 'MainStreamNotExist')
  const status = {
    is: 'MixCommandStatus',
    toUid: null,
    endReason: null,
    actor: 'cloud',
    mainMixRoomId: 'B',
    mixRoomId: 'A',
    mixType: 'channel',
    mixTemplate: 'side_by_side',
    event: 'EventMix',
    message: 'MainStreamNotExist happened',
    code: 3404,
    reason: 'MainStreamNotExist',
  }
  assert.deepEqual(world.pushed(), [
    { ...status, roomId: 'B' },
    { ...status, roomId: 'A' },
  ])
})

test('each word of the cloud has its code, and stands for a message that is missing', () => {
  const world = starting()
  for (const [word, code, message] of [
    ['Success', 200, ''],
    ['MainStreamNotExist', 3404, 'MainStreamNotExist'],
    ['MixStreamNotExist', 3404, 'MixStreamNotExist'],
    ['NoSuchStream', 3404, 'NoSuchStream'],
    ['InvalidArgument', 3400, 'InvalidArgument'],
    ['InternalError', 3500, 'InternalError'],
    ['SomethingNew', 3500, 'SomethingNew'],
  ] as const) {
    const mix = { mixRoomId: 'B', mixType: 'channel', mixTemplate: 'side_by_side', event: 'EventMix' }
    world.put('MixStatusNotified', 'A', { ...mix, code: word, message: '' })
    for (const { record } of world.pushes.splice(0)) {
      assert.ok('mainMixRoomId' in record)
      assert.deepEqual([record.code, record.message, record.reason], [code, message, word])
    }
  }
  world.put('MixStatusNotified', 'A', {
    mixRoomId: 'B',
    mixType: 'channel',
    mixTemplate: 'side_by_side',
    event: 'EventMix',
    code: 'Success',
    message: 'fine',
  })
  assert.ok(world.pushes.every(({ record }) => 'message' in record && record.message === ''))
})

const eventOf = (world: World, event: string): readonly string[] => {
  world.status('A', 'B', event)
  return world.pushes.splice(0).map(({ room, record }) => `${room} ${'event' in record ? record.event : ''}`)
}

test('MixResult counts as EventMix until the stop was sent, as EventMixStop from then on', () => {
  const world = new World()
  world.mixedPair()
  world.pushed()
  assert.deepEqual(eventOf(world, 'MixResult'), ['A EventMix', 'B EventMix'])
  assert.deepEqual(eventOf(world, 'EventMixStop'), ['A EventMixStop', 'B EventMixStop'])
  world.closeSession('A', 'B')
  world.pushed()
  assert.deepEqual(eventOf(world, 'MixResult'), ['A EventMixStop', 'B EventMixStop'])
  assert.deepEqual(eventOf(world, 'EventMix'), ['A EventMix', 'B EventMix'])
})

test('a stop that outlives its session still has its callbacks, until it is answered or given up', () => {
  const world = starting()
  world.closeSession('B', 'A')
  world.pushed()
  const late = { attemptId: `${world.sessionId}.1`, otherListens: true, generation: 2, tellsOwner: false }
  assert.deepEqual(world.room('A').lateStops, [{ ...late, otherRoomId: 'B' }])
  assert.deepEqual(world.room('B').lateStops, [{ ...late, otherRoomId: 'A' }])
  assert.deepEqual(world.deadlines('A'), [`late-stop ${world.sessionId}.1 in 20000`])
  assert.deepEqual(eventOf(world, 'MixResult'), ['A EventMixStop', 'B EventMixStop'])
  world.told()
  world.answerMix('A', 'stop')
  assert.deepEqual([world.room('A').lateStops, world.deadlines('A'), world.told()], [[], [], []])
  assert.deepEqual(eventOf(world, 'MixResult'), [])
  assert.equal(world.why(), 'mix status: of no mix of ours')
  world.status('B', 'C', 'MixResult')
  assert.equal(world.why(), 'mix status: of no mix of ours')
  world.pass(20_000)
  assert.deepEqual([world.room('B').lateStops, world.deadlines('B')], [[], []])
  world.status('B', 'A', 'MixResult')
  assert.equal(world.why(), 'mix status: of no mix of ours')
})

test('the stops of two sessions are kept and forgotten apart', () => {
  const world = starting()
  world.closeSession('A', 'B')
  const first = `${world.sessionId}.1`
  world.pass(5_000)
  world.sessionId = world.invite('A', { uid: 'uB', roomId: 'B' })?.sessionId ?? ''
  world.answer('A', 'uA', 'uB', 1)
  world.closeSession('A', 'B')
  assert.equal(world.room('A').lateStops.length, 2, 'both rooms were ready')
  const second = `${world.sessionId}.1`
  world.answerMix('A', 'stop')
  assert.deepEqual(
    world.room('A').lateStops.map(({ attemptId }) => attemptId),
    [first],
  )
  assert.deepEqual(
    world.room('B').lateStops.map(({ attemptId }) => attemptId),
    [first, second],
  )
  world.pass(15_000)
  assert.deepEqual(world.room('A').lateStops, [])
  assert.deepEqual(
    world.room('B').lateStops.map(({ attemptId }) => attemptId),
    [second],
  )
})

test("a late callback of a mix with a viewer is pushed to the broadcaster's room alone", () => {
  const world = new World()
  const system = world.agreedViewer()
  world.publish(system)
  for (const room of ['A', system]) world.ready(room)
  world.closeSession('A', system)
  assert.deepEqual(
    world.room('A').lateStops.map(({ otherListens }) => otherListens),
    [false],
  )
  world.pushed()
  world.told()
  world.status('A', system, 'MixResult')
  assert.deepEqual([world.seen(), world.told()], [['A MixCommandStatus'], []])
})

test('a room that has ended pushes no callback itself, but the other room still hears of it', () => {
  const world = new World()
  world.mixedPair()
  world.leave('B')
  world.seen()
  world.status('B', 'A', 'EventMixStop')
  assert.deepEqual(world.seen(), ['A MixCommandStatus'])
  world.status('A', 'B', 'EventMixStop')
  assert.deepEqual(world.seen(), ['A MixCommandStatus'])
})

test('a mix that was stopped after a failure has no callbacks any more', () => {
  const world = starting()
  world.answerMix('A', 'start', 3400, 'InvalidArgument')
  world.pushed()
  assert.deepEqual(eventOf(world, 'MixResult'), ['A EventMixStop', 'B EventMixStop'])
  for (const room of ['A', 'B']) world.answerMix(room, 'stop')
  for (const [room, other] of [
    ['A', 'B'],
    ['B', 'A'],
  ] as const) {
    world.status(room, other, 'EventMixStop')
    assert.equal(world.why(), 'mix status: of no mix of ours')
  }
  assert.deepEqual(world.seen(), [])
})

test('only MainStreamNotExist takes the readiness from a room', () => {
  for (const room of ['A', 'B']) {
    const other = room === 'A' ? 'B' : 'A'
    const world = new World()
    world.mixedPair()
    for (const word of ['Success', 'MixStreamNotExist', 'InvalidArgument']) world.status(room, other, 'EventMix', word)
    assert.equal(world.room(room).mixReady, true)
    world.status(room, other, 'EventMix', 'MainStreamNotExist')
    assert.deepEqual([world.room(room).mixReady, world.room(other).mixReady], [false, true])
  }
})

test('an answer of an older generation, or of another session, changes nothing in either room', () => {
  for (const room of ['A', 'B']) {
    const world = starting()
    const before = world.room(room)
    const { eventId: commandId } = world.commands[0]?.record ?? { eventId: '' }
    const answer = { commandId, action: 'start', code: 200, reason: '', message: '', streamNames: ['x'] }
    for (const [sessionId, generation] of [
      [`${world.sessionId}.1`, 2],
      [`${world.sessionId}.1`, 0],
      [`${world.sessionId}.2`, 1],
    ] as const) {
      world.put('MixCommandAnswered', room, { ...answer, sessionId, generation })
      assert.equal(world.why(), 'mix answer: an older generation')
    }
    assert.deepEqual(world.room(room), before)
    world.put('MixCommandAnswered', 'Z', { ...answer, sessionId: 'x.1', generation: 0 })
    assert.equal(world.why(), 'mix answer: an older generation')
  }
})

test('a peer remembers what its own mix was answered', () => {
  const world = starting()
  const ownMix = (): unknown => world.room('B').session?.mixes.find(({ mainRoomId }) => mainRoomId === 'B')
  const mix = { mainRoomId: 'B', generation: 1, sent: true, restarts: 0, erring: false }
  assert.deepEqual(ownMix(), { ...mix, state: 'starting', streamNames: [] })
  world.answerMix('B', 'start')
  assert.deepEqual(ownMix(), { ...mix, state: 'started', streamNames: ['B_mix360'] })
  world.answerMix('A', 'start')
  world.closeSession('A', 'B')
  assert.deepEqual(ownMix(), { ...mix, generation: 2, state: 'stopping', streamNames: ['B_mix360'] })
  world.answerMix('B', 'stop')
  assert.deepEqual(ownMix(), { ...mix, generation: 2, state: 'stopped', streamNames: ['B_mix360'] })

  const refused = starting()
  refused.close('A')
  refused.answerMix('B', 'start', 3400, 'InvalidArgument')
  assert.equal(refused.room('B').session?.mixes[1]?.state, 'starting')
})

test('the owner learns the whole answer to the mix of its peer', () => {
  const world = starting()
  world.told()
  world.close('A')
  world.answerMix('B', 'start', 3400, 'InvalidArgument')
  const [fact, ...others] = world.sent
  assert.deepEqual(others, [])
  const { kind, roomId, number, cause, subject, generation, code, reason, message, texts } = fact ?? {}
  assert.deepEqual(
    { kind, roomId, number, cause, subject, generation, code, reason, message, texts },
    {
      kind: 'fact',
      roomId: 'A',
      number: 2,
      cause: 'answer',
      subject: 'start',
      generation: 1,
      code: 3400,
      reason: 'InvalidArgument',
      message: 'InvalidArgument',
      texts: [],
    },
  )
})

test('a stream callback that is older than the newest is ignored', () => {
  const world = new World()
  world.create('A')
  world.put('StreamNotified', 'A', { action: 'publish', cloudTime: 2_000 })
  world.put('StreamNotified', 'A', { action: 'publish_done', cloudTime: 1_000 })
  assert.equal(world.room('A').status, 1)
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
