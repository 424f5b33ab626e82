import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { anyFrame } from '../support/any-frame.ts'
import { clientFrame } from '../support/web-socket-frames.ts'
import { isOp, mintToken, type EdgeClient, type Line } from '../support/edge-client.ts'
import { aCohostInvited, aComment, aRoom, newRoomId } from '../support/edge-records.ts'
import { jwtSecret, record, startEdgeStage, type TestEdge } from '../support/edge-stage.ts'
import { openFramePump } from '../support/frame-pump.ts'
import { until } from '../support/until.ts'

const stage = await startEdgeStage()
after(() => stage.stop())

const newRoom = async (): Promise<string> => {
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId }))
  return roomId
}

/** By the value of one label. */
const metricOf = async (edge: TestEdge, name: string): Promise<ReadonlyMap<string, number>> => {
  const metric = await edge.metrics.getSingleMetric(name)?.get()
  return new Map(metric?.values.map(({ labels, value }) => [String(labels['code'] ?? ''), value]))
}
const connectionsOf = async (edge: TestEdge): Promise<number> =>
  (await metricOf(edge, 'roomcast_edge_connections')).get('') ?? 0
const refusalsOf = async (edge: TestEdge): Promise<ReadonlyArray<readonly [string, number]>> =>
  [...(await metricOf(edge, 'roomcast_edge_refusals_total'))].filter(([, count]) => count > 0)

const text = (frame: string): Buffer => clientFrame('text', Buffer.from(frame))
const countOf = (client: EdgeClient, matches: (line: { op: string; code?: number }) => boolean): number =>
  client.lines.filter((line) => isOp(line) && matches(line)).length

test('a hundred thousand garbage frames move no other client', async () => {
  const edge = await stage.startEdge()
  const roomId = await newRoom()
  const watcher = await edge.join('watcher', roomId)
  const pumps = await Promise.all(Array.from({ length: 5 }, () => openFramePump(edge.url)))
  const garbage = ['?', '{"op":"sing"}', '[]', '{"op":"subscribe","room":"r1"}', '\u0000'].map(text)
  const pumping = Promise.all(pumps.map((pump, at) => pump.pump(garbage[at] ?? text('?'), at === 0 ? 100_000 : 20_000)))

  const comments = Array.from({ length: 100 }, (_, at) => aComment({ roomId, comment: String(at) }))
  for (const [at, comment] of comments.entries()) {
    await stage.write(record('Commented', comment))
    if (at % 10 === 0) assert.equal((await watcher.ping()).op, 'pong')
  }
  const isComment = ({ type }: { type: number }): boolean => type === 6
  const received = await watcher.waitForPushes(comments.length, isComment)
  assert.deepEqual(
    received.map(({ id }) => id),
    comments.map(({ eventId }) => eventId),
  )

  const sent = await pumping
  assert.ok((sent[0] ?? 0) > 10, 'the pump went on after its connection had been ended')
  await until('the garbage has been read', async () => (await connectionsOf(edge)) === 1)
  // Ten frames of each, and not one of those that came behind them.
  assert.deepEqual(await refusalsOf(edge), [['400', 50]])
  assert.equal((await metricOf(edge, 'roomcast_edge_closes_total')).get('4501'), 5)
  for (const pump of pumps) pump.destroy()
  assert.equal((await watcher.ping()).op, 'pong')
  await watcher.close()
  await edge.stop()
})

test('a frame of many lines costs no more than ten that are refused', async () => {
  const edge = await stage.startEdge()
  const client = await edge.open()
  client.send('1\n'.repeat(8_000))
  assert.equal((await client.closed).code, 4501)
  assert.deepEqual(await refusalsOf(edge), [['400', 10]])
  await edge.stop()
})

test('whatever a client sends, it is answered or sent away, and nobody else notices', async () => {
  const edge = await stage.startEdge()
  const roomId = await newRoom()
  const watcher = await edge.join('watcher', roomId)
  const outcomes = new Set<string>()
  const frames = fc.array(anyFrame, { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(frames, fc.boolean(), fc.uint8Array({ maxLength: 40 }), async (some, isConnected, bytes) => {
      const client = isConnected ? await edge.connect('u1') : await edge.open()
      const from = client.lines.length
      for (const frame of some) client.send(frame)
      client.send('{"op":"sing"}')
      const isLast = (line: Line): boolean => isOp(line) && line.message?.startsWith('op: ') === true
      const answered = client.waitForLine(isLast, { from }).then(() => 'answered')
      const end = await Promise.race([client.closed.then(({ code }) => String(code)), answered.catch(() => 'closed')])
      assert.ok(['answered', 'closed', '4500', '4501'].includes(end), end)
      outcomes.add(end)
      await client.close()
      // as they are, without what a client's library would see to
      const pump = await openFramePump(edge.url)
      await pump.pump(Buffer.from(bytes), 1)
      pump.destroy()
    }),
    { numRuns: 150 },
  )
  assert.ok(outcomes.has('answered') && outcomes.size > 1, [...outcomes].join())
  const comment = aComment({ roomId })
  await stage.write(record('Commented', comment))
  await watcher.waitForPush(({ id }) => id === comment.eventId)
  assert.equal(
    countOf(watcher, ({ op }) => op === 'error'),
    0,
  )
  await watcher.close()
  await until('nobody else is left', async () => (await connectionsOf(edge)) === 0)
  await edge.stop()
})

test('ops have their limit of one connection: what is beyond is refused, and who goes on is sent away', async () => {
  const edge = await stage.startEdge({ EDGE_MAX_OPS_PER_SECOND: '1' })
  const client = await edge.connect('u1')
  const other = await edge.connect('u2')
  client.send(Array.from({ length: 40 }, (_, at) => `{"op":"unsubscribe","room":"r${at}"}`).join('\n'))
  assert.equal((await client.closed).code, 4501)
  const done = countOf(client, ({ op }) => op === 'unsubscribed')
  assert.ok(done > 0 && done < 30, `${done} of 40 were done`)
  assert.equal(
    countOf(client, ({ code }) => code === 429),
    10,
  )
  assert.equal((await other.unsubscribe('r1')).op, 'unsubscribed')
  await other.close()
  await edge.stop()
})

test('tokens are checked so often and not more', async () => {
  const edge = await stage.startEdge({ EDGE_MAX_OPS_PER_SECOND: '1' })
  const client = await edge.connect('u1')
  const connect = JSON.stringify({ op: 'connect', token: await mintToken({ secret: jwtSecret, uid: 'u1' }) })
  for (let count = 0; count < 20; count += 1) client.send(connect)
  assert.equal((await client.closed).code, 4501)
  assert.ok(countOf(client, ({ op }) => op === 'connected') <= 3)
  await edge.stop()
})

test('pings and acks have a bound far above what a client needs, and beyond it end the connection', async () => {
  const edge = await stage.startEdge()
  const client = await edge.connect('u1')
  const needed = 1_000
  for (let count = 0; count < needed; count += 1)
    client.send(count % 2 === 0 ? '{"op":"ping"}' : '{"op":"ack","bytes":1}')
  await client.ping()
  assert.equal(
    countOf(client, ({ op }) => op === 'pong'),
    needed / 2 + 1,
  )
  assert.equal(
    countOf(client, ({ op }) => op === 'error'),
    0,
  )
  await client.close()

  const token = await mintToken({ secret: jwtSecret, uid: 'u1' })
  for (const flood of [text('{"op":"ack","bytes":1}'), clientFrame('pong', Buffer.from('x'))]) {
    const pump = await openFramePump(edge.url)
    await pump.pump(text(JSON.stringify({ op: 'connect', token })), 1)
    await pump.pump(flood, 100_000)
    await until('it was sent away', async () => (await connectionsOf(edge)) === 0)
    pump.destroy()
  }
  const closes = await metricOf(edge, 'roomcast_edge_closes_total')
  assert.equal(closes.get('4501'), 2)
  await edge.stop()
})

test('an edge that stops serves its clients until they have left, and leaves none behind', async () => {
  // A client is closed two seconds after it was asked to come back, which is the longest that there is.
  const edge = await stage.startEdge({ EDGE_DRAIN_MS: '20000' })
  const roomId = await newRoom()
  const clients = await Promise.all(Array.from({ length: 40 }, (_, at) => edge.join(`u${at}`, roomId)))
  // The first record of a kind may have its schema looked up: no client has the time for that at the end.
  const before = [aComment({ roomId }), aCohostInvited({ roomId, toUid: 'u7' })] as const
  await stage.write(record('Commented', before[0]), record('CohostInvited', before[1]))
  for (const { eventId } of before) await clients[7]?.waitForPush(({ id }) => id === eventId)
  const stopping = edge.stop()
  for (const client of clients) await client.waitForLine((line) => isOp(line) && line.op === 'reconnect')
  const invited = aCohostInvited({ roomId, toUid: 'u7' })
  const comment = aComment({ roomId })
  await stage.write(record('Commented', comment), record('CohostInvited', invited))
  for (const client of clients) await client.waitForPush(({ id }) => id === comment.eventId)
  await clients[7]?.waitForPush(({ id }) => id === invited.eventId)
  await assert.rejects(edge.open())
  for (const client of clients) assert.equal((await client.closed).code, 4000)
  const delays = clients.map(({ lines }) => lines.find((line) => isOp(line) && line.op === 'reconnect'))
  assert.ok(new Set(delays.map((line) => (line !== undefined && isOp(line) ? line.afterMs : -1))).size > 10)
  await stopping
})
