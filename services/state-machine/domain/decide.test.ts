import assert from 'node:assert/strict'
import { test } from 'node:test'
import { World } from './testing/world.ts'

test('the same input twice changes nothing the second time', () => {
  const world = new World()
  world.create('A')
  const id = world.put('StreamNotified', 'A', { action: 'publish', cloudTime: null })
  world.interrupt('A')
  world.put('StreamNotified', 'A', { action: 'publish', cloudTime: null }, id)
  assert.equal(world.room('A').status, 0)
  assert.equal(world.ignored.at(-1), 'duplicate')
})

test('an input that concerns no room’s life changes nothing, and says why', () => {
  const world = new World()
  world.create('A')
  const before = world.room('A')
  world.put('AudienceJoined', 'A', { uid: 'v', name: null })
  assert.equal(world.why(), 'audience')
  world.put('AudienceLeft', 'A', { uid: 'v' })
  assert.equal(world.why(), 'audience')
  world.put('ClockRead', 'A', {})
  assert.equal(world.why(), 'clock')
  world.tell('A', 'B', 'hello', 's.1')
  assert.equal(world.why(), 'peer message: unknown kind')
  assert.deepEqual(world.room('A'), before)
})

test('a room remembers the ids of its newest inputs, but of no deadline and no numbered message', () => {
  const world = new World({ maxRecentInputs: 4 })
  world.agreedPair()
  world.pass(2_000)
  assert.deepEqual(world.deadlines('B'), [])
  const remembered = (): readonly string[] => world.room('B').recentInputs
  const before = remembered()
  assert.equal(before.length, 4)
  const attempt = `${world.sessionId}.1`
  const put = (kind: string, number: number, cause: string, eventId: string): void =>
    world.tell('B', 'A', kind, attempt, { number, cause }, eventId)
  put('fact', 1, 'published', 'fact-1')
  put('step', 2, 'broken', 'step-2')
  assert.deepEqual(remembered(), before)
  assert.equal(world.room('B').session?.seenNumber, 2)
  put('fact', 0, 'status', 'late-fact')
  put('release', 3, '', 'release')
  const id = world.put('StreamNotified', 'B', { action: 'publish_done', cloudTime: null })
  assert.deepEqual(remembered(), [before.at(-1), 'late-fact', 'release', id])
})

test('a deadline is not among the inputs that a room remembers', () => {
  const world = new World()
  world.create('A')
  world.apply('A', 'v')
  world.pass(30_000)
  assert.deepEqual([world.room('A').invites, world.room('A').recentInputs], [[], ['e1', 'e2']])
})

test('what is kept of a room that never was is what it has to say, and a deadline to forget it', () => {
  const world = new World()
  world.create('B')
  world.invite('B', { uid: 'uA', roomId: 'A' })
  const { eventId, recentInputs, ...kept } = world.room('A')
  assert.deepEqual(recentInputs, [eventId])
  assert.deepEqual(kept, {
    roomId: 'A',
    occurredAt: 1_000_000,
    inputPos: 3,
    uid: '',
    name: '',
    description: null,
    type: 2,
    status: 2,
    mixReady: false,
    mixed: false,
    createdAt: 0,
    endedAt: null,
    endReason: null,
    streamTime: null,
    timers: [{ kind: 'tombstone', subject: '', at: 1_060_000, generation: 1 }],
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
    likes: 0,
    likePos: 0,
  })
})

test('a confirmation that comes again announces no readiness again', () => {
  const world = new World()
  for (const room of ['A', 'B']) {
    world.create(room)
    world.publish(room)
  }
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.close('A')
  world.answer('A', 'uA', 'uB', 1)
  world.ready('B')
  world.open('A')
  world.seen()
  const confirm = world.sent.find(({ kind }) => kind === 'confirm')
  assert.ok(confirm !== undefined)
  world.tell('B', 'A', 'confirm', confirm.sessionId, { terms: confirm.terms })
  assert.deepEqual([world.why(), world.seen()], ['confirm: known', []])
  world.create('C')
  world.publish('C')
  world.ready('C')
  world.seen()
  world.tell('C', 'A', 'confirm', 'x.1', { terms: confirm.terms })
  assert.deepEqual([world.why(), world.seen()], ['confirm: not held', []])
})

test('a room’s time never goes back, and its outputs name the input that caused them', () => {
  const world = new World()
  world.create('A')
  world.now -= 500
  const id = world.put('StreamNotified', 'A', { action: 'publish', cloudTime: null })
  const [push] = world.pushes
  assert.ok(push !== undefined && 'inputPos' in push.record)
  assert.deepEqual(
    [push.record.eventId, push.record.occurredAt, push.record.inputPos],
    [`${id}.1`, 1_000_000, world.position],
  )
  const { eventId, occurredAt, inputPos } = world.room('A')
  assert.deepEqual([eventId, occurredAt, inputPos], [id, 1_000_000, world.position])
})
