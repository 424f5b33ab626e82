import assert from 'node:assert/strict'
import { test } from 'node:test'
import { starting } from './testing/session.ts'
import { World } from './testing/world.ts'

/** The parties of B's invite to A, as pushes 5 and 14 name them. */
const pair = (world: World): object => ({
  sessionId: world.sessionId,
  inviterRoomId: 'B',
  inviteeRoomId: 'A',
  inviterUid: 'uB',
  inviterName: 'name-uB',
  inviteeUid: 'uA',
  inviteeName: 'name-uA',
  inviterType: 2,
  inviteeType: 2,
})

test('push 5 tells both rooms where to watch either side', () => {
  const world = starting('B', 'A')
  for (const room of ['A', 'B']) world.answerMix(room, 'start')
  const succeeded = {
    is: 'MixSucceeded',
    toUid: null,
    endReason: null,
    actor: 'cloud',
    ...pair(world),
    inviterMixPlayUrls: ['http://play/B_mix360'],
    inviteeMixPlayUrls: ['http://play/A_mix360'],
  }
  assert.deepEqual(world.pushed(), [
    { ...succeeded, roomId: 'B' },
    { ...succeeded, roomId: 'A' },
  ])
})

test("push 5 of a viewer's session has no addresses on his side, and goes to the broadcaster's room", () => {
  const world = new World()
  const system = world.agreedViewer()
  world.publish(system)
  for (const room of ['A', system]) world.ready(room)
  world.pushed()
  world.answerMix('A', 'start')
  assert.deepEqual(world.pushed(), [
    {
      is: 'MixSucceeded',
      roomId: 'A',
      toUid: null,
      endReason: null,
      actor: 'cloud',
      sessionId: world.sessionId,
      inviterRoomId: system,
      inviteeRoomId: 'A',
      inviterUid: 'viewer',
      inviterName: 'viewer',
      inviteeUid: 'uA',
      inviteeName: 'name-uA',
      inviterType: 1,
      inviteeType: 2,
      inviterMixPlayUrls: [],
      inviteeMixPlayUrls: ['http://play/A_mix360'],
    },
  ])
  assert.deepEqual([world.room(system).mixed, world.room(system).session?.phase], [true, 'mixed'])
})

test('push 14 tells both rooms why: the answer of the cloud, or that there was none', () => {
  const failed = (world: World): object => ({
    is: 'MixFailed',
    toUid: null,
    ...pair(world),
  })
  const refused = starting('B', 'A')
  refused.answerMix('A', 'start', 3404, 'NoSuchStream')
  const refusal = { ...failed(refused), endReason: 'mix-refused', actor: 'cloud', code: 3404, message: 'NoSuchStream' }
  assert.deepEqual(refused.pushed(), [
    { ...refusal, roomId: 'B' },
    { ...refusal, roomId: 'A' },
  ])

  const silent = starting('B', 'A')
  silent.answerMix('A', 'start')
  silent.pass(20_000)
  const message = 'the video cloud did not answer in time'
  const timeout = { ...failed(silent), endReason: 'mix-timeout', actor: 'clock', code: 3000, message }
  assert.deepEqual(silent.pushed(), [
    { ...timeout, roomId: 'B' },
    { ...timeout, roomId: 'A' },
  ])
})

test("push 14 has the cloud's message, or its word when there is none", () => {
  for (const [message, expected] of [
    ['the stream is gone', 'the stream is gone'],
    ['', 'NoSuchStream'],
  ] as const) {
    const world = starting('B', 'A')
    const command = world.commands.find(({ record }) => record.roomId === 'B')?.record
    world.put('MixCommandAnswered', 'B', {
      commandId: command?.eventId ?? '',
      sessionId: `${world.sessionId}.1`,
      generation: 1,
      action: 'start',
      code: 3404,
      reason: 'NoSuchStream',
      message,
      streamNames: [],
    })
    assert.deepEqual(
      world.pushes.map(({ record }) => 'message' in record && record.message),
      [expected, expected],
    )
  }
})

test("push 14 of a viewer's session goes to the broadcaster's room alone", () => {
  const world = new World()
  const system = world.agreedViewer()
  world.publish(system)
  for (const room of ['A', system]) world.ready(room)
  world.pushed()
  world.answerMix('A', 'start', 3404, 'NoSuchStream')
  assert.deepEqual(world.seen(), ['A MixFailed'])
  assert.equal(world.room(system).session?.phase, 'agreed')
})

test('4 and 15 name the room that closed, the other one, and who closed it', () => {
  for (const [closing, notified] of [
    ['A', 'B'],
    ['B', 'A'],
  ] as const) {
    const world = starting('B', 'A')
    for (const room of ['A', 'B']) world.answerMix(room, 'start')
    world.pushed()
    world.closeSession(closing, notified)
    const ended = {
      toUid: null,
      endReason: 'request',
      actor: `u${closing}`,
      sessionId: world.sessionId,
      closingRoomId: closing,
      uid: `u${closing}`,
      name: `name-u${closing}`,
      notifiedRoomId: notified,
      notifiedUid: `u${notified}`,
      notifiedName: `name-u${notified}`,
    }
    assert.deepEqual(world.pushed(), [
      { is: 'CohostEnded', roomId: 'B', ...ended },
      { is: 'CohostEnded', roomId: 'A', ...ended },
    ])
    for (const room of ['A', 'B']) world.answerMix(room, 'stop')
    assert.deepEqual(world.pushed(), [
      { is: 'MixEnded', roomId: 'B', ...ended },
      { is: 'MixEnded', roomId: 'A', ...ended },
    ])
  }
})

test('a mix command names its session, its generation, both rooms, and until when an answer counts', () => {
  const world = starting('B', 'A')
  world.pass(1_000)
  world.closeSession('A', 'B')
  const [start, , stop] = world.commands
  const common = { roomId: 'B', sessionId: `${world.sessionId}.1`, mixRoomId: 'A' }
  assert.deepEqual(start, {
    type: 'StartMix',
    record: {
      eventId: start?.record.eventId,
      ...common,
      occurredAt: 1_000_000,
      generation: 1,
      deadline: 1_020_000,
      mixType: 'channel',
      mixTemplate: 'side_by_side',
    },
  })
  assert.deepEqual(stop, {
    type: 'StopMix',
    record: {
      eventId: stop?.record.eventId,
      ...common,
      occurredAt: 1_001_000,
      generation: 2,
      deadline: 1_021_000,
    },
  })
  assert.equal(new Set(world.commands.map(({ record }) => record.eventId)).size, world.commands.length)
})

test('a message to another room has an id of its own, derived from that of its cause, and says nothing it need not', () => {
  const world = new World()
  world.agreedPair()
  const close = world.put('CohostCloseRequested', 'A', { notifiedRoomId: 'B' })
  const release = world.sent.at(-1)
  assert.deepEqual(release, {
    eventId: release?.eventId,
    roomId: 'B',
    occurredAt: 1_000_000,
    kind: 'release',
    fromRoomId: 'A',
    sessionId: `${world.sessionId}.1`,
    number: 0,
    terms: null,
    expiresAt: null,
    code: 0,
    cause: '',
    actor: '',
    subject: '',
    name: '',
    uid: '',
    flag: false,
    generation: 0,
    reason: '',
    message: '',
    texts: [],
  })
  assert.ok(release?.eventId.startsWith(`${close}.`))
  assert.equal(new Set(world.sent.map(({ eventId }) => eventId)).size, world.sent.length)
})

test('what is told of a session is numbered without gaps, in either direction', () => {
  const world = new World()
  world.agreedPair('B', 'A')
  for (const room of ['A', 'B']) world.ready(room)
  for (const room of ['A', 'B']) world.answerMix(room, 'start')
  world.interrupt('A')
  world.closeSession('A', 'B')
  for (const room of ['A', 'B']) world.answerMix(room, 'stop')
  for (const [kind, causes] of [
    ['step', ['start', 'mix-succeeded', 'close', 'mix-ended']],
    ['fact', ['mix-available', 'answer', 'interrupted', 'answer']],
  ] as const) {
    const told = world.sent.filter((message) => message.kind === kind)
    const toPeer = told.filter(({ fromRoomId }) => (fromRoomId === 'B') === (kind === 'step'))
    assert.deepEqual(
      toPeer.map(({ cause }) => cause),
      causes,
    )
  }
  for (const room of ['A', 'B']) {
    const numbers = world.sent.filter(({ fromRoomId, kind }) => fromRoomId === room && ['fact', 'step'].includes(kind))
    assert.deepEqual(
      numbers.map(({ number }) => number),
      numbers.map((_, index) => index + 1),
    )
  }
})

test('a room that has left a session is free of it, but for the attempt that it remembers as dead', () => {
  const world = starting('B', 'A')
  for (const room of ['A', 'B']) world.answerMix(room, 'start')
  world.status('A', 'B', 'EventMix', 'InternalError')
  world.pass(1_000)
  world.closeSession('A', 'B')
  for (const room of ['A', 'B']) world.answerMix(room, 'stop')
  for (const room of ['A', 'B']) {
    const { lock, lockPeer, lockedAt, session, mixed, dead, lateStops } = world.room(room)
    assert.deepEqual(
      { lock, lockPeer, lockedAt, session, mixed, lateStops },
      { lock: null, lockPeer: null, lockedAt: null, session: null, mixed: false, lateStops: [] },
    )
    assert.deepEqual(
      dead.map(({ attemptId }) => attemptId),
      [`${world.sessionId}.1`],
    )
    assert.deepEqual(
      world.deadlines(room).filter((line) => !line.startsWith('reserved-again')),
      [],
    )
  }
})
