import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import type { Room } from '../../schemas/types.generated.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { isOp, isPush, mintToken, type EdgeClient, type Line } from '../support/edge-client.ts'
import {
  aCohostAgreed,
  aCohostInvited,
  aCohostRefused,
  aComment,
  aLike,
  aRoom,
  aStreamPublished,
  newRoomId,
} from '../support/edge-records.ts'
import { jwtSecret, record, startEdgeStage, type EdgeStage, type TestEdge } from '../support/edge-stage.ts'
import { leave, pointOf, resume, type ResumePoint } from '../support/resume-point.ts'
import { until } from '../support/until.ts'

let stage: EdgeStage
let edge: TestEdge
let other: TestEdge

before(async () => {
  stage = await startEdgeStage()
  edge = await stage.startEdge()
  other = await stage.startEdge()
})
after(() => stage?.stop())

const partitions = 12
const partitionOf = (roomId: string): number => partitionFor(roomId, partitions)

const newRoom = async (over: Partial<Room> = {}): Promise<string> => {
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId, ...over }))
  return roomId
}

const publish = async (roomId: string, name: string): Promise<string> => {
  const published = aStreamPublished({ roomId, name })
  await stage.write(record('StreamPublished', published))
  return published.eventId
}

/** Writes on all lanes and waits for it: what was before has come. */
const settle = async (roomId: string, client: EdgeClient): Promise<void> => {
  const [comment, like] = [aComment({ roomId }), aLike({ roomId })]
  await stage.write(record('Commented', comment), record('Liked', like))
  const ids = [await publish(roomId, 'sentinel'), comment.eventId, like.eventId]
  await client.waitForPushes(3, ({ id }) => ids.includes(id))
}

const names = (lines: readonly Line[]): readonly string[] =>
  lines
    .filter((line) => !isPush(line) || line.type !== 103)
    .map((line) => {
      if (isOp(line)) return line.op === 'gap' ? `gap ${line.weight} ${line.dropped ?? '?'}` : line.op
      return line.type === 9 ? String(line.data['name']) : `${line.type}`
    })

/** The sum of a metric; of a histogram how often it was observed. */
const countOf = async (of: TestEdge, name: string, result?: string): Promise<number> => {
  const values = (await of.metrics.getSingleMetric(name)?.get())?.values ?? []
  return values
    .filter((value) => !('metricName' in value) || value.metricName === name || value.metricName === `${name}_count`)
    .filter(({ labels }) => result === undefined || Reflect.get(labels, 'result') === result)
    .reduce((sum, { value }) => sum + value, 0)
}
const catchUps = (of: TestEdge): Promise<number> => countOf(of, 'roomcast_edge_catch_up_seconds', 'done')

test('a client that comes back, at the same edge or another or a new one, gets what it missed and then what is live', async () => {
  const roomId = await newRoom()
  const restarted = await stage.startEdge()
  const points = [await leave(edge, 'a', roomId), await leave(restarted, 'b', roomId)]
  const stays = await edge.join('stays', roomId)
  const refused = aCohostRefused({ roomId, toUid: 'a' })
  await publish(roomId, 'first')
  await stage.write(record('CohostRefused', refused))
  await publish(roomId, 'second')
  await settle(roomId, stays)
  await restarted.stop()
  const again = await stage.startEdge()

  const returns = [
    { of: edge, uid: 'a', point: points[0] },
    { of: other, uid: 'a', point: points[0] },
    { of: again, uid: 'b', point: points[1] },
  ]
  for (const [index, { of, uid, point }] of returns.entries()) {
    assert.ok(point !== undefined)
    const { client, answer } = await resume(of, uid, roomId, point)
    assert.equal(answer.recovered, true)
    assert.equal(answer.epoch, point.epoch)
    assert.deepEqual([answer.positions?.['4'], answer.positions?.['5']], [point.positions['4'], point.positions['5']])
    await publish(roomId, `live ${index}`)
    await client.waitForPush(({ data }) => data['name'] === `live ${index}`)
    const got = names(client.lines).filter((name) => !['6', '7', 'connected'].includes(name))
    const own = uid === 'a' ? ['3'] : []
    const live = ['live 0', 'live 1', 'live 2'].slice(0, index + 1)
    assert.deepEqual(got, ['subscribed', '104', ...own, 'first', 'second', 'sentinel', ...live])
    await client.close()
  }
  await stays.close()
  await again.stop()
})

test('cursors of 4 and 5 are each gone on from, and a cursor that moved gets nothing twice', async () => {
  const roomId = await newRoom()
  const client = await edge.connect('a')
  const subscribed = await client.subscribe(roomId)
  await publish(roomId, 'seen')
  await client.waitForPush(9)
  const point = pointOf(subscribed, client)
  await client.close()
  const refused = aCohostRefused({ roomId, toUid: 'a' })
  await stage.write(record('CohostRefused', refused))
  const { client: back, answer } = await resume(other, 'a', roomId, point)
  assert.equal(answer.recovered, true)
  await settle(roomId, back)
  assert.deepEqual(
    names(back.lines).filter((name) => !['6', '7'].includes(name)),
    ['connected', 'subscribed', '104', '3', 'sentinel'],
  )
  await back.close()
})

test('cursors older than what is in memory are served from the log, many at once by few reads', async () => {
  const small = await stage.startEdge({ EDGE_SIGNAL_RING_BYTES: '2000' })
  const roomId = await newRoom()
  const points: ResumePoint[] = []
  for (let index = 0; index < 30; index += 1) {
    points.push(await leave(edge, 'u', roomId))
    await publish(roomId, String(index))
  }
  // Somebody is there, so that the partition stays open, with all but the last few gone from memory.
  const stays = await small.join('stays', roomId)
  const before = await catchUps(small)
  const back = await Promise.all(points.map((point, index) => resume(small, `u${index}`, roomId, point)))
  for (const [index, { client, answer }] of back.entries()) {
    assert.equal(answer.recovered, true)
    await client.waitForPushes(30 - index, ({ type }) => type === 9)
    const expected = Array.from({ length: 30 - index }, (_, at) => String(index + at))
    assert.deepEqual(names(client.lines), ['connected', 'subscribed', '104', ...expected])
    await client.close()
  }
  const reads = (await catchUps(small)) - before
  assert.ok(reads > 0 && reads <= 10, `${reads} reads`)
  await stays.close()
  await small.stop()
})

test('more than may be read back is not recovered, and does not keep the others from it', async () => {
  const strict = await stage.startEdge({ EDGE_SIGNAL_RING_BYTES: '0', EDGE_CATCH_UP_BYTES: '400000' })
  const roomId = await newRoom()
  const old = await leave(edge, 'old', roomId)
  const filler = Array.from({ length: 3_000 }, () =>
    record('StreamPublished', aStreamPublished({ roomId: newRoomIn(roomId) })),
  )
  for (let written = 0; written < 9_000; written += filler.length) await stage.write(...filler)
  const recent = await leave(edge, 'recent', roomId)
  await publish(roomId, 'missed')
  const stays = await strict.join('stays', roomId)
  const [{ client: tooOld, answer }, { client: fine, answer: fineAnswer }] = await Promise.all([
    resume(strict, 'old', roomId, old),
    resume(strict, 'recent', roomId, recent),
  ])
  assert.equal(answer.recovered, false)
  assert.equal(fineAnswer.recovered, true)
  await fine.waitForPush(9)
  assert.deepEqual(names(fine.lines), ['connected', 'subscribed', '104', 'missed'])
  assert.deepEqual(names(tooOld.lines.slice(0, 3)), ['connected', 'subscribed', '104'])
  for (const client of [tooOld, fine, stays]) await client.close()
  await strict.stop()
})

/** Another room of the same partition. */
const newRoomIn = (roomId: string): string => {
  for (;;) {
    const candidate = newRoomId()
    if (partitionOf(candidate) === partitionOf(roomId)) return candidate
  }
}

test('a cursor of another log, beyond the end, or with one of 4 and 5 missing is not recovered', async () => {
  const roomId = await newRoom()
  const stays = await edge.join('stays', roomId)
  await settle(roomId, stays)
  const { epoch, positions } = await leave(edge, 'a', roomId)
  const ends = await fetchWatermarks({
    kafka: stage.kafka.kafka,
    topic: topics.pushSignal.name,
    partitions: [partitionOf(roomId)],
  })
  const end = ends.get(partitionOf(roomId))?.highWatermark ?? 0
  // Other tests write to the partition meanwhile.
  const beyond = end + 1_000_000
  const { 5: second = 0, ...withoutFirst } = positions
  const bad: readonly ResumePoint[] = [
    { epoch: 'another', positions },
    { epoch, positions: { ...positions, 4: beyond } },
    { epoch, positions: { ...positions, 5: beyond } },
    { epoch, positions: { 5: second } },
    { epoch, positions: withoutFirst },
    { epoch, positions: {} },
  ]
  for (const point of bad) {
    const { client, answer } = await resume(edge, 'a', roomId, point)
    assert.equal(answer.recovered, false, JSON.stringify(point))
    assert.ok((answer.positions?.['4'] ?? Infinity) < beyond, 'delivery begins where the log is')
    await client.waitForPush(104)
    assert.equal(client.messages().length, 1)
    await client.close()
  }
  const { client, answer } = await resume(edge, 'a', roomId, {
    epoch,
    positions: { ...positions, 4: end - 1, 5: end - 1 },
  })
  assert.equal(answer.recovered, true, 'the last one that is there')
  await client.close()
  await stays.close()
})

test('an invite that expired meanwhile is left out, and so is what was for another user', async () => {
  const roomId = await newRoom()
  const point = await leave(edge, 'guest', roomId)
  const shortLived = aCohostInvited({ roomId, toUid: 'guest', expiresAt: Date.now() + 500 })
  await stage.write(
    record('CohostInvited', shortLived),
    record('CohostAgreed', aCohostAgreed({ roomId, toUid: 'another' })),
    record('CohostInvited', aCohostInvited({ roomId, toUid: 'guest', sessionId: 'open' })),
  )
  await publish(roomId, 'last')
  await until('the invite expires', () => Date.now() > shortLived.expiresAt)
  const { client, answer } = await resume(other, 'guest', roomId, point)
  assert.equal(answer.recovered, true)
  await client.waitForPush(9)
  assert.deepEqual(names(client.lines), ['connected', 'subscribed', '104', '1', 'last'])
  assert.equal((await client.waitForPush(1)).data['sessionId'], 'open')
  assert.equal(client.frames.join().includes('rtmp'), false)
  await client.close()
})

test('missed comments come as they were and missed likes as one, after the signals', async () => {
  const roomId = await newRoom()
  const stays = await edge.join('stays', roomId)
  const point = await leave(edge, 'a', roomId)
  const comments = Array.from({ length: 20 }, (_, index) => aComment({ roomId, comment: `c${index}` }))
  const likes = Array.from({ length: 30 }, (_, index) => aLike({ roomId, count: index + 1 }))
  await stage.write(...comments.map((one) => record('Commented', one)), ...likes.map((one) => record('Liked', one)))
  const signal = await publish(roomId, 'signal')
  await stays.waitForPushes(20, ({ type }) => type === 6)
  await stays.waitForPush(({ id }) => id === likes.at(-1)?.eventId)
  await stays.waitForPush(({ id }) => id === signal)
  const { client, answer } = await resume(edge, 'a', roomId, point)
  assert.deepEqual(answer.positions, point.positions)
  await client.waitForPushes(20, ({ type }) => type === 6)
  const like = await client.waitForPush(7)
  assert.equal(like.data['count'], (30 * 31) / 2)
  assert.equal(like.id, likes.at(-1)?.eventId)
  assert.deepEqual(
    client
      .messages()
      .filter(({ type }) => type === 6)
      .map(({ data }) => data['comment']),
    comments.map(({ comment }) => comment),
  )
  assert.deepEqual(names(client.lines).slice(1, 5), ['subscribed', '104', 'signal', '6'])
  await settle(roomId, client)
  assert.equal(client.messages().filter(({ type }) => type === 7).length, 2)
  await client.close()
  await stays.close()
})

test('missed comments and likes that are not kept are announced by a gap', async () => {
  const forgetful = await stage.startEdge({ EDGE_COMMENT_RING_BYTES: '1500', EDGE_LIKE_RING_BYTES: '0' })
  const roomId = await newRoom()
  const stays = await forgetful.join('stays', roomId)
  const point = await leave(forgetful, 'a', roomId)
  const comments = Array.from({ length: 10 }, (_, index) => aComment({ roomId, comment: `c${index}` }))
  await stage.write(...comments.map((one) => record('Commented', one)), record('Liked', aLike({ roomId })))
  await stays.waitForPushes(10, ({ type }) => type === 6)
  await stays.waitForPush(7)
  const { client, answer } = await resume(forgetful, 'a', roomId, point)
  assert.equal(answer.recovered, true, 'it speaks of 4 and 5')
  await client.waitForPush(({ data }) => data['comment'] === 'c9')
  await client.waitForLine((line) => isOp(line) && line.op === 'gap' && line.weight === 9)
  const got = names(client.lines)
  assert.ok(got.indexOf('gap 8 ?') > 0 && got.indexOf('gap 8 ?') < got.indexOf('6'))
  assert.ok(got.includes('gap 9 ?'))
  await client.close()
  await stays.close()
  await forgetful.stop()
})

test('more missed comments than may wait for a connection are cut at the old end, and counted', async () => {
  const roomId = await newRoom()
  const stays = await edge.join('stays', roomId)
  const point = await leave(edge, 'a', roomId)
  const comments = Array.from({ length: 40 }, () => aComment({ roomId, comment: 'x'.repeat(4_000) }))
  await stage.write(...comments.map((one) => record('Commented', one)))
  await stays.waitForPush(({ id }) => id === comments.at(-1)?.eventId)
  const { client } = await resume(edge, 'a', roomId, point)
  await client.waitForPush(({ id }) => id === comments.at(-1)?.eventId)
  const gap = await client.waitForLine((line) => isOp(line) && line.op === 'gap')
  const sent = client.messages().filter(({ type }) => type === 6).length
  assert.equal(sent + (isOp(gap) ? (gap.dropped ?? NaN) : NaN), 40)
  await client.close()
  await stays.close()
})

test('a live invite does not wait behind missed comments', async () => {
  const roomId = await newRoom()
  const stays = await edge.join('stays', roomId)
  const point = await leave(edge, 'guest', roomId)
  const comments = Array.from({ length: 20 }, () => aComment({ roomId, comment: 'x'.repeat(2_000) }))
  await stage.write(...comments.map((one) => record('Commented', one)))
  await stays.waitForPushes(20, ({ type }) => type === 6)

  const client = await edge.open()
  const token = await mintToken({ secret: jwtSecret, uid: 'guest' })
  client.send(JSON.stringify({ op: 'connect', token, window: 4096 }))
  assert.equal((await client.subscribe(roomId, point)).recovered, true)
  const shown = (): number => client.messages().filter(({ type }) => type === 6).length
  await client.waitForPush(6)
  await stage.write(record('CohostInvited', aCohostInvited({ roomId, toUid: 'guest' })))
  await client.waitForPush(1)
  assert.ok(shown() < 5, `${shown()} comments were before it`)
  // It reads on: everything comes, in its order.
  const acknowledge = (): void => {
    const bytes = client.frames.reduce((sum, frame) => sum + Buffer.byteLength(frame), 0)
    client.send(JSON.stringify({ op: 'ack', bytes }))
  }
  await until('all comments are there', () => {
    acknowledge()
    return shown() === 20
  })
  assert.deepEqual(
    client
      .messages()
      .filter(({ type }) => type === 6)
      .map(({ id }) => id),
    comments.map(({ eventId }) => eventId),
  )
  await client.close()
  await stays.close()
})

test('more missed signals than a connection may be owed are answered with the state', async () => {
  const roomId = await newRoom()
  const point = await leave(edge, 'a', roomId)
  const name = 'x'.repeat(10_000)
  await stage.write(...Array.from({ length: 60 }, () => record('StreamPublished', aStreamPublished({ roomId, name }))))
  const { client, answer } = await resume(other, 'a', roomId, point)
  assert.equal(answer.recovered, false)
  assert.equal(await countOf(other, 'roomcast_edge_resumes_total', 'too_much'), 1)
  await settle(roomId, client)
  assert.equal(client.messages().filter(({ type }) => type === 9).length, 1)
  await client.close()
})

test('a room in which nothing happened for long is recovered from memory at the edge that had it', async () => {
  const small = await stage.startEdge({ EDGE_SIGNAL_RING_BYTES: '2000', EDGE_COMMENT_RING_BYTES: '2000' })
  const roomId = await newRoom()
  const stays = await small.join('stays', roomId)
  const point = await leave(small, 'a', roomId)
  const neighbour = newRoomIn(roomId)
  for (let index = 0; index < 30; index += 1) {
    await stage.write(
      record('StreamPublished', aStreamPublished({ roomId: neighbour })),
      record('Commented', aComment({ roomId: neighbour })),
    )
  }
  await settle(roomId, stays)
  const before = await catchUps(small)
  const { client, answer } = await resume(small, 'a', roomId, point)
  assert.equal(answer.recovered, true)
  await client.waitForPush(6)
  assert.equal(await catchUps(small), before, 'nothing was read back')
  assert.equal(names(client.lines).includes('gap 8 ?'), false)
  await client.close()
  await stays.close()
  await small.stop()
})

test('who is subscribed and subscribes again is answered again, and misses nothing', async () => {
  const roomId = await newRoom()
  const client = await edge.connect('a')
  const point = pointOf(await client.subscribe(roomId))
  await publish(roomId, 'one')
  await client.waitForPush(9)
  const plain = await client.subscribe(roomId)
  assert.equal('recovered' in plain, false)
  assert.ok((plain.positions?.['5'] ?? 0) > (point.positions['5'] ?? 0))
  const resumed = await client.subscribe(roomId, pointOf(plain, client))
  assert.equal(resumed.recovered, true)
  const foreign = await client.subscribe(roomId, { ...point, epoch: 'another' })
  assert.equal(foreign.recovered, false)
  await settle(roomId, client)
  const got = names(client.lines)
  assert.deepEqual(
    got.filter((name) => !['6', '7'].includes(name)),
    'connected subscribed 104 one subscribed 104 subscribed 104 subscribed 104 sentinel'.split(' '),
  )
  await client.close()
})

test('an edge with too much to do leaves comments and likes in Kafka, and signals go on', async () => {
  // less than the newest comment for each of those who do not read
  const busy = await stage.startEdge({ EDGE_MAX_QUEUED_BYTES: '5000' })
  const roomId = await newRoom()
  const slow = await Promise.all(['s1', 's2', 's3'].map((uid) => busy.join(uid, roomId)))
  const fast = await busy.join('fast', roomId)
  for (const client of slow) client.pause()
  const comment = 'x'.repeat(2_000)
  const isPaused = async (): Promise<boolean> => (await countOf(busy, 'roomcast_edge_bulk_paused')) === 1
  const whatTheyDoNotTake = async (): Promise<boolean> => {
    await stage.write(...Array.from({ length: 10 }, () => record('Commented', aComment({ roomId, comment }))))
    return isPaused()
  }
  await until('the edge has too much to do', whatTheyDoNotTake)
  const from = fast.lines.length
  const [waits, alsoWaits] = [aComment({ roomId }), aComment({ roomId: await newRoom() })]
  await stage.write(record('Commented', waits), record('Commented', alsoWaits))
  // a partition that is opened meanwhile does not read its comments either
  const later = await busy.join('later', alsoWaits.roomId)
  await publish(roomId, 'passes')
  await publish(alsoWaits.roomId, 'passes')
  await fast.waitForPush(({ data }) => data['name'] === 'passes', { from })
  await later.waitForPush(({ data }) => data['name'] === 'passes')
  assert.equal(await isPaused(), true)
  assert.equal(
    later.messages().some(({ type }) => type === 6),
    false,
  )
  for (const client of slow) client.resume()
  await fast.waitForPush(({ id }) => id === waits.eventId, { from, timeoutMs: 20_000 })
  await later.waitForPush(({ id }) => id === alsoWaits.eventId)
  assert.equal(await isPaused(), false)
  assert.ok((await countOf(busy, 'roomcast_edge_bulk_paused_seconds_total')) > 0)
  for (const client of [...slow, fast, later]) await client.close()
  await busy.stop()
})
