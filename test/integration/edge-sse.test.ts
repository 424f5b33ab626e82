import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { isOp, isPush, mintToken, type Line } from '../support/edge-client.ts'
import { aCohostInvited, aComment, aLike, aRoom, aStreamPublished, newRoomId } from '../support/edge-records.ts'
import { jwtSecret, record, startEdgeStage, type TestEdge } from '../support/edge-stage.ts'
import { openStream, requestStream, type StreamClient, type StreamOptions } from '../support/sse-client.ts'
import { until } from '../support/until.ts'

const stage = await startEdgeStage()
after(() => stage.stop())
const edge = await stage.startEdge()

const newRoom = async (): Promise<string> => {
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId }))
  return roomId
}
const baseOf = ({ url }: TestEdge): string => `http://${new URL(url).host}`
const tokenOf = (uid: string, more: { ttlSeconds?: number; rooms?: readonly string[] } = {}): Promise<string> =>
  mintToken({ secret: jwtSecret, uid, ...more })
const open = async (of: TestEdge, uid: string, room: string, more: StreamOptions = {}): Promise<StreamClient> =>
  openStream(baseOf(of), { token: await tokenOf(uid), room, ...more })
const isOpLine =
  (op: string) =>
  (line: Line): boolean =>
    isOp(line) && line.op === op
const connectionsOf = async (of: TestEdge): Promise<number> => {
  const metric = await of.metrics.getSingleMetric('roomcast_edge_connections')?.get()
  return metric?.values[0]?.value ?? 0
}

test('a stream gets the same objects as a WebSocket, in the same order', async () => {
  const roomId = await newRoom()
  const [socket, stream] = [await edge.join('u1', roomId), await open(edge, 'u1', roomId)]
  await stream.waitFor(isOpLine('subscribed'))
  await stream.waitForPush(({ type }) => type === 104)
  const records = [
    record('CohostInvited', aCohostInvited({ roomId, toUid: 'u1' })),
    record('CohostInvited', aCohostInvited({ roomId, toUid: 'u2' })),
    record('Commented', aComment({ roomId, comment: 'ü\u2028\n' })),
    record('Liked', aLike({ roomId, count: 3 })),
    record('StreamPublished', aStreamPublished({ roomId })),
  ]
  for (const one of records) await stage.write(one)
  const mine = records.filter((_, at) => at !== 1)
  for (const { record: one } of mine) {
    const { eventId } = one
    assert.deepEqual(
      await stream.waitForPush(({ id }) => id === eventId),
      await socket.waitForPush(({ id }) => id === eventId),
    )
  }
  assert.equal(JSON.stringify(stream.events).includes(records[1]?.record.eventId ?? '?'), false, 'it is another’s')
  assert.deepEqual(
    stream.events.slice(0, 2).map(({ line }) => (isPush(line) ? line.type : line.op)),
    ['subscribed', 104],
  )
  assert.equal(stream.headers.get('content-type'), 'text/event-stream')
  stream.close()
  await socket.close()
})

test('who comes back with the last id goes on after it, at any instance', async () => {
  const other = await stage.startEdge()
  const roomId = await newRoom()
  const first = await open(edge, 'u1', roomId)
  await first.waitForPush(({ type }) => type === 104)
  const before = aStreamPublished({ roomId })
  await stage.write(record('StreamPublished', before))
  await first.waitForPush(({ id }) => id === before.eventId)
  first.close()
  const missed = [aStreamPublished({ roomId }), aStreamPublished({ roomId })]
  for (const one of missed) await stage.write(record('StreamPublished', one))

  const second = await open(other, 'u1', roomId, { lastEventId: first.lastEventId() })
  const { line } = await second.waitFor(isOpLine('subscribed'))
  assert.ok(isOp(line) && line.recovered === true)
  for (const { eventId } of missed) await second.waitForPush(({ id }) => id === eventId)
  const ids = second.events.flatMap(({ line: one }) => (isPush(one) && one.type === 9 ? [one.id] : []))
  assert.deepEqual(
    ids,
    missed.map(({ eventId }) => eventId),
  )
  assert.notEqual(second.lastEventId(), first.lastEventId())
  second.close()
  await other.stop()
})

test('what is refused is answered with a status and a reason', async () => {
  const roomId = await newRoom()
  const strict = await stage.startEdge({ EDGE_ORIGINS: 'https://app.example' })
  const token = await tokenOf('u1')
  const refusal = async (options: StreamOptions): Promise<readonly [number, string]> => {
    const response = await requestStream(baseOf(strict), options)
    const { code, message }: { code?: number; message?: string } = JSON.parse(await response.text())
    assert.equal(response.headers.get('content-type'), 'application/json')
    assert.equal(response.headers.has('retry-after'), code === 429 || code === 503)
    assert.equal(code, response.status)
    return [response.status, String(message).split(':')[0] ?? '']
  }
  assert.deepEqual(await refusal({ token }), [400, 'room'])
  assert.deepEqual(await refusal({ token, room: 'no room' }), [400, 'room'])
  assert.deepEqual(await refusal({ token, room: roomId, lastEventId: 'x' }), [400, 'Last-Event-ID'])
  assert.deepEqual(await refusal({ room: roomId }), [401, 'authorization'])
  assert.deepEqual(await refusal({ room: roomId, token: 'a.b.c' }), [401, 'authorization'])
  const old = await tokenOf('u1', { ttlSeconds: -10 })
  assert.deepEqual(await refusal({ room: roomId, token: old }), [401, 'authorization'])
  assert.deepEqual(await refusal({ room: roomId, token, origin: 'https://evil.example' }), [403, 'origin'])
  const elsewhere = await tokenOf('u1', { rooms: ['other'] })
  assert.equal((await refusal({ room: roomId, token: elsewhere }))[0], 403)
  assert.equal((await refusal({ room: newRoomId(), token }))[0], 404)
  assert.equal(await connectionsOf(strict), 0)
  await strict.stop()
})

test('streams count for the limits like WebSockets, and the other way round', async () => {
  const roomId = await newRoom()
  const limited = await stage.startEdge({
    EDGE_MAX_CONNECTIONS_PER_USER: '1',
    EDGE_MAX_CONNECTIONS_PER_ADDRESS: '2',
    EDGE_MAX_CONNECTIONS: '3',
  })
  const statusOf = async (uid: string): Promise<number> =>
    (await requestStream(baseOf(limited), { token: await tokenOf(uid), room: roomId })).status
  const socket = await limited.join('u1', roomId)
  assert.equal(await statusOf('u1'), 429, 'of this user')
  const stream = await open(limited, 'u2', roomId)
  assert.equal(await statusOf('u3'), 429, 'of this address')
  await socket.close()
  stream.close()
  await until('both are gone', async () => (await connectionsOf(limited)) === 0)
  const again = await open(limited, 'u2', roomId)
  again.close()
  await limited.stop()

  const full = await stage.startEdge({ EDGE_MAX_CONNECTIONS: '1' })
  const only = await full.connect('u1')
  assert.equal((await requestStream(baseOf(full), { token: await tokenOf('u2'), room: roomId })).status, 503)
  await only.close()
  await full.stop()
})

test('a page of an allowed origin may ask and read, one of another may not', async () => {
  const roomId = await newRoom()
  const strict = await stage.startEdge({ EDGE_ORIGINS: 'https://app.example' })
  const ask = (origin: string): Promise<Response> =>
    fetch(`${baseOf(strict)}/v1/sse?room=${roomId}`, { method: 'OPTIONS', headers: { origin } })
  const allowed = await ask('https://app.example')
  assert.deepEqual([allowed.status, allowed.headers.get('access-control-allow-origin')], [204, 'https://app.example'])
  assert.match(allowed.headers.get('access-control-allow-headers') ?? '', /Authorization.*Last-Event-ID/)
  const refused = await ask('https://evil.example')
  assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [403, null])
  const stream = await open(strict, 'u1', roomId, { origin: 'https://app.example' })
  assert.equal(stream.headers.get('access-control-allow-origin'), 'https://app.example')
  stream.close()
  await strict.stop()
})

test('a quiet stream is kept alive by comments, and ends when its token runs out', async () => {
  const roomId = await newRoom()
  const impatient = await stage.startEdge({ EDGE_SILENCE_TIMEOUT_MS: '3000' })
  const stream = await openStream(baseOf(impatient), { token: await tokenOf('u1', { ttlSeconds: 12 }), room: roomId })
  // One comes after each third of a silence.
  await until('it was kept alive for longer than a silence may be', () => stream.comments() >= 4)
  await stream.ended
  await until('it is gone', async () => (await connectionsOf(impatient)) === 0)
  await impatient.stop()
})

test('a stream of an edge that stops is told to come back, served until then, and ended', async () => {
  const roomId = await newRoom()
  const stopping = await stage.startEdge({ EDGE_DRAIN_MS: '20000' })
  const stream = await open(stopping, 'u1', roomId)
  await stream.waitForPush(({ type }) => type === 104)
  // The first record of a kind may have its schema looked up: at the end, with two seconds left, is no time for that.
  const before = aComment({ roomId })
  await stage.write(record('Commented', before))
  await stream.waitForPush(({ id }) => id === before.eventId)
  const stopped = stopping.stop()
  const { line, retryMs } = await stream.waitFor(isOpLine('reconnect'))
  assert.ok(isOp(line) && line.afterMs === retryMs)
  const comment = aComment({ roomId })
  await stage.write(record('Commented', comment))
  await stream.waitForPush(({ id }) => id === comment.eventId)
  await stream.ended
  await stopped
})

test('a stream whose client does not read holds no more than its bounds, and invites pass what waits', async () => {
  const roomId = await newRoom()
  const fast = await edge.join('u2', roomId)
  const slow = connect(Number(new URL(edge.url).port), '127.0.0.1')
  after(() => slow.destroy())
  const head = `GET /v1/sse?room=${roomId} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await tokenOf('u1')}\r\n\r\n`
  let read = ''
  slow.setEncoding('utf8')
  const arrives = new Promise<void>((resolve) => {
    slow.on('data', (text: string) => {
      read += text
      if (read.includes('"type":104')) resolve()
    })
  })
  slow.write(head)
  await arrives
  slow.pause()
  const comments = Array.from({ length: 2_000 }, () => aComment({ roomId, comment: 'x'.repeat(500) }))
  const invited = aCohostInvited({ roomId, toUid: 'u1' })
  await stage.write(...comments.map((comment) => record('Commented', comment)))
  await fast.waitForPush(({ id }) => id === comments.at(-1)?.eventId, { timeoutMs: 30_000 })
  await stage.write(record('CohostInvited', invited), record('StreamPublished', aStreamPublished({ roomId })))
  await fast.waitForPush(9)
  slow.resume()
  await until('the invite is there', () => read.includes(invited.eventId))
  const [ahead = ''] = read.split(invited.eventId)
  assert.ok(ahead.length < 512 * 1024, `${ahead.length} characters came before the invite, of more than a million`)
  await until('what was left out is announced', () => read.includes('"op":"gap"'))
  await fast.close()
})
