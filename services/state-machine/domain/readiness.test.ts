import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mixed, starting } from './testing/session.ts'
import { World } from './testing/world.ts'

// A MixAvailable that crosses what the other room has decided: A owns the session, B is its peer.

const available = ['A MixAvailable', 'B MixAvailable']

const pushesOf = (world: World, type: string): readonly string[] =>
  world
    .seen()
    .filter((line) => line.endsWith(type))
    .toSorted()

/** The readiness of B as both rooms know it. */
const readiness = (world: World): readonly unknown[] => [world.room('B').mixReady, world.room('A').session?.peerReady]

/** A session of two rooms that are ready, of which B has not been told anything since it was agreed to. */
const startingUnheard = (): World => {
  const world = new World()
  world.agreedPair()
  world.ready('B')
  world.close('B')
  world.ready('A')
  world.commanded()
  world.seen()
  return world
}

test('a MixAvailable that reaches the peer before it has heard of the failure makes the session try again', () => {
  const world = starting()
  world.close('B')
  world.answerMix('A', 'start', 3400, 'InvalidArgument')
  world.commanded()
  world.seen()
  world.ready('B')
  assert.equal(world.room('A').session?.phase, 'starting')
  world.open('B')
  assert.deepEqual(world.seen(), ['A MixAvailable', 'B MixFailed', 'B MixAvailable'])
  assert.deepEqual(world.commanded(), ['StartMix A<-B 3', 'StopMix B<-A 2', 'StartMix B<-A 3'])
  for (const room of ['A', 'B']) world.answerMix(room, 'start')
  assert.deepEqual(world.seen(), ['A MixSucceeded', 'B MixSucceeded'])
})

test('and so does one that reaches it before it has heard even of the start', () => {
  const world = startingUnheard()
  world.answerMix('A', 'start', 3400, 'InvalidArgument')
  world.seen()
  world.ready('B')
  world.open('B')
  assert.deepEqual(world.seen(), ['A MixAvailable', 'B MixAvailable', 'B MixFailed', 'B MixAvailable'])
  assert.equal(world.room('A').session?.phase, 'starting')
})

test('and one that comes before the failure and reaches the owner behind it', () => {
  const world = starting()
  world.close('A')
  world.ready('B')
  world.answerMix('A', 'start', 3400, 'InvalidArgument')
  assert.equal(world.room('A').session?.phase, 'agreed')
  world.seen()
  world.open('A')
  assert.deepEqual(pushesOf(world, 'MixAvailable'), available)
  assert.equal(world.room('A').session?.phase, 'starting')
})

test('each MixAvailable after a failure is pushed once to each room, also when nothing can be started', () => {
  const world = starting()
  world.close('B')
  world.answerMix('A', 'start', 3400, 'InvalidArgument')
  world.interrupt('A')
  world.seen()
  for (let count = 0; count < 3; count += 1) world.ready('B')
  world.open('B')
  assert.deepEqual(pushesOf(world, 'MixAvailable'), [...available, ...available, ...available].toSorted())
})

test('the last word that a room has of its stream is that it broke off, whatever crossed it', () => {
  const world = starting()
  world.close('B')
  world.answerMix('A', 'start', 3400, 'InvalidArgument')
  world.ready('B')
  world.interrupt('B')
  world.open('B')
  const ofStream = world.seen().filter((line) => /Interrupted|Available/.test(line))
  assert.deepEqual(ofStream.toSorted(), ['A MixAvailable', 'A StreamInterrupted', 'B StreamInterrupted'])
  assert.equal(
    ofStream.findLast((line) => line.startsWith('A')),
    'A StreamInterrupted',
  )
  assert.deepEqual(readiness(world), [false, false])
})

test('a MixAvailable of a peer that is ready changes nothing while all goes well', () => {
  for (const world of [starting(), mixed()]) {
    const { phase } = world.room('A').session ?? {}
    world.commanded()
    world.ready('B')
    assert.deepEqual([world.seen(), world.commanded(), world.room('A').session?.phase], [[], [], phase])
    assert.deepEqual(readiness(world), [true, true])
  }
  const closing = mixed()
  closing.closeSession('A', 'B')
  closing.told()
  closing.ready('B')
  assert.deepEqual(closing.told(), [], 'in a session that ends nobody asks')
  assert.equal(closing.why(), 'mix availability: known')
})

/** Mixed, and the owner has just given up a restart of B's mix, of which B has not heard. */
const brokenUnheard = (): World => {
  const world = mixed()
  world.interrupt('B')
  world.publish('B')
  world.ready('B')
  world.close('B')
  world.pass(world.rules.mixTimeoutMs)
  world.commanded()
  world.seen()
  assert.deepEqual(readiness(world), [true, false])
  return world
}

test('a MixAvailable that reaches the peer before it has heard that its mix is broken starts it again', () => {
  const world = brokenUnheard()
  world.ready('B')
  world.open('B')
  assert.deepEqual(world.seen().toSorted(), available)
  assert.deepEqual(world.commanded(), ['StartMix B<-A 3'])
  assert.deepEqual(readiness(world), [true, true])
})

test('what the peer knows of its stream is newer than a break that it hears of late', () => {
  const world = brokenUnheard()
  world.interrupt('B')
  world.publish('B')
  world.ready('B')
  world.open('B')
  assert.deepEqual(pushesOf(world, 'MixAvailable'), available)
  assert.deepEqual(readiness(world), [true, true])

  const gone = brokenUnheard()
  gone.ready('B')
  gone.interrupt('B')
  gone.open('B')
  assert.deepEqual(readiness(gone), [false, false])
  const unheard = brokenUnheard()
  unheard.open('B')
  assert.deepEqual(readiness(unheard), [false, false])
})

/** B is held for a session that A has entered; A is not told anything yet. */
const held = (isReady: boolean): World => {
  const world = new World()
  for (const room of ['A', 'B']) {
    world.create(room)
    world.publish(room)
  }
  // ready since an earlier session
  if (isReady) world.ready('B')
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.close('A')
  world.answer('A', 'uA', 'uB', 1)
  assert.equal(world.room('B').session?.phase, 'held')
  world.seen()
  return world
}

test('a room that was ready when it was held, breaks and is ready again is told so when it is in the session', () => {
  const world = held(true)
  world.interrupt('B')
  world.publish('B')
  world.ready('B')
  assert.deepEqual(world.seen(), ['B StreamInterrupted', 'B StreamPublished'])
  world.open('A')
  assert.deepEqual(pushesOf(world, 'MixAvailable'), available)
  assert.deepEqual(readiness(world), [true, true])
})

test('a room that was ready when it was held, and still is, is told nothing', () => {
  const world = held(true)
  world.open('A')
  assert.deepEqual(pushesOf(world, 'MixAvailable'), [])
  const repeated = held(true)
  repeated.ready('B')
  repeated.open('A')
  assert.deepEqual(pushesOf(repeated, 'MixAvailable'), [])
  assert.deepEqual(readiness(repeated), [true, true])
})

test('a room that is not ready any more when it is in the session is told nothing either', () => {
  for (const isReady of [true, false]) {
    const world = held(isReady)
    if (!isReady) world.ready('B')
    world.interrupt('B')
    world.open('A')
    assert.deepEqual(
      world.seen().filter((line) => line === 'B MixAvailable'),
      [],
    )
    assert.deepEqual(readiness(world), [false, false])
  }
})
