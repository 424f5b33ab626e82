import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorOf, mixDeadlines, mixOf, mixed, other, starting } from './testing/session.ts'
import { World } from './testing/world.ts'

test('a stream that breaks while the mix is starting has a broken mix when it has started', () => {
  for (const room of ['A', 'B']) {
    const world = starting()
    world.answerMix(room, 'start')
    world.interrupt(room)
    world.answerMix(other(room), 'start')
    assert.equal(world.room('A').mixed, true)
    const started = { generation: 1, restarts: 0, erring: false }
    assert.deepEqual(mixOf(world, room), { ...started, state: 'broken', streamNames: [`${room}_mix360`] })
    assert.deepEqual(mixOf(world, other(room)), {
      ...started,
      state: 'started',
      streamNames: [`${other(room)}_mix360`],
    })
    world.publish(room)
    world.ready(room)
    assert.deepEqual(world.commanded(), [`StartMix ${room}<-${other(room)} 2`])
  }
})

test('a broken mix is started anew at the next MixAvailable of its room, with its new streams', () => {
  for (const room of ['A', 'B']) {
    const world = mixed()
    world.interrupt(room)
    assert.deepEqual(mixOf(world, room), {
      generation: 1,
      state: 'broken',
      streamNames: [`${room}_mix360`],
      restarts: 0,
      erring: false,
    })
    world.publish(room)
    world.ready(room)
    assert.deepEqual(world.commanded(), [`StartMix ${room}<-${other(room)} 2`])
    assert.deepEqual(mixDeadlines(world), [`mix-restart ${room} in 20000`])
    world.answerMix(room, 'start')
    assert.deepEqual(mixOf(world, room), {
      generation: 2,
      state: 'started',
      streamNames: [`${room}_mix360`],
      restarts: 0,
      erring: false,
    })
    assert.deepEqual(mixDeadlines(world), [])
    assert.ok(!world.seen().some((line) => line.endsWith('MixSucceeded')))
    world.ready(room)
    assert.deepEqual(world.commanded(), [], 'it is ready already')
    assert.equal(world.room(room).session?.phase, 'mixed')
  }
})

test('the mix of the other room is left alone when one breaks', () => {
  for (const room of ['A', 'B']) {
    const world = mixed()
    const before = mixOf(world, other(room))
    world.interrupt(room)
    world.publish(room)
    world.ready(room)
    assert.deepEqual(mixOf(world, other(room)), before)
  }
})

test('a restart that is refused, or not answered, leaves the mix broken without a 14', () => {
  for (const room of ['A', 'B']) {
    for (const isRefused of [true, false]) {
      const world = mixed()
      world.interrupt(room)
      world.publish(room)
      world.ready(room)
      world.seen()
      world.commanded()
      if (isRefused) world.answerMix(room, 'start', 3404, 'NoSuchStream')
      else world.pass(20_000)
      const { state, generation } = mixOf(world, room)
      assert.deepEqual([state, generation, mixDeadlines(world)], ['broken', 2, []])
      assert.deepEqual([world.room(room).mixReady, world.room(other(room)).mixReady], [false, true])
      assert.deepEqual([world.seen(), world.commanded()], [[], []])
      const { ownerReady, peerReady } = world.room('A').session ?? {}
      assert.deepEqual([ownerReady, peerReady], [room !== 'A', room !== 'B'])
      world.ready(room)
      assert.deepEqual(world.commanded(), [`StartMix ${room}<-${other(room)} 3`])
      world.answerMix(room, 'start')
      assert.equal(mixOf(world, room).state, 'started')
    }
  }
})

test('a break during a restart takes its deadline with it', () => {
  const world = mixed()
  world.interrupt('A')
  world.publish('A')
  world.ready('A')
  world.pass(5_000)
  world.interrupt('A')
  assert.deepEqual(mixDeadlines(world), [])
  world.answerMix('A', 'start')
  assert.equal(world.why(), 'mix answer: not expected')
  assert.equal(mixOf(world, 'A').state, 'broken')
})

test("a break of the viewer's stream breaks no mix, and his MixAvailable starts none", () => {
  const world = new World()
  const system = world.agreedViewer()
  world.publish(system)
  for (const room of ['A', system]) world.ready(room)
  world.answerMix('A', 'start')
  world.commanded()
  const before = world.room('A').session?.mixes
  world.interrupt(system)
  assert.deepEqual(world.room('A').session?.mixes, before)
  world.publish(system)
  world.ready(system)
  assert.deepEqual(world.commanded(), [])
})

test('MainStreamNotExist before the session is mixed waits for the next MixAvailable', () => {
  const world = starting()
  world.answerMix('A', 'start', 3404, 'NoSuchStream')
  errorOf(world, 'A', 'MainStreamNotExist')
  assert.deepEqual([world.room('A').mixReady, world.room('A').session?.ownerReady], [false, false])
  world.commanded()
  world.ready('B')
  assert.deepEqual(world.commanded(), [])
  world.ready('A')
  assert.deepEqual(world.commanded(), ['StartMix A<-B 3', 'StartMix B<-A 3'])
})

test('a MixAvailable of a room whose mix runs starts nothing', () => {
  const world = mixed()
  const number = (world.room('A').session?.seenNumber ?? 0) + 1
  world.tell('A', 'B', 'fact', `${world.sessionId}.1`, { cause: 'mix-available', number })
  assert.deepEqual([world.commanded(), world.room('A').session?.seenNumber], [[], number])
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
