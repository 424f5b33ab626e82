import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { RequestDecided } from '../../schemas/types.generated.ts'
import { isFault } from '../shared/fault.ts'
import { createMediaAddresses } from '../shared/media.ts'
import { createNameMemory } from './domain/names.ts'
import type { InputEvent } from './domain/records.ts'
import type { RoomView } from './domain/room-table.ts'
import { createInMemoryEvents, createInMemoryOutcomes, createInMemoryRooms } from './in-memory.ts'
import { createIntake, type Call } from './intake.ts'

const call: Call = { credential: 'key', path: '/path' }
const repeatable: Call = { ...call, idempotencyKey: 'k1' }
const invite = {
  inviterUid: 'ann',
  inviteeUid: 'bob',
  liveRoomId: 'r1',
  type: 'side_by_side',
  inviterType: 2,
} as const

const room = (change: Partial<RoomView> = {}): RoomView => ({
  roomId: 'r1',
  uid: 'ann',
  name: 'Ann',
  description: null,
  status: 1,
  type: 2,
  mixReady: false,
  mixed: false,
  createdAt: 1,
  invites: [],
  sessionPairs: [],
  ...change,
})

const outcomeOf = (event: InputEvent, change: Partial<RequestDecided> = {}): RequestDecided => ({
  eventId: `${event.record.eventId}.outcome`,
  roomId: event.record.roomId,
  occurredAt: 0,
  requestId: event.record.eventId,
  code: 200,
  message: 'done',
  sessionId: null,
  live: null,
  cohost: null,
  ...change,
})

const start = () => {
  const events = createInMemoryEvents()
  const outcomes = createInMemoryOutcomes()
  const rooms = createInMemoryRooms()
  let ids = 0
  const instance = () =>
    createIntake({
      events,
      outcomes,
      rooms,
      names: createNameMemory({ maxNames: 10 }),
      addresses: createMediaAddresses({
        pushHost: 'push.test',
        playHost: 'play.test',
        app: 'App',
        authKey: undefined,
        mixSuffix: '_mix',
      }),
      clock: { now: () => 1_000 },
      newEventId: () => String(++ids).padStart(32, '0'),
      sha256: (text) => createHash('sha256').update(text).digest('hex'),
    })
  return { events, outcomes, rooms, instance, intake: instance() }
}

const lastRecord = (events: { appended: readonly InputEvent[] }): object => events.appended.at(-1)?.record ?? {}

test('a request is answered with what the room decided, refusals included', async () => {
  const { intake, events, outcomes } = start()
  events.onAppended((event) => outcomes.decide(outcomeOf(event, { code: 3020, message: 'busy' })))
  const { status, body } = await intake.invite({ ...invite, inviteeRoomId: 'r2' }, call)
  assert.equal(status, 200)
  assert.deepEqual(body, { code: 3020, message: 'busy', data: {} })
})

test('a request that is not decided in time is answered 202 with its id, and with its outcome later', async () => {
  const { intake, events, outcomes } = start()
  const { status, body } = await intake.leaveLive({ roomId: 'r1' }, call)
  const requestId = events.appended[0]?.record.eventId ?? ''
  assert.equal(status, 202)
  assert.deepEqual(body.data, { requestId })
  assert.equal((await intake.outcomeOf(requestId)).status, 202)
  for (const event of events.appended) outcomes.decideUnread(outcomeOf(event, { code: 2003 }))
  assert.equal((await intake.outcomeOf(requestId)).body.code, 2003)
})

test('a request id that nobody knows is answered 404', async () => {
  const { intake } = start()
  assert.equal((await intake.outcomeOf('0123')).status, 404)
})

test('a create that is not decided in time tells the room and its addresses already', async () => {
  const { intake, events } = start()
  const { status, body } = await intake.createLive({ uid: 'ann', name: 'Ann' }, call)
  const [created] = events.appended
  assert.equal(status, 202)
  assert.equal(created?.record.roomId, '0000000000000000')
  assert.deepEqual(body.data, {
    requestId: created?.record.eventId,
    uid: 'ann',
    name: 'Ann',
    roomId: '0000000000000000',
    rtmpUrl: 'rtmp://push.test/App/0000000000000000',
    playUrl: 'http://play.test/App/0000000000000000_mix.flv',
    m3u8PlayUrl: 'http://play.test/App/0000000000000000_mix.m3u8',
    rtmpPlayUrl: 'rtmp://play.test/App/0000000000000000_mix',
    status: 0,
    type: 2,
    isMixReady: false,
    isMixed: false,
    description: '',
  })
})

test('an agreement is answered with what the invitee needs', async () => {
  const { intake, events, outcomes } = start()
  const cohost = { inviterPlayUrl: 'p', inviterRoomId: 'r1', inviteeRoomId: 'r2', rtmpUrl: 'secret' }
  events.onAppended((event) => outcomes.decide(outcomeOf(event, { cohost })))
  const feedback = { inviterUid: 'ann', inviteeUid: 'bob', liveRoomId: 'r1', status: 1 } as const
  assert.deepEqual((await intake.giveFeedback(feedback, call)).body.data, cohost)
})

test('nothing is answered when Kafka does not take the event', async () => {
  const { intake, events } = start()
  events.goAway()
  await assert.rejects(intake.leaveLive({ roomId: 'r1' }, call), (error) => isFault(error, 'BROKER_UNREACHABLE'))
  await assert.rejects(intake.like({ roomId: 'r1', uid: 'ann', count: 1 }, call))
})

test('a repeat with the same key gets the first outcome without being written again, at any instance', async () => {
  const { intake, instance, events, outcomes } = start()
  events.onAppended((event) => outcomes.decideUnread(outcomeOf(event, { sessionId: 's1' })))
  assert.equal((await intake.cancelInvite({ inviterUid: 'ann', liveRoomId: 'r1' }, repeatable)).status, 202)
  const answer = await instance().cancelInvite({ inviterUid: 'ann', liveRoomId: 'r1' }, repeatable)
  assert.deepEqual(answer.body, { code: 200, message: 'done', data: { sessionId: 's1' } })
  assert.equal(events.appended.length, 1)
})

test('a repeat of an open request is not written again by the same instance', async () => {
  const { intake, events } = start()
  const first = await intake.createLive({ uid: 'ann' }, repeatable)
  assert.deepEqual(await intake.createLive({ uid: 'ann' }, repeatable), first)
  assert.equal(events.appended.length, 1)
})

test('a repeat at another instance, before any decision, is written under the same event id and room', async () => {
  const { intake, instance, events } = start()
  await intake.createLive({ uid: 'ann' }, repeatable)
  await instance().createLive({ uid: 'ann' }, repeatable)
  const [first, second] = events.appended.map(({ record }) => record)
  assert.equal(first?.eventId, second?.eventId)
  assert.equal(first?.roomId, second?.roomId)
  assert.equal(first?.roomId, first?.eventId.slice(0, 16))
})

test('repeats that are there at the same time share one answer', async () => {
  const { intake, events } = start()
  const answers = await Promise.all([1, 2, 3].map(() => intake.leaveLive({ roomId: 'r1' }, repeatable)))
  assert.equal(new Set(answers).size, 1)
  assert.equal(events.appended.length, 1)
})

test('the same key of another caller, or for another path, is another request', async () => {
  const { intake, events } = start()
  await intake.leaveLive({ roomId: 'r1' }, repeatable)
  await intake.leaveLive({ roomId: 'r1' }, { ...repeatable, credential: 'other' })
  await intake.leaveLive({ roomId: 'r1' }, { ...repeatable, path: '/other' })
  assert.equal(new Set(events.appended.map(({ record }) => record.eventId)).size, 3)
})

test('a comment with a key is written once', async () => {
  const { intake, events } = start()
  const comment = { roomId: 'r1', uid: 'ann', comment: 'hi' }
  const first = await intake.comment(comment, repeatable)
  assert.deepEqual(await intake.comment(comment, repeatable), first)
  assert.equal(events.appended.length, 1)
})

test('an event that failed is tried again by a repeat with the same key', async () => {
  const { intake, events } = start()
  events.goAway()
  await assert.rejects(intake.leaveLive({ roomId: 'r1' }, repeatable))
  events.comeBack()
  await intake.leaveLive({ roomId: 'r1' }, repeatable)
  assert.equal(events.appended.length, 1)
})

test('an invite by a broadcaster names the running live of the invitee, also when it is known only after catching up', async () => {
  const { intake, events, rooms } = start()
  rooms.catchUpWith((table) => table.put(room({ roomId: 'r2', uid: 'bob' })))
  await intake.invite(invite, call)
  assert.equal(events.appended[0]?.type, 'CohostInviteRequested')
  assert.partialDeepStrictEqual(lastRecord(events), { roomId: 'r1', inviteeRoomId: 'r2', type: 'side_by_side' })
})

test('an invitee without a running live is audience', async () => {
  const { intake, events, rooms } = start()
  rooms.table.put(room({ roomId: 'r2', uid: 'bob', status: 0 }))
  await intake.invite(invite, call)
  assert.partialDeepStrictEqual(lastRecord(events), { inviteeRoomId: null })
})

test('the room that an invite names counts before the one that was found', async () => {
  const { intake, events, rooms } = start()
  rooms.table.put(room({ roomId: 'r2', uid: 'bob' }))
  await intake.invite({ ...invite, inviteeRoomId: 'r3' }, call)
  assert.partialDeepStrictEqual(lastRecord(events), { inviteeRoomId: 'r3' })
})

test('audience invites the broadcaster of the watched room, whatever other live that one has', async () => {
  const { intake, events, rooms } = start()
  rooms.table.put(room({ roomId: 'r2', uid: 'bob' }))
  await intake.invite({ ...invite, inviterType: 1 }, call)
  assert.partialDeepStrictEqual(lastRecord(events), { inviteeRoomId: null })
})

test('feedback that leaves the room out goes to the room of the invite', async () => {
  const { intake, events, rooms } = start()
  const waiting = { inviterUid: 'ann', inviteeUid: 'bob', liveRoomId: 'r1', expiresAt: 1 }
  rooms.catchUpWith((table) => table.put(room({ invites: [waiting] })))
  await intake.giveFeedback({ inviterUid: 'ann', inviteeUid: 'bob', status: 2 }, call)
  assert.partialDeepStrictEqual(lastRecord(events), { roomId: 'r1', status: 2 })
})

test('feedback for which no room is found is refused with 3404, and nothing is written', async () => {
  const { intake, events } = start()
  const { status, body } = await intake.giveFeedback({ inviterUid: 'ann', inviteeUid: 'bob', status: 1 }, call)
  assert.equal(status, 200)
  assert.equal(body.code, 3404)
  assert.deepEqual(events.appended, [])
})

test('names left out are those of the rooms, then those last seen, then none', async () => {
  const { intake, events, rooms } = start()
  rooms.table.put(room())
  await intake.like({ roomId: 'r1', uid: 'bob', name: 'Bob', count: 1 }, call)
  await intake.invite({ ...invite, inviteeRoomId: 'r2' }, call)
  assert.partialDeepStrictEqual(lastRecord(events), { inviterName: 'Ann', inviteeName: 'Bob' })
  await intake.invite({ ...invite, inviteeUid: 'cleo', inviteeRoomId: 'r2' }, call)
  assert.partialDeepStrictEqual(lastRecord(events), { inviteeName: null })
  await intake.comment({ roomId: 'r1', uid: 'cleo', comment: 'hi' }, call)
  assert.partialDeepStrictEqual(lastRecord(events), { name: 'cleo' })
})

test('who begins to watch is told where, and unknown or ended rooms are refused with 2003', async () => {
  const { intake, events, rooms } = start()
  rooms.catchUpWith((table) => table.put(room()))
  const { body } = await intake.playLive({ roomId: 'r1', uid: 'bob' }, call)
  assert.deepEqual(body.data, { uid: 'bob', name: 'bob', roomId: 'r1', playUrl: 'http://play.test/App/r1_mix.flv' })
  assert.partialDeepStrictEqual(lastRecord(events), { roomId: 'r1', uid: 'bob', name: null })
  rooms.table.put(room({ status: 2 }))
  assert.equal((await intake.playLive({ roomId: 'r1', uid: 'bob' }, call)).body.code, 2003)
  assert.equal((await intake.playLive({ roomId: 'r9', uid: 'bob' }, call)).body.code, 2003)
  assert.equal(events.appended.length, 1)
})

test('the list has the lives that push, without their push addresses', async () => {
  const { intake, rooms } = start()
  rooms.catchUpWith((table) => table.put(room({ description: 'cooking' })))
  const live = {
    uid: 'ann',
    name: 'Ann',
    roomId: 'r1',
    playUrl: 'http://play.test/App/r1_mix.flv',
    m3u8PlayUrl: 'http://play.test/App/r1_mix.m3u8',
    rtmpPlayUrl: 'rtmp://play.test/App/r1_mix',
    status: 1,
    type: 2,
    isMixReady: false,
    isMixed: false,
    description: 'cooking',
  }
  assert.deepEqual((await intake.listLives({})).body.data, [live])
  assert.deepEqual((await intake.listLives({ roomId: 'r1' })).body.data, [live])
  assert.deepEqual((await intake.listLives({ roomId: 'r2' })).body.data, [])
})

test('while the newest state cannot be read nothing is called missing', async () => {
  const { intake, events, rooms } = start()
  rooms.goAway()
  await assert.rejects(intake.listLives({ roomId: 'r1' }))
  await assert.rejects(intake.playLive({ roomId: 'r1', uid: 'bob' }, call))
  await assert.rejects(intake.giveFeedback({ inviterUid: 'ann', inviteeUid: 'bob', status: 1 }, call))
  assert.deepEqual(events.appended, [])
})

test('what calls nothing missing goes on with the state as it was: the list of all, the live of an invitee', async () => {
  const { intake, events, rooms } = start()
  rooms.table.put(room())
  rooms.goAway()
  assert.partialDeepStrictEqual((await intake.listLives({})).body.data, [{ roomId: 'r1' }])
  await intake.invite(invite, call)
  assert.partialDeepStrictEqual(lastRecord(events), { roomId: 'r1', inviteeRoomId: null })
})
