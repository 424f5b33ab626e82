import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorOf, mixDeadlines, mixOf, mixed, other, starting } from './testing/session.ts'
import { World } from './testing/world.ts'

test('InternalError is met by a new start, and then by a pause', () => {
  for (const room of ['A', 'B']) {
    const world = mixed()
    errorOf(world, room)
    assert.deepEqual(world.commanded(), [`StartMix ${room}<-${other(room)} 2`])
    assert.deepEqual(mixOf(world, room), {
      generation: 2,
      state: 'restarting',
      streamNames: room === 'A' ? [] : ['B_mix360'],
      restarts: 1,
      erring: true,
    })
    assert.deepEqual(mixDeadlines(world), [`mix-retry ${room} in 20000`])
    world.pass(5_000)
    errorOf(world, room)
    assert.deepEqual([world.commanded(), mixDeadlines(world)], [[], [`mix-retry ${room} in 15000`]])
    assert.equal(world.room(room).mixReady, true)
  }
})

test('each room has its own pause', () => {
  const world = mixed()
  errorOf(world, 'A')
  world.pass(1_000)
  errorOf(world, 'B')
  assert.deepEqual(world.commanded(), ['StartMix A<-B 2', 'StartMix B<-A 2'])
  assert.deepEqual(mixDeadlines(world), ['mix-retry A in 19000', 'mix-retry B in 20000'])
})

test('a pause that was begun by a break of another kind is none', () => {
  const world = mixed()
  world.interrupt('A')
  world.publish('A')
  world.ready('A')
  world.commanded()
  errorOf(world, 'A')
  assert.deepEqual(world.commanded(), ['StartMix A<-B 3'])
  assert.deepEqual(mixDeadlines(world), ['mix-retry A in 20000'])
})

test('when the pause is over and all is well, the count of new starts begins anew', () => {
  for (const word of ['accepted', 'Success'] as const) {
    const world = mixed()
    for (let round = 0; round < 5; round += 1) {
      errorOf(world, 'A')
      world.answerMix('A', 'start')
      if (word === 'Success') {
        errorOf(world, 'A')
        errorOf(world, 'A', 'Success')
      }
      assert.deepEqual(mixOf(world, 'A').restarts, 1)
      world.pass(20_000)
      const { restarts, erring, state } = mixOf(world, 'A')
      assert.deepEqual([restarts, erring, state, mixDeadlines(world)], [0, false, 'started', []])
    }
    assert.equal(world.commanded().length, 5)
    assert.deepEqual(world.room('A').session?.phase, 'mixed')
  }
})

test('when the pause is over and the error stays, the next start follows', () => {
  for (const answer of ['refused', 'none', 'accepted and erring'] as const) {
    const world = mixed()
    errorOf(world, 'A')
    world.commanded()
    if (answer === 'refused') world.answerMix('A', 'start', 3500, 'InternalError')
    if (answer === 'accepted and erring') {
      world.answerMix('A', 'start')
      errorOf(world, 'A')
    }
    const { state } = mixOf(world, 'A')
    assert.equal(state, answer === 'none' ? 'restarting' : 'started')
    assert.equal(world.room('A').mixReady, true)
    world.pass(19_999)
    assert.deepEqual(world.commanded(), [])
    world.pass(1)
    assert.deepEqual(world.commanded(), ['StartMix A<-B 3'], answer)
    assert.equal(mixOf(world, 'A').restarts, 2)
  }
})

test('a start that ends the error though it stays unanswered is repeated after the pause', () => {
  const world = mixed()
  errorOf(world, 'A')
  errorOf(world, 'A', 'Success')
  assert.deepEqual(mixOf(world, 'A').erring, false)
  world.commanded()
  world.pass(20_000)
  assert.deepEqual(world.commanded(), ['StartMix A<-B 3'])
})

test('a new start that is refused though the error is over leaves the mix as it is', () => {
  for (const room of ['A', 'B']) {
    const world = mixed()
    errorOf(world, room)
    errorOf(world, room, 'Success')
    world.answerMix(room, 'start', 3500, 'InternalError')
    assert.deepEqual([mixOf(world, room).state, world.room(room).mixReady], ['started', true])
    world.pass(20_000)
    assert.deepEqual([mixOf(world, room).restarts, mixDeadlines(world)], [0, []])
  }
})

test('the pause of one room does not keep the refused restart of the other', () => {
  const world = mixed()
  errorOf(world, 'B')
  world.interrupt('A')
  world.publish('A')
  world.ready('A')
  world.answerMix('A', 'start', 3404, 'NoSuchStream')
  assert.deepEqual([mixOf(world, 'A').state, world.room('A').mixReady], ['broken', false])
})

test('after three new starts in vain the session closes by the room of the mix', () => {
  for (const room of ['A', 'B']) {
    const world = mixed()
    errorOf(world, room)
    world.pass(59_999)
    assert.deepEqual(
      world.commanded(),
      [2, 3, 4].map((generation) => `StartMix ${room}<-${other(room)} ${generation}`),
    )
    assert.deepEqual(world.seen().toSorted(), ['A MixCommandStatus', 'B MixCommandStatus'])
    world.pass(1)
    const [ended] = world.pushes
    assert.ok(ended !== undefined && 'closingRoomId' in ended.record)
    const { closingRoomId, endReason, actor } = ended.record
    assert.deepEqual([closingRoomId, endReason, actor], [room, 'mix-internal-error', 'cloud'])
    assert.deepEqual(world.seen(), ['A CohostEnded', 'B CohostEnded'])
    assert.deepEqual(
      world.commanded().toSorted(),
      [`StopMix ${room}<-${other(room)} 5`, `StopMix ${other(room)}<-${room} 2`].toSorted(),
    )
  }
})

test('before the session is mixed, and while it is being closed, InternalError starts nothing', () => {
  const early = starting()
  errorOf(early, 'A')
  assert.deepEqual([early.commanded(), early.room('A').session?.mixes[0]?.erring], [[], false])
  const late = mixed()
  late.closeSession('A', 'B')
  late.commanded()
  errorOf(late, 'A')
  errorOf(late, 'B')
  assert.deepEqual([late.commanded(), late.room('A').session?.mixes[0]?.erring], [[], false])
})

test('other words of the cloud start nothing and end no error', () => {
  const world = mixed()
  errorOf(world, 'A')
  world.commanded()
  for (const word of ['MixStreamNotExist', 'InvalidArgument', 'NoSuchStream']) errorOf(world, 'A', word)
  assert.deepEqual([world.commanded(), mixOf(world, 'A').erring], [[], true])
})

test('a break ends the pause after InternalError, and what it counted', () => {
  const world = mixed()
  errorOf(world, 'A')
  world.interrupt('A')
  assert.deepEqual(mixDeadlines(world), [])
  const { restarts, erring, state } = mixOf(world, 'A')
  assert.deepEqual([restarts, erring, state], [0, false, 'broken'])
})

test('InternalError of a broken mix starts nothing: it waits for its stream', () => {
  for (const room of ['A', 'B']) {
    const world = mixed()
    world.interrupt(room)
    const before = mixOf(world, room)
    errorOf(world, room)
    assert.deepEqual([world.commanded(), mixDeadlines(world), mixOf(world, room)], [[], [], before])
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
