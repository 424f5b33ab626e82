import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorOf, mixDeadlines, mixOf, mixed, other, starting } from './testing/session.ts'
import { World } from './testing/world.ts'

test('a session waits until both rooms are ready, whichever comes last', () => {
  for (const [first, second] of [
    ['A', 'B'],
    ['B', 'A'],
  ] as const) {
    const world = new World()
    world.agreedPair()
    world.ready(first)
    assert.deepEqual([world.commanded(), world.room('A').session?.phase], [[], 'agreed'])
    world.interrupt(first)
    world.ready(second)
    assert.deepEqual(world.commanded(), [], 'the first is not ready any more')
    world.publish(first)
    world.ready(first)
    assert.deepEqual(world.commanded(), ['StartMix A<-B 1', 'StartMix B<-A 1'])
    assert.deepEqual([world.room('A').session?.phase, world.room('B').session?.phase], ['starting', 'starting'])
    assert.deepEqual(mixDeadlines(world), [`mix-start ${world.sessionId}.1 in 20000`])
  }
})

test("a viewer's room has no mix of its own, but knows that of the broadcaster's is starting", () => {
  const world = new World()
  const system = world.agreedViewer()
  world.publish(system)
  for (const room of ['A', system]) world.ready(room)
  assert.deepEqual(world.commanded(), [`StartMix A<-${system} 1`])
  assert.equal(world.room(system).session?.phase, 'starting')
})

test('a session is mixed when every start was accepted, and its deadline is off', () => {
  const world = starting()
  world.answerMix('B', 'start')
  assert.deepEqual([world.room('A').mixed, world.room('A').session?.phase], [false, 'starting'])
  world.answerMix('A', 'start')
  const started = { generation: 1, state: 'started', restarts: 0, erring: false }
  assert.deepEqual(mixOf(world, 'A'), { ...started, streamNames: ['A_mix360'] })
  assert.deepEqual(mixOf(world, 'B'), { ...started, streamNames: ['B_mix360'] })
  for (const room of ['A', 'B'])
    assert.deepEqual([world.room(room).mixed, world.room(room).session?.phase], [true, 'mixed'])
  assert.deepEqual(mixDeadlines(world), [])
  const names = world.room('B').session?.mixes.map(({ streamNames }) => streamNames)
  assert.deepEqual(names, [['A_mix360'], ['B_mix360']])
})

test('an accepted start of one room that is answered twice does not stand for the other', () => {
  const world = starting()
  world.answerMix('A', 'start')
  world.answerMix('A', 'start')
  assert.equal(world.why(), 'mix answer: not expected')
  assert.equal(world.room('A').mixed, false)
})

test('an answer to another action than the one that is under way is not expected', () => {
  for (const [action, under] of [
    ['stop', 'start'],
    ['stop', 'restart'],
    ['start', 'stop'],
  ] as const) {
    const world = under === 'start' ? starting() : mixed()
    if (under === 'restart') errorOf(world, 'A')
    if (under === 'stop') world.closeSession('A', 'B')
    const before = world.room('A')
    world.put('MixCommandAnswered', 'A', {
      commandId: '',
      sessionId: `${world.sessionId}.1`,
      generation: before.session?.mixes[0]?.generation ?? 0,
      action,
      code: 200,
      reason: '',
      message: '',
      streamNames: [],
    })
    assert.equal(world.why(), 'mix answer: not expected')
    assert.deepEqual(world.room('A'), before)
  }
})

test('after a refused start every start is stopped, and the session stays, unmixed', () => {
  for (const room of ['A', 'B']) {
    const world = starting()
    world.answerMix(room, 'start', 3400, 'InvalidArgument')
    assert.deepEqual(world.seen(), ['A MixFailed', 'B MixFailed'])
    assert.deepEqual(world.commanded(), ['StopMix A<-B 2', 'StopMix B<-A 2'])
    for (const one of ['A', 'B']) {
      const { phase, failures } = world.room(one).session ?? {}
      assert.deepEqual([phase, failures, world.room(one).mixed], ['agreed', 1, false])
    }
    assert.deepEqual(mixDeadlines(world), [])
    // The other start is accepted late.
    world.put('MixCommandAnswered', other(room), {
      commandId: '',
      sessionId: `${world.sessionId}.1`,
      generation: 1,
      action: 'start',
      code: 200,
      reason: '',
      message: '',
      streamNames: ['x'],
    })
    assert.equal(world.why(), 'mix answer: an older generation')
    assert.deepEqual([world.seen(), world.room('A').mixed], [[], false])
  }
})

test('after a failure the next MixAvailable of either room tries again, with the next generations', () => {
  for (const areStopped of [true, false]) {
    const world = starting()
    world.answerMix('A', 'start', 3400, 'InvalidArgument')
    if (areStopped) for (const room of ['A', 'B']) world.answerMix(room, 'stop')
    assert.deepEqual(
      world.room('A').session?.mixes.map(({ state }) => state),
      areStopped ? ['stopped', 'stopped'] : ['stopping', 'stopping'],
    )
    world.commanded()
    world.ready('B')
    assert.deepEqual(world.commanded(), ['StartMix A<-B 3', 'StartMix B<-A 3'])
    world.pushed()
    world.answerMix('B', 'start', 3404, 'NoSuchStream')
    assert.deepEqual(world.commanded(), ['StopMix A<-B 4', 'StopMix B<-A 4'])
    assert.deepEqual([world.room('A').session?.failures, world.room('B').session?.failures], [2, 2])
    world.ready('A')
    for (const room of ['A', 'B']) world.answerMix(room, 'start')
    assert.equal(world.room('B').mixed, true)
  }
})

test('a close after a failure pushes 4 and no 15, and stops nothing twice', () => {
  for (const areStopped of [true, false]) {
    const world = starting()
    world.pass(20_000)
    if (areStopped) for (const room of ['A', 'B']) world.answerMix(room, 'stop')
    world.commanded()
    world.pushed()
    world.closeSession('B', 'A')
    assert.deepEqual(world.seen(), ['A CohostEnded', 'B CohostEnded'])
    assert.deepEqual(world.commanded(), [])
    for (const room of ['A', 'B'])
      assert.deepEqual([world.room(room).lock, world.room(room).lateStops.length], [null, areStopped ? 0 : 1])
    for (const room of ['A', 'B']) world.answerMix(room, 'stop')
    assert.deepEqual(world.seen(), [])
  }
})

test('a session that closes while it is mixed has one deadline left, for the answers to its stops', () => {
  const world = mixed()
  errorOf(world, 'A')
  world.interrupt('B')
  world.publish('B')
  world.ready('B')
  assert.deepEqual(mixDeadlines(world), ['mix-retry A in 20000', 'mix-restart B in 20000'])
  world.commanded()
  world.closeSession('A', 'B')
  assert.deepEqual(mixDeadlines(world), [`mix-stop ${world.sessionId}.1 in 20000`])
  assert.deepEqual(world.commanded(), ['StopMix A<-B 3', 'StopMix B<-A 3'])
  const { phase, closingRoomId, closeReason, closeActor } = world.room('A').session ?? {}
  assert.deepEqual(
    { phase, closingRoomId, closeReason, closeActor },
    { phase: 'stopping', closingRoomId: 'A', closeReason: 'request', closeActor: 'uA' },
  )
  assert.deepEqual([world.room('B').session?.phase, world.room('B').session?.closingRoomId], ['stopping', 'A'])
  assert.deepEqual([world.room('A').mixed, world.room('B').mixed], [true, true])
})

test('a session that closes while it is starting leaves no deadline but those of its stops', () => {
  const world = starting()
  world.closeSession('A', 'B')
  assert.deepEqual(mixDeadlines(world), [`late-stop ${world.sessionId}.1 in 20000`])
  for (const room of ['A', 'B']) assert.deepEqual([world.room(room).lock, world.room(room).mixed], [null, false])
})

test('a session ends when the deadline of its stops has passed, and their late answers change nothing', () => {
  const world = mixed()
  world.closeSession('B', 'A')
  world.answerMix('A', 'stop')
  world.seen()
  world.pass(19_999)
  assert.deepEqual([world.seen(), world.room('A').lock === null], [[], false])
  world.pass(1)
  assert.deepEqual(world.seen(), ['A MixEnded', 'B MixEnded'])
  for (const room of ['A', 'B']) assert.deepEqual([world.room(room).lock, world.room(room).mixed], [null, false])
  world.answerMix('B', 'stop')
  assert.deepEqual(world.seen(), [])
})

test('deadlines of a session that the state should not have do no harm', () => {
  const world = mixed()
  for (const [kind, subject] of [
    ['mix-start', `${world.sessionId}.1`],
    ['mix-stop', `${world.sessionId}.1`],
    ['mix-restart', 'A'],
    ['mix-restart', 'X'],
    ['mix-retry', 'X'],
    ['reserve-again', 'x'],
    ['agreement', 'x'],
    ['reserved-again', 'x'],
    ['invite', 'x'],
  ] as const) {
    for (const room of ['A', 'B', 'C']) {
      if (room === 'C' && !world.rooms.has('C')) world.create('C')
      const before = world.room(room)
      world.rooms.set(room, { ...before, timers: [{ kind, subject, at: 0, generation: 99 }] })
      world.seen()
      world.told()
      world.put('TimerFired', room, { timer: kind, subject, generation: 99 })
      assert.deepEqual([world.seen(), world.told(), world.commanded()], [[], [], []], `${kind} ${subject} in ${room}`)
      assert.deepEqual(world.room(room).session, before.session)
      world.rooms.set(room, before)
    }
  }
  const closing = mixed()
  errorOf(closing, 'A')
  closing.closeSession('A', 'B')
  closing.commanded()
  const before = closing.room('A')
  closing.rooms.set('A', { ...before, timers: [{ kind: 'mix-retry', subject: 'A', at: 0, generation: 99 }] })
  closing.put('TimerFired', 'A', { timer: 'mix-retry', subject: 'A', generation: 99 })
  assert.deepEqual([closing.commanded(), closing.room('A').session], [[], before.session])
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
  assert.equal(world.closeSession('A', 'B')?.code, 200)
  assert.deepEqual(world.seen().toSorted(), ['A CohostEnded', 'B CohostEnded'])
})
