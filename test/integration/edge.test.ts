import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { topics } from '../../schemas/topics.ts'
import type { Room } from '../../schemas/types.generated.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import {
  isOp,
  isPush,
  joinRooms,
  mintToken,
  openEdgeSocket,
  type EdgeClient,
  type PushLine,
} from '../support/edge-client.ts'
import {
  aCohostAgreed,
  aCohostInvited,
  aCohostRefused,
  aComment,
  aLike,
  anInvite,
  aRoom,
  aSession,
  aStreamPublished,
  newRoomId,
} from '../support/edge-records.ts'
import { jwtSecret, record, startEdgeStage, type TestEdge } from '../support/edge-stage.ts'
import { readMetrics } from '../support/read-metrics.ts'

const stage = await startEdgeStage()
after(() => stage.stop())
const edge = await stage.startEdge()

const newRoom = async (over: Partial<Room> = {}): Promise<string> => {
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId, ...over }))
  return roomId
}

const sentinel = 'sentinel'

/** Sends something on two lanes and waits until the clients have it: what was sent before on them has come, or will not. */
const settle = async (roomId: string, ...clients: readonly EdgeClient[]): Promise<void> => {
  const [comment, published] = [aComment({ roomId, name: sentinel }), aStreamPublished({ roomId, name: sentinel })]
  await stage.write(record('Commented', comment), record('StreamPublished', published))
  const ids = [comment.eventId, published.eventId]
  await Promise.all(clients.map((client) => client.waitForPushes(2, ({ id }) => ids.includes(id))))
}

/** What a client got, without what `settle` sent, and without the number of viewers, which may be told at any time. */
const received = (client: EdgeClient): readonly PushLine[] =>
  client.messages().filter(({ type, data }) => type !== 103 && data['name'] !== sentinel)
const typesOf = (client: EdgeClient): readonly number[] => received(client).map(({ type }) => type)

/** The sum of a metric, or of those of its values that have this code. */
const metricOf = async (of: TestEdge, name: string, code?: string): Promise<number> => {
  const values = (await of.metrics.getSingleMetric(name)?.get())?.values ?? []
  return values
    .filter(({ labels }) => code === undefined || labels['code'] === code)
    .reduce((sum, { value }) => sum + value, 0)
}

const waitUntil = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = AbortSignal.timeout(20_000)
  while (!(await holds())) await sleep(10, undefined, { signal: deadline })
}

test('messages 1, 2 and 3 reach every connection of the addressed user in that room, and nobody else', async () => {
  const roomId = await newRoom()
  const otherRoom = await newRoom()
  const phone = await edge.join('invitee', roomId)
  const laptop = await edge.join('invitee', otherRoom, roomId)
  const elsewhere = await edge.join('invitee', otherRoom)
  const neighbour = await edge.join('neighbour', roomId)

  const invited = aCohostInvited({ roomId, toUid: 'invitee' })
  const agreed = aCohostAgreed({ roomId, toUid: 'invitee' })
  const refused = aCohostRefused({ roomId, toUid: 'invitee' })
  const places = await stage.write(
    record('CohostInvited', invited),
    record('CohostAgreed', agreed),
    record('CohostRefused', refused),
  )
  await settle(roomId, phone, laptop, neighbour)
  await settle(otherRoom, laptop, elsewhere)

  for (const client of [phone, laptop]) {
    assert.deepEqual(
      typesOf(client).filter((type) => type < 100),
      [1, 2, 3],
    )
  }
  const { sessionId, inviteeUid, inviteeName, inviteeRoomId, inviterRoomId, inviteePlayUrl, rtmpUrl, type } = agreed
  const data = { sessionId, inviteeUid, inviteeName, inviteeRoomId, inviterRoomId, inviteePlayUrl, rtmpUrl, type }
  assert.deepEqual(await phone.waitForPush(2), {
    type: 2,
    time: agreed.occurredAt,
    data: { ...data, status: 1, inviterType: 2, inviteeType: 2 },
    room: roomId,
    weight: 4,
    pos: places[1]?.offset,
    id: agreed.eventId,
  })
  for (const client of [elsewhere, neighbour]) {
    assert.deepEqual(
      typesOf(client).filter((type) => type < 100),
      [],
    )
    assert.equal(client.frames.join().includes('rtmp'), false)
  }
  for (const client of [phone, laptop, elsewhere, neighbour]) await client.close()
})

test('a room’s messages reach everyone in it, and end with unsubscribe', async () => {
  const roomId = await newRoom()
  const stays = await edge.join('u1', roomId)
  const leaves = await edge.join('u2', roomId)
  await settle(roomId, stays, leaves)
  assert.deepEqual(await leaves.unsubscribe(roomId), { op: 'unsubscribed', room: roomId })
  const seen = leaves.lines.length
  await settle(roomId, stays)
  await leaves.ping()
  assert.equal(leaves.lines.length, seen + 1, 'the pong alone')
  await stays.close()
  await leaves.close()
})

test('message 104 follows `subscribed` with the room as it is, its session and no secret', async () => {
  const roomId = newRoomId()
  const peerRoomId = newRoomId()
  const session = aSession('mixed', { roomId, peerRoomId, agreedEventId: '' })
  await stage.writeRoom(aRoom({ roomId, occurredAt: 1_234_567, mixReady: true, mixed: true, likes: 42, session }))
  const client = await edge.connect('viewer')
  const subscribed = await client.subscribe(roomId)
  assert.deepEqual(Object.keys(subscribed), ['op', 'room', 'epoch', 'positions'])
  assert.deepEqual(Object.keys(subscribed.positions ?? {}), ['4', '5', '8', '9'])

  const state = await client.waitForPush(104)
  assert.deepEqual(state, {
    type: 104,
    time: 1_234_567,
    data: {
      roomId,
      uid: 'owner',
      name: 'Owner',
      status: 1,
      type: 2,
      isMixReady: true,
      isMixed: true,
      likes: 42,
      viewers: 1,
      session: {
        sessionId: 's1',
        state: 'mixed',
        type: 'side_by_side',
        inviterUid: 'owner',
        inviterName: 'Owner',
        inviterRoomId: roomId,
        inviteeUid: 'guest',
        inviteeName: 'Guest',
        inviteeRoomId: peerRoomId,
        inviterMixPlayUrls: [`http://play.localhost/DemoApp/${roomId}_mix360`],
        inviteeMixPlayUrls: [`http://play.localhost/DemoApp/${peerRoomId}_mix360`],
      },
    },
    room: roomId,
    weight: 5,
    id: state.id,
    asOf: { 4: subscribed.positions?.['4'], 5: subscribed.positions?.['5'] },
  })
  assert.deepEqual(
    client.lines.slice(-2).map((line) => (isPush(line) ? line.type : line.op)),
    ['subscribed', 104],
  )
  await client.close()
})

test('a client that subscribes again and resumes is answered again with the state, and gets nothing twice', async () => {
  const roomId = await newRoom()
  const client = await edge.connect('viewer')
  const first = await client.subscribe(roomId)
  const again = await client.subscribe(roomId, { epoch: first.epoch ?? '', positions: first.positions ?? {} })
  assert.equal(again.recovered, true)
  assert.equal(again.epoch, first.epoch)
  await client.waitForPushes(2, ({ type }) => type === 104)
  await settle(roomId, client)
  const comments = client.messages().filter(({ type }) => type === 6)
  assert.equal(comments.length, 1)
  await client.close()
})

test('a user who subscribes is sent again his open invites and his agreement, right after 104, as they were', async () => {
  const roomId = newRoomId()
  const invited = aCohostInvited({ roomId, toUid: 'guest', inputPos: 1 })
  const agreed = aCohostAgreed({ roomId, toUid: 'owner', inputPos: 2 })
  const gone = aCohostInvited({ roomId, toUid: 'guest', inputPos: 1 })
  const places = await stage.write(
    record('CohostInvited', gone),
    record('CohostInvited', invited),
    record('CohostAgreed', agreed),
  )
  const session = aSession('agreed', { roomId, peerRoomId: 'b1', agreedEventId: agreed.eventId })
  const expired = anInvite({ inviteeUid: 'guest', eventId: gone.eventId, expiresAt: Date.now() - 1 })
  const invites = [anInvite({ inviteeUid: 'guest', eventId: invited.eventId }), expired]
  await stage.writeRoom(aRoom({ roomId, inputPos: 2, invites, session }))

  const guest = await edge.join('guest', roomId)
  const owner = await edge.join('owner', roomId)
  const neighbour = await edge.join('neighbour', roomId)
  await settle(roomId, guest, owner, neighbour)
  const shown = (client: EdgeClient) => received(client).map(({ type, id, pos }) => (type < 6 ? [type, id, pos] : type))
  assert.deepEqual(shown(guest), [104, [1, invited.eventId, places[1]?.offset]])
  assert.deepEqual(shown(owner), [104, [2, agreed.eventId, places[2]?.offset]])
  assert.deepEqual(shown(neighbour), [104])
  for (const client of [guest, owner, neighbour]) await client.close()
})

test('an invite that has expired is not delivered', async () => {
  const roomId = await newRoom()
  const client = await edge.join('guest', roomId)
  const expired = aCohostInvited({ roomId, toUid: 'guest', expiresAt: Date.now() - 1 })
  const open = aCohostInvited({ roomId, toUid: 'guest' })
  await stage.write(record('CohostInvited', expired), record('CohostInvited', open))
  await client.waitForPush(({ id }) => id === open.eventId)
  assert.deepEqual(typesOf(client), [104, 1])
  await client.close()
})

test('what waits for a client that does not read leaves by weight; likes and comments add up', async () => {
  const roomId = await newRoom()
  const slow = await edge.join('slow', roomId)
  const fast = await edge.join('fast', roomId)
  const droppedBefore = await metricOf(edge, 'roomcast_edge_messages_dropped_total')
  const gapsBefore = await metricOf(edge, 'roomcast_edge_gaps_total')
  slow.pause()
  let comments = 0
  const comment = 'x'.repeat(8_000)
  // until the kernel takes no more, and enough waits here that some of it is dropped
  while ((await metricOf(edge, 'roomcast_edge_queued_bytes')) < 60_000) {
    comments += 50
    await stage.write(...Array.from({ length: 50 }, () => record('Commented', aComment({ roomId, comment }))))
  }
  const likes = Array.from({ length: 30 }, (_, index) => record('Liked', aLike({ roomId, count: index + 1 })))
  await stage.write(...likes)
  // Both pass what waits, and of what comes together 4 goes first.
  await stage.transact(
    record('StreamPublished', aStreamPublished({ roomId })),
    record('CohostRefused', aCohostRefused({ roomId, toUid: 'slow' })),
  )
  const likesOf = (client: EdgeClient): number =>
    client
      .messages()
      .filter(({ type }) => type === 7)
      .reduce((sum, { data }) => sum + Number(data['count'] ?? 1), 0)
  await fast.waitForLine(() => likesOf(fast) === (30 * 31) / 2)
  await fast.waitForPush(9)
  const last = aComment({ roomId })
  await stage.write(record('Commented', last))
  await fast.waitForPush(({ id }) => id === last.eventId)
  const droppedSoFar = await metricOf(edge, 'roomcast_edge_messages_dropped_total')
  assert.ok(droppedSoFar > droppedBefore, 'what is dropped is counted before the client reads of it')
  slow.resume()
  await slow.waitForPush(({ id }) => id === last.eventId, { timeoutMs: 20_000 })
  await slow.waitForPush(7)

  const at = (type: number): number => slow.lines.findIndex((line) => isPush(line) && line.type === type)
  assert.ok(at(3) < at(9), 'weight 4 before weight 5')
  const gaps = slow.lines.filter((line) => isOp(line) && line.op === 'gap')
  const gapAt = slow.lines.findIndex((line) => isOp(line) && line.op === 'gap')
  assert.ok(at(9) < gapAt, 'weight 5 before the comments that waited')
  const dropped = gaps.filter(isOp).reduce((sum, { dropped: count = 0 }) => sum + count, 0)
  const sent = slow.messages().filter(({ type }) => type === 6).length
  assert.ok(dropped > 0)
  assert.equal(sent + dropped, comments + 1)
  // Where the machine is busy the other may be left behind, too.
  const told = [slow, fast].flatMap(({ lines }) => lines).filter((line) => isOp(line) && line.op === 'gap')
  const toldOf = told.filter(isOp).reduce((sum, { dropped: count = 0 }) => sum + count, 0)
  assert.equal(await metricOf(edge, 'roomcast_edge_messages_dropped_total'), droppedBefore + toldOf)
  assert.equal(await metricOf(edge, 'roomcast_edge_gaps_total'), gapsBefore + told.length)
  assert.equal(likesOf(slow), (30 * 31) / 2)
  await slow.close()
  await fast.close()
})

test('who subscribes while records stream in gets each exactly once, from where its snapshot stands', async () => {
  const roomId = await newRoom({ likes: -1, inputPos: -1 })
  const total = 150
  const offsets: number[] = []
  const clients: { client: EdgeClient; from: number }[] = []
  const writing = (async () => {
    for (let index = 0; index < total; index += 1) {
      // the state says by its likes which record was the last that it includes
      const [place] = await stage.transact(
        record('StreamPublished', aStreamPublished({ roomId, inputPos: index, name: String(index) })),
        record('Room', aRoom({ roomId, inputPos: index, likes: index })),
      )
      offsets.push(place?.offset ?? -1)
    }
  })()
  const joining = (async () => {
    while (offsets.length < total) {
      const client = await edge.connect(`u${clients.length}`)
      const { positions } = await client.subscribe(roomId)
      clients.push({ client, from: positions?.['5'] ?? NaN })
      await sleep(20)
    }
  })()
  await Promise.all([writing, joining])
  assert.ok(clients.length >= 3)
  for (const { client, from } of clients) {
    const expected = offsets.filter((offset) => offset > from)
    const published = await client.waitForPushes(expected.length, ({ type }) => type === 9)
    assert.deepEqual(
      published.map(({ pos }) => pos),
      expected,
    )
    const [snapshot] = client.messages().filter(({ type }) => type === 104)
    const included = Number(snapshot?.data['likes'])
    const first = Number(published[0]?.data['name'] ?? total)
    assert.ok(first <= included + 1, `nothing is missing between the snapshot (${included}) and the first (${first})`)
    const asOf = snapshot?.asOf?.['5'] ?? Infinity
    assert.ok(asOf < (offsets[included + 1] ?? Infinity), 'asOf claims no more than the snapshot has')
    await client.close()
  }
})

test('a snapshot that is behind what the room has been told is waited for', async () => {
  const roomId = await newRoom({ inputPos: 0, likes: 1 })
  const first = await edge.join('u1', roomId)
  await stage.write(record('StreamPublished', aStreamPublished({ roomId, inputPos: 5 })))
  await first.waitForPush(9)
  const second = await edge.connect('u2')
  const answer = second.subscribe(roomId)
  // by now an answer from the old state would have come
  await settle(roomId, first)
  assert.equal((await second.ping()).op, 'pong')
  assert.deepEqual(second.messages(), [])
  await stage.writeRoom(aRoom({ roomId, inputPos: 5, likes: 77 }))
  assert.equal((await answer).op, 'subscribed')
  assert.equal((await second.waitForPush(104)).data['likes'], 77)
  await first.close()
  await second.close()
})

test('rooms that are unknown, have ended, or are a system’s are not there', async () => {
  const client = await edge.connect('viewer')
  const missing = [newRoomId(), await newRoom({ status: 2 }), await newRoom({ type: 1, status: 10 })]
  for (const roomId of missing) assert.equal((await client.subscribe(roomId)).code, 404)
  const roomId = await newRoom()
  assert.equal((await client.subscribe(roomId)).op, 'subscribed')
  await client.unsubscribe(roomId)
  await stage.append({ topic: topics.roomState.name, key: roomId, value: null })
  assert.equal((await client.subscribe(roomId)).code, 404)
  await client.close()
})

test('a room that was created a moment ago is found', async () => {
  const client = await edge.connect('viewer')
  for (let count = 0; count < 8; count += 1) assert.equal((await client.subscribe(await newRoom())).op, 'subscribed')
  await client.close()
})

test('a token’s rooms are all that its bearer may enter, also after it was replaced', async () => {
  const [allowed, alsoAllowed, forbidden] = [await newRoom(), await newRoom(), await newRoom()]
  const client = await edge.connect('viewer', { rooms: [allowed, alsoAllowed] })
  assert.equal((await client.subscribe(forbidden)).code, 403)
  assert.equal((await client.subscribe(allowed)).op, 'subscribed')
  assert.equal((await client.subscribe(alsoAllowed)).op, 'subscribed')
  await client.connect(await mintToken({ secret: jwtSecret, uid: 'viewer', rooms: [allowed] }))
  await client.waitForLine((line) => isOp(line) && line.op === 'unsubscribed' && line.room === alsoAllowed)
  assert.equal((await client.subscribe(alsoAllowed)).code, 403)
  await client.close()
})

test('one connection has at most eight rooms', async () => {
  const client = await edge.connect('viewer')
  for (let count = 0; count < 8; count += 1) await client.subscribe(await newRoom())
  assert.equal((await client.subscribe(await newRoom())).code, 429)
  await client.close()
})

test('frames that make no sense are refused, and the connection lives', async () => {
  const client = await edge.open()
  const refusedWith = async (frame: string): Promise<number | undefined> => {
    const from = client.lines.length
    client.send(frame)
    const line = await client.waitForLine(isOp, { from })
    return isOp(line) ? line.code : undefined
  }
  assert.equal(await refusedWith('{"op":"ping"}'), 400)
  assert.equal(await refusedWith('{"op":"subscribe","room":"r1"}'), 400)
  assert.equal((await client.connect(await mintToken({ secret: jwtSecret, uid: 'u1' }))).pingMs, 25_000)
  assert.equal(await refusedWith('hello'), 400)
  assert.equal(await refusedWith('{"op":"subscribe","room":"no room"}'), 400)
  assert.equal(
    await refusedWith(`{"op":"connect","token":"${await mintToken({ secret: jwtSecret, uid: 'u2' })}"}`),
    400,
  )
  assert.equal((await client.ping()).op, 'pong')
  await client.close()
})

test('ops of one frame are done in their order', async () => {
  const roomId = await newRoom()
  const token = await mintToken({ secret: jwtSecret, uid: 'u1' })
  const client = await edge.open()
  const ops = [
    { op: 'connect', token },
    { op: 'subscribe', room: roomId },
    { op: 'unsubscribe', room: roomId },
  ]
  client.send(ops.map((op) => JSON.stringify(op)).join('\n'))
  await client.waitForLine((line) => isOp(line) && line.op === 'unsubscribed')
  assert.deepEqual(
    client.lines.map((line) => (isPush(line) ? line.type : line.op)),
    ['connected', 'subscribed', 104, 'unsubscribed'],
  )
  await client.close()
})

test('a bearer without a good token is sent away for good, one whose token ran out for a new one', async () => {
  const closedWith = async (frame: string): Promise<number> => {
    const client = await edge.open()
    client.send(frame)
    return (await client.closed).code
  }
  assert.equal(await closedWith('{"op":"connect"}'), 4500)
  assert.equal(await closedWith('{"op":"connect","token":"a.b.c"}'), 4500)
  const forged = await mintToken({ secret: 'another', uid: 'u1' })
  assert.equal(await closedWith(JSON.stringify({ op: 'connect', token: forged })), 4500)
  const old = await mintToken({ secret: jwtSecret, uid: 'u1', ttlSeconds: -10 })
  assert.equal(await closedWith(JSON.stringify({ op: 'connect', token: old })), 4005)
})

test('a token that runs out during the connection ends it, unless another came in time', async () => {
  const roomId = await newRoom()
  const short = await edge.join('u1', roomId)
  const extended = await edge.join('u2', roomId)
  await extended.connect(await mintToken({ secret: jwtSecret, uid: 'u2', ttlSeconds: 5 }))
  await extended.connect(await mintToken({ secret: jwtSecret, uid: 'u2' }))
  await short.connect(await mintToken({ secret: jwtSecret, uid: 'u1', ttlSeconds: 5 }))
  assert.equal((await short.closed).code, 4005)
  assert.equal((await extended.ping()).op, 'pong')
  await extended.close()
})

test('repeated nonsense and frames that are too long end a connection', async () => {
  const nonsense = await edge.open()
  for (let count = 0; count < 10; count += 1) nonsense.send('?')
  assert.equal((await nonsense.closed).code, 4501)
  assert.equal(nonsense.lines.filter((line) => isOp(line) && line.code === 400).length, 10)

  const long = await edge.connect('u1')
  long.send(JSON.stringify({ op: 'ping', padding: 'x'.repeat(16 * 1024) }))
  assert.equal((await long.closed).code, 4501)
})

test('connections that do not subscribe, or say nothing, are ended in their time, and live ones are not', async () => {
  const strict = await stage.startEdge({ EDGE_SUBSCRIBE_TIMEOUT_MS: '2000', EDGE_SILENCE_TIMEOUT_MS: '6000' })
  const roomId = await newRoom()
  const idle = await strict.open()
  const quiet = await strict.join('u1', roomId)
  const deaf = await strict.join('u2', roomId)
  deaf.pause()
  assert.equal((await idle.closed).code, 4003)
  await waitUntil(async () => (await metricOf(strict, 'roomcast_edge_closes_total', '4002')) === 1)
  // a paused client cannot read its close frame until it resumes
  deaf.resume()
  assert.equal((await deaf.closed).code, 4002)
  assert.equal((await quiet.ping()).op, 'pong')
  await quiet.close()
  await strict.stop()
})

test('connections are limited by user, by address and in all, and by origin', async () => {
  const limited = await stage.startEdge({
    EDGE_MAX_CONNECTIONS_PER_USER: '1',
    EDGE_MAX_CONNECTIONS_PER_ADDRESS: '3',
    EDGE_MAX_CONNECTIONS: '4',
    EDGE_ORIGINS: 'https://app.example',
  })
  const first = await limited.connect('u1')
  const second = await limited.open({ origin: 'https://app.example' })
  second.send(JSON.stringify({ op: 'connect', token: await mintToken({ secret: jwtSecret, uid: 'u1' }) }))
  assert.equal((await second.closed).code, 4503)
  await assert.rejects(limited.open({ origin: 'https://evil.example' }), /403/)

  const others = [await limited.connect('u2'), await limited.connect('u3')]
  assert.equal((await (await limited.open()).closed).code, 4503)
  for (const client of [first, ...others]) await client.close()
  await waitUntil(async () => (await metricOf(limited, 'roomcast_edge_connections')) === 0)
  const again = await limited.connect('u1')
  assert.equal((await again.ping()).op, 'pong')
  await again.close()
  await limited.stop()

  const full = await stage.startEdge({ EDGE_MAX_CONNECTIONS: '1' })
  const only = await full.connect('u1')
  await assert.rejects(full.open(), /503/)
  await only.close()
  await full.stop()
})

test('what cannot be read, or is in the wrong place, goes to the dead-letter topic, and the lane goes on', async () => {
  const roomId = await newRoom()
  const client = await edge.join('u1', roomId)
  const topic = topics.pushComment.name
  const partition = partitionFor(roomId, 12)
  const before = (await fetchWatermarks({ kafka: stage.kafka.kafka, topic: topics.deadLetter.name })).get(partition)
  const broken = await stage.append({ topic, key: roomId, value: Buffer.from('nonsense') })
  const tombstone = await stage.append({ topic: topics.pushSignal.name, key: roomId, value: null })
  await settle(roomId, client)
  await stage.write(record('StreamPublished', aStreamPublished({ roomId })))
  await client.waitForPush(9)

  const reasons = new Map<string, string | undefined>()
  const after = (await fetchWatermarks({ kafka: stage.kafka.kafka, topic: topics.deadLetter.name })).get(partition)
  await readPartition({
    kafka: stage.kafka.kafka,
    topic: topics.deadLetter.name,
    partition,
    from: before?.highWatermark ?? 0,
    to: after?.highWatermark ?? 0,
    onMessages: (messages) => {
      for (const { key, headers } of messages) {
        if (key?.toString() !== roomId) continue
        const place = `${headers['source-topic']?.toString()} ${headers['source-offset']?.toString()}`
        reasons.set(place, headers['reason']?.toString())
      }
    },
  })
  assert.match(reasons.get(`${topic} ${broken.offset}`) ?? '', /^RECORD_UNREADABLE/)
  assert.match(reasons.get(`${topics.pushSignal.name} ${tombstone.offset}`) ?? '', /^RECORD_UNREADABLE/)
  await client.close()
})

test('a message for one user that names none, or is on another lane, reaches nobody', async () => {
  const roomId = await newRoom()
  const client = await edge.join('owner', roomId)
  await stage.write(record('CohostAgreed', { ...aCohostAgreed({ roomId, toUid: 'owner' }), toUid: null }))
  await stage.write(record('StreamPublished', aStreamPublished({ roomId })))
  await client.waitForPush(9)
  await settle(roomId, client)
  assert.deepEqual(typesOf(client), [104, 9])
  await client.close()
})

test('an edge that stops tells its clients to come back, and closes them', async () => {
  const stopping = await stage.startEdge()
  const roomId = await newRoom()
  const client = await stopping.join('u1', roomId)
  await stopping.stop()
  const { code } = await client.closed
  assert.equal(code, 4000)
  const [reconnect] = client.lines.filter((line) => isOp(line) && line.op === 'reconnect')
  assert.ok(reconnect !== undefined && isOp(reconnect) && Number.isInteger(reconnect.afterMs))
  await assert.rejects(openEdgeSocket({ url: stopping.url }))
})

test('a secret is in no log, whatever its level', async () => {
  const logged: string[] = []
  const keep = (fields: object, message: string): void => void logged.push(JSON.stringify([fields, message]))
  const loud = await stage.startEdge({}, { debug: keep, info: keep, warn: keep, error: keep })
  const roomId = await newRoom()
  const client = await loud.join('owner', roomId)
  const agreed = aCohostAgreed({ roomId, toUid: 'owner' })
  await stage.write(record('CohostAgreed', agreed))
  const { data } = await client.waitForPush(2)
  assert.equal(data['rtmpUrl'], agreed.rtmpUrl)
  await client.close()
  await loud.stop()
  assert.ok(logged.length > 0)
  assert.equal(logged.join().includes('rtmp'), false)
  assert.equal(logged.join().includes('eyJ'), false, 'no token')
})

/** An edge as a process of its own. `env` is its whole environment besides where Kafka and the registry are. */
const spawnEdge = (env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, ['services/edge/main.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      KAFKA_BROKERS: stage.kafka.brokers.join(','),
      SCHEMA_REGISTRY_URL: stage.kafka.registryUrl,
      EDGE_PORT: '0',
      EDGE_ADMIN_PORT: '0',
      ...env,
    },
  })
  after(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  const output: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => output.push(line))
  const field = async (name: string): Promise<number> => {
    let found: number | undefined
    await waitUntil(() => {
      for (const line of output) found ??= JSON.parse(line)[name]
      return found !== undefined
    })
    assert.ok(found !== undefined)
    return found
  }
  return { child, exited, output, field }
}

test('an edge process without a key for tokens does not start, and says what is missing', async () => {
  const { exited, output } = spawnEdge({})
  assert.deepEqual(await exited, [1, null])
  assert.match(output.join(), /EDGE_JWT_SECRET/)
})

test('an edge process is ready when it has read the rooms; told to stop it sends its clients away and exits 0', async () => {
  const roomId = await newRoom()
  const { child, exited, field } = spawnEdge({ EDGE_JWT_SECRET: jwtSecret })
  const [port, adminPort] = [await field('port'), await field('adminPort')]
  await waitUntil(async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status === 200)
  const client = await joinRooms({ url: `ws://127.0.0.1:${port}/v1/ws`, secret: jwtSecret, uid: 'u1', rooms: [roomId] })
  const metrics = await readMetrics(`http://127.0.0.1:${adminPort}`)
  assert.match(metrics, /^roomcast_edge_connections\{service="edge"\} 1$/m)
  child.kill('SIGTERM')
  assert.equal((await client.closed).code, 4000)
  assert.deepEqual(await exited, [0, null])
})
