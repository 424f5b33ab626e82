import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempt, mixed, starting } from './testing/session.ts'
import { World } from './testing/world.ts'

/** The number that the next fact or step to that room has. */
const next = (world: World, room: string): number => (world.room(room).session?.seenNumber ?? 0) + 1

test('a stop is kept once, also when the room ends before its release comes', () => {
  const world = starting()
  const close = { cause: 'close', subject: 'A', reason: 'request', actor: 'uA', generation: 2, flag: false }
  world.tell('B', 'A', 'step', attempt(world), { ...close, number: next(world, 'B') })
  world.leave('B')
  assert.deepEqual(
    world.room('B').lateStops.map(({ attemptId, generation }) => [attemptId, generation]),
    [[attempt(world), 2]],
  )
})

test('a peer that ends stops its own mix by itself, and its owner waits for that stop', () => {
  for (const [phase, generation] of [
    ['mixed', 2],
    ['starting', 2],
    ['agreed', 0],
  ] as const) {
    const world = phase === 'mixed' ? mixed() : phase === 'starting' ? starting() : new World()
    if (phase === 'agreed') world.agreedPair()
    world.told()
    world.pushed()
    world.close('A')
    world.leave('B')
    const [gone, ...others] = world.sent
    assert.deepEqual(others, [])
    const { kind, roomId, sessionId, cause, actor } = gone ?? {}
    assert.deepEqual(
      { kind, roomId, sessionId, cause, actor, generation: gone?.generation },
      { kind: 'gone', roomId: 'A', sessionId: attempt(world), cause: 'room-ended', actor: 'uB', generation },
    )
    assert.deepEqual(world.commanded(), generation === 0 ? [] : ['StopMix B<-A 2'])
    assert.deepEqual(world.seen(), ['B CohostEnded', 'B LiveEnded'])
    assert.deepEqual(
      world.room('B').lateStops,
      generation === 0
        ? []
        : [{ attemptId: attempt(world), otherRoomId: 'A', otherListens: true, generation: 2, tellsOwner: true }],
    )
    assert.deepEqual([world.room('B').lock, world.room('B').session, world.room('B').mixed], [null, null, false])
    world.told()
    world.open('A')
    assert.deepEqual(world.seen(), ['A CohostEnded'])
    assert.deepEqual(world.commanded(), generation === 0 ? [] : ['StopMix A<-B 2'])
    assert.ok(!world.told().some((line) => line.startsWith('step')), 'there is nobody to tell')
  }
})

test('the answer to the stop of a peer that has ended is told to its owner in full', () => {
  const world = mixed()
  world.leave('B')
  world.told()
  world.answerMix('A', 'stop')
  world.seen()
  world.close('A')
  world.answerMix('B', 'stop', 3500, 'InternalError')
  const [fact] = world.sent
  const { kind, roomId, number, cause, subject, generation, code, reason, message } = fact ?? {}
  assert.deepEqual(
    { kind, roomId, number, cause, subject, generation, code, reason, message },
    {
      kind: 'fact',
      roomId: 'A',
      number: 0,
      cause: 'answer',
      subject: 'stop',
      generation: 2,
      code: 3500,
      reason: 'InternalError',
      message: 'InternalError',
    },
  )
  world.open('A')
  assert.deepEqual(world.seen(), ['A MixEnded'])
})

test('an owner waits for the stop that its peer really sent, though it had told it to start anew', () => {
  const world = mixed()
  world.interrupt('B')
  world.publish('B')
  world.close('B')
  world.ready('B')
  world.leave('B')
  world.seen()
  assert.deepEqual(world.room('A').session?.mixes[1]?.generation, 2)
  world.answerMix('A', 'stop')
  assert.deepEqual(world.seen(), [])
  world.answerMix('B', 'stop')
  assert.deepEqual(world.seen(), ['A MixEnded'])
})

test('a peer that ends while the session is being closed pushes no second 4, and its stop is waited for', () => {
  const world = mixed()
  world.closeSession('A', 'B')
  world.commanded()
  world.seen()
  world.leave('B')
  assert.deepEqual([world.seen(), world.commanded()], [['B LiveEnded'], []])
  const gone = world.sent.find(({ kind }) => kind === 'gone')
  assert.equal(gone?.generation, 2)
  const { closingRoomId, closeReason } = world.room('A').session ?? {}
  assert.deepEqual([closingRoomId, closeReason], ['A', 'request'])
  world.answerMix('A', 'stop')
  assert.deepEqual(world.seen(), [])
  world.answerMix('B', 'stop')
  assert.deepEqual(world.seen(), ['A MixEnded'])
})

test('a peer that ends while it is held tells its owner, and pushes 8 alone', () => {
  const world = new World()
  for (const room of ['A', 'B']) world.create(room)
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.close('A')
  const request = world.put('CohostFeedbackRequested', 'A', { inviterUid: 'uA', inviteeUid: 'uB', status: 1 })
  world.seen()
  world.leave('B')
  assert.deepEqual(world.seen(), ['B LiveEnded'])
  assert.deepEqual([world.room('B').lock, world.room('B').dead.length], [null, 1])
  world.open('A')
  assert.equal(world.outcomes.get(request)?.code, 200)
  assert.deepEqual(world.seen(), ['A>uA CohostAgreed', 'A CohostEnded'])
  assert.equal(world.room('A').lock, null)
})

test('when both rooms end each has its own 4 and 8, and nobody is left for 15', () => {
  const world = mixed()
  for (const room of ['A', 'B']) world.leave(room)
  assert.deepEqual(world.seen().toSorted(), ['A CohostEnded', 'A LiveEnded', 'B CohostEnded', 'B LiveEnded'])
  for (const room of ['A', 'B']) world.answerMix(room, 'stop')
  assert.deepEqual(world.seen(), [])
  world.pass(60_000)
  assert.deepEqual([...world.rooms.keys()], [])
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
