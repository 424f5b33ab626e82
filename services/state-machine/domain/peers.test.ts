import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempt, mixed, starting } from './testing/session.ts'
import { World } from './testing/world.ts'

/** The number that the next fact or step to that room has. */
const next = (world: World, room: string): number => (world.room(room).session?.seenNumber ?? 0) + 1

test('a fact or step counts once, in its session alone, and is remembered by its number', () => {
  for (const [room, from, kind, cause] of [
    ['A', 'B', 'fact', 'published'],
    ['B', 'A', 'fact', 'published'],
    ['B', 'A', 'step', 'broken'],
  ] as const) {
    const world = mixed()
    const number = next(world, room)
    const before = world.room(room)
    world.tell(room, from, kind, attempt(world), { cause, number: number - 1 })
    assert.equal(world.why(), `${kind}: known or late`)
    world.tell(room, from, kind, 'other.1', { cause, number })
    assert.equal(world.why(), `${kind}: known or late`)
    world.tell('Z', from, kind, attempt(world), { cause, number })
    assert.equal(world.why(), `${kind}: known or late`)
    assert.deepEqual([world.room(room), world.seen()], [before, []])
    world.tell(room, from, kind, attempt(world), { cause, number })
    assert.equal(world.room(room).session?.seenNumber, number)
    assert.deepEqual(world.seen(), kind === 'fact' ? [`${room} StreamPublished`] : [])
    world.tell(room, from, kind, attempt(world), { cause, number })
    assert.equal(world.why(), `${kind}: known or late`)
    assert.deepEqual(world.seen(), [])
  }
})

test('a fact or step of a cause that nobody knows changes nothing', () => {
  const world = mixed()
  for (const [room, from, kind] of [
    ['A', 'B', 'fact'],
    ['B', 'A', 'step'],
  ] as const) {
    const before = world.room(room)
    world.tell(room, from, kind, attempt(world), { cause: 'eclipsed', number: next(world, room) })
    assert.equal(world.why(), `${kind}: unknown cause`)
    assert.deepEqual(world.room(room), before)
  }
})

test('a step is for a peer that is in the session, not for one that is merely held', () => {
  const world = new World()
  for (const room of ['A', 'B']) world.create(room)
  world.invite('A', { uid: 'uB', roomId: 'B' })
  world.close('A')
  world.put('CohostFeedbackRequested', 'A', { inviterUid: 'uA', inviteeUid: 'uB', status: 1 })
  const held = world.room('B')
  world.tell('B', 'A', 'step', held.lock ?? '', { cause: 'start', number: 1, generation: 1 })
  assert.equal(world.why(), 'step: known or late')
  assert.deepEqual([world.room('B'), world.commanded()], [held, []])
})

test("that the other room's stream has started does not change whether it is ready", () => {
  const world = mixed()
  world.tell('A', 'B', 'fact', attempt(world), { cause: 'published', number: next(world, 'A') })
  assert.equal(world.room('A').session?.peerReady, true)
  assert.equal(world.room('A').session?.mixes[1]?.state, 'started')
})

test('an answer that a peer is told of is the business of the owner', () => {
  const world = mixed()
  const before = world.room('B').session
  world.tell('B', 'A', 'fact', attempt(world), {
    cause: 'answer',
    subject: 'start',
    number: next(world, 'B'),
    generation: 1,
  })
  assert.deepEqual(world.room('B').session, { ...before, seenNumber: next(world, 'B') - 1 })
})

test('an answer about a mix that the session has not, or of another generation, changes nothing', () => {
  const world = starting()
  const told = { cause: 'answer', subject: 'start', code: 200, texts: ['x'], number: next(world, 'A') }
  const before = world.room('A')
  world.tell('A', 'C', 'fact', attempt(world), { ...told, generation: 1 })
  assert.equal(world.why(), 'mix answer: no such mix')
  for (const generation of [0, 2]) {
    world.tell('A', 'B', 'fact', attempt(world), { ...told, generation })
    assert.equal(world.why(), 'mix answer: an older generation')
  }
  assert.deepEqual(world.room('A'), before)
})

const status = {
  cause: 'status',
  subject: 'B',
  code: 200,
  reason: 'Success',
  message: '',
  texts: ['channel', 'side_by_side', 'EventMixStop'],
}

test('a late fact counts while its session is remembered: a status is pushed, an answer settles a stop', () => {
  const world = starting()
  world.closeSession('A', 'B')
  world.pushed()
  world.tell('A', 'B', 'fact', attempt(world), status)
  assert.deepEqual(world.pushed(), [
    {
      is: 'MixCommandStatus',
      roomId: 'A',
      toUid: null,
      endReason: null,
      actor: 'cloud',
      mainMixRoomId: 'B',
      mixRoomId: 'A',
      mixType: 'channel',
      mixTemplate: 'side_by_side',
      event: 'EventMixStop',
      message: '',
      code: 200,
      reason: 'Success',
    },
  ])
  world.tell('A', 'B', 'fact', attempt(world), { cause: 'answer', subject: 'stop', generation: 2, code: 200 })
  assert.equal(world.why(), 'fact: of a session that is over')
  world.tell('A', 'B', 'fact', 'other.1', status)
  assert.equal(world.why(), 'fact: of no session of ours')
  world.tell('Z', 'B', 'fact', attempt(world), status)
  assert.equal(world.why(), 'fact: of no session of ours')
  assert.deepEqual(world.seen(), [])
})

test('a late fact of another session does not settle the stops of this one', () => {
  const world = mixed()
  const first = attempt(world)
  world.closeSession('A', 'B')
  for (const room of ['A', 'B']) world.answerMix(room, 'stop')
  world.sessionId = world.invite('A', { uid: 'uB', roomId: 'B' })?.sessionId ?? ''
  world.answer('A', 'uA', 'uB', 1)
  for (const room of ['A', 'B']) world.answerMix(room, 'start')
  world.closeSession('A', 'B')
  const before = world.room('A').session
  world.tell('A', 'B', 'fact', first, { cause: 'answer', subject: 'stop', generation: 2, code: 200 })
  assert.equal(world.why(), 'fact: of a session that is over')
  assert.deepEqual(world.room('A').session, before)
})

test('a status that says too little is pushed with what it says', () => {
  const world = mixed()
  world.tell('A', 'B', 'fact', attempt(world), { ...status, texts: [], number: next(world, 'A') })
  const [push] = world.pushes
  assert.ok(push !== undefined && 'mixTemplate' in push.record)
  assert.deepEqual([push.record.mixType, push.record.mixTemplate, push.record.event], ['', '', ''])
})

test('no status is pushed to a room that has ended, nor to the room of a viewer', () => {
  const ended = mixed()
  ended.leave('A')
  ended.seen()
  ended.tell('A', 'B', 'fact', attempt(ended), { ...status, number: 0 })
  assert.deepEqual(ended.seen(), [])

  const world = new World()
  const system = world.agreedViewer()
  world.publish(system)
  for (const room of ['A', system]) world.ready(room)
  world.seen()
  world.status('A', system, 'EventMix')
  assert.deepEqual(world.seen(), ['A MixCommandStatus'])
})

test('a peer that is told to start, to stop, or that all failed does so once, under the generation of its owner', () => {
  const world = new World()
  world.agreedPair()
  const tell = (cause: string, body: object): void =>
    world.tell('B', 'A', 'step', attempt(world), { cause, number: next(world, 'B'), ...body })
  const state = (): readonly unknown[] => {
    const { phase, failures, mixes } = world.room('B').session ?? {}
    return [phase, failures, mixes?.[1]?.state, mixes?.[1]?.generation, mixes?.[1]?.sent]
  }
  tell('start', { generation: 1 })
  assert.deepEqual([state(), world.commanded()], [['starting', 0, 'starting', 1, true], ['StartMix B<-A 1']])
  tell('mix-failed', { code: 3400, message: 'no', reason: 'mix-refused', generation: 2 })
  assert.deepEqual([state(), world.commanded()], [['agreed', 1, 'stopping', 2, true], ['StopMix B<-A 2']])
  tell('mix-failed', { code: 3400, message: 'no', reason: 'mix-refused', generation: 0 })
  assert.deepEqual([state(), world.commanded()], [['agreed', 2, 'stopping', 2, true], []])
  tell('start', { generation: 3 })
  tell('mix-succeeded', { texts: ['A_mix'] })
  assert.deepEqual([state()[0], world.room('B').mixed], ['mixed', true])
  assert.deepEqual(
    world.room('B').session?.mixes.map(({ mainRoomId, state: one, streamNames }) => [mainRoomId, one, streamNames]),
    [
      ['A', 'started', ['A_mix']],
      ['B', 'starting', []],
    ],
  )
  tell('start', { generation: 4 })
  assert.equal(state()[0], 'mixed', 'a restart leaves the session mixed')
  assert.deepEqual(world.commanded(), ['StartMix B<-A 3', 'StartMix B<-A 4'])
  world.ready('B')
  tell('broken', { generation: world.room('A').session?.seenNumber ?? 0 })
  assert.equal(world.room('B').mixReady, false)
  tell('close', { subject: 'A', reason: 'request', actor: 'uA', generation: 5, flag: true })
  assert.deepEqual([state(), world.commanded()], [['stopping', 2, 'stopping', 5, true], ['StopMix B<-A 5']])
  assert.deepEqual([world.room('B').mixed, world.room('B').lateStops], [true, []])
  world.seen()
  tell('mix-ended', { subject: 'A', reason: 'request', actor: 'uA' })
  assert.deepEqual([world.seen(), world.room('B').mixed], [['B MixEnded'], false])
  assert.deepEqual(
    world.room('B').lateStops.map(({ generation, tellsOwner }) => [generation, tellsOwner]),
    [[5, false]],
    'its stop is unanswered',
  )
})

test('a peer that had nothing to stop stops nothing when the session closes', () => {
  const world = new World()
  world.agreedPair()
  world.closeSession('A', 'B')
  assert.deepEqual([world.commanded(), world.room('B').lateStops, world.deadlines('B')], [[], [], []])
})
