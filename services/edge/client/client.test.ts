import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { startScriptedEdge, type ScriptedEdge } from '../../../test/support/scripted-edge.ts'
import { until } from '../../../test/support/until.ts'
import { connect, RoomcastError, type Client, type ClientOptions, type PushEvent } from './client.ts'

const closers: (() => unknown)[] = []
after(async () => {
  for (const close of closers) await close()
})

const positions = { 4: 10, 5: 10, 8: 10, 9: 10 } as const
const neverFarAway = { baseMs: 1, maxMs: 10 }

const open = async (options: Partial<ClientOptions> = {}): Promise<{ edge: ScriptedEdge; client: Client }> => {
  const edge = await startScriptedEdge()
  const client = connect({ url: edge.url, getToken: () => 'a token', backoff: neverFarAway, ...options })
  closers.push(() => client.close(), edge.stop)
  return { edge, client }
}

const push = (type: number, weight: number, pos: number, over: object = {}) => ({
  type,
  time: 1_000,
  data: {},
  room: 'r1',
  weight,
  pos,
  id: `${weight}/${pos}`,
  ...over,
})
const comment = (pos: number) => push(6, 8, pos, { data: { uid: 'u', name: 'U', comment: `${pos}` } })
const published = (pos: number) => push(9, 5, pos, { data: { uid: 'u', name: 'U', roomId: 'r1' } })
const like = (pos: number, count: number) => push(7, 9, pos, { data: { uid: 'u', name: 'U', count } })

/** Everything that a client tells of messages and gaps, shortly. */
const record = (client: Client): string[] => {
  const told: string[] = []
  client.on('push', ({ name, pos }) => told.push(`${name} ${pos}`))
  client.on('gap', ({ weight, dropped }) => told.push(`gap ${weight} ${dropped}`))
  return told
}

test('a message is told by its name, with its data, and as a push', async () => {
  const { edge, client } = await open()
  const comments: PushEvent<'commented'>[] = []
  client.on('commented', (event) => comments.push(event))
  const told = record(client)
  const subscribing = client.subscribe('r1')
  const connection = await edge.connection(1)
  await connection.welcome()
  assert.deepEqual(await connection.agree({ positions }), { op: 'subscribe', room: 'r1' })
  assert.deepEqual(await subscribing, { room: 'r1', isRecovered: null, epoch: 'e1', positions })
  connection.send(comment(11), published(12))
  await until('both', () => told.length === 2)
  assert.deepEqual(comments, [
    {
      name: 'commented',
      type: 6,
      time: 1_000,
      data: { uid: 'u', name: 'U', comment: '11' },
      room: 'r1',
      weight: 8,
      pos: 11,
      id: '8/11',
      isIncluded: false,
    },
  ])
  assert.deepEqual(told, ['commented 11', 'stream-published 12'])
})

test('after a cut it comes back and goes on after what it had; what comes twice is told once', async () => {
  const { edge, client } = await open()
  const told = record(client)
  const recovered: (boolean | null)[] = []
  client.on('subscribed', ({ isRecovered }) => recovered.push(isRecovered))
  void client.subscribe('r1')
  const first = await edge.connection(1)
  await first.welcome()
  await first.agree({ positions })
  first.send(comment(11), published(15), like(12, 3))
  await until('all three', () => told.length === 3)
  first.drop()

  const second = await edge.connection(2)
  await second.welcome()
  const resume = { epoch: 'e1', positions: { 4: 10, 5: 15, 8: 11, 9: 12 } }
  assert.deepEqual(await second.agree({ positions: resume.positions, recovered: true }), {
    op: 'subscribe',
    room: 'r1',
    resume,
  })
  second.send(published(15), comment(11), like(12, 3), published(16), { op: 'gap', room: 'r1', weight: 8, dropped: 4 })
  second.send(comment(16), { op: 'gap', room: 'r1', weight: 8 })
  await until('the last', () => told.includes('gap 8 null'))
  assert.deepEqual(told.slice(3), ['stream-published 16', 'gap 8 4', 'commented 16', 'gap 8 null'])
  assert.deepEqual(recovered, [null, true])
})

test('an invite that is sent again is told once, in whatever connection it comes, and moves no cursor', async () => {
  const { edge, client } = await open()
  const told = record(client)
  void client.subscribe('r1')
  const first = await edge.connection(1)
  await first.welcome()
  await first.agree({ positions })
  const invite = push(1, 4, 7, { id: 'invite' })
  first.send(invite, invite)
  first.send(published(11))
  await until('the sentinel', () => told.includes('stream-published 11'))
  first.drop()
  const second = await edge.connection(2)
  await second.welcome()
  const asked = await second.agree({ positions, recovered: false })
  assert.deepEqual(asked['resume'], { epoch: 'e1', positions: { ...positions, 5: 11 } })
  second.send(invite, published(12))
  await until('the sentinel', () => told.includes('stream-published 12'))
  assert.deepEqual(told, ['cohost-invited 7', 'stream-published 11', 'stream-published 12'])
})

test('`reconnect`: the new connection takes over before the old one ends, without a hole and without a double', async () => {
  const { edge, client } = await open()
  const told = record(client)
  let disconnected = 0
  client.on('disconnected', () => (disconnected += 1))
  void client.subscribe('r1')
  const old = await edge.connection(1)
  await old.welcome()
  await old.agree({ positions })
  old.send({ op: 'reconnect', afterMs: 20 })
  const next = await edge.connection(2)
  old.send(published(11), comment(11), like(11, 1))
  await until('the old one still serves', () => told.length === 3)
  await next.welcome()
  const asked = await next.op('subscribe')
  assert.deepEqual(asked['resume'], { epoch: 'e1', positions: { 4: 10, 5: 11, 8: 11, 9: 11 } })
  // Signals still come from it, what may be merged or dropped does not.
  old.send(published(12), comment(12), like(12, 1), { op: 'gap', room: 'r1', weight: 8, dropped: 1 })
  await until('the signal', () => told.includes('stream-published 12'))
  await next.agree({ positions: { 4: 10, 5: 11, 8: 11, 9: 11 }, recovered: true })
  next.send(published(12), comment(12), like(13, 2), published(13))
  await until('the last', () => told.includes('stream-published 13'))
  assert.deepEqual(told.slice(3), ['stream-published 12', 'commented 12', 'liked 13', 'stream-published 13'])
  await until('the old one is closed', () => old.endedWith() !== null)
  assert.equal(old.endedWith(), 1000)
  assert.equal(disconnected, 0)
  assert.equal(edge.count(), 2)
})

test('the old connection ends before the time that `reconnect` named: the client waits for that time', async () => {
  const { edge, client } = await open({ backoff: { baseMs: 60_000, maxMs: 60_000 } })
  void client.subscribe('r1')
  const old = await edge.connection(1)
  await old.welcome()
  await old.agree({ positions })
  const waits: (number | null)[] = []
  client.on('disconnected', ({ retryInMs }) => waits.push(retryInMs))
  old.send({ op: 'reconnect', afterMs: 300 })
  old.close(4000)
  const next = await edge.connection(2)
  await next.welcome()
  await next.agree({ positions, recovered: true })
  assert.equal(waits.length, 1)
  assert.ok((waits[0] ?? Infinity) <= 300, `waited ${waits[0]} ms`)
})

test('one connection too many while one takes over from another: the old one serves on, and the next attempt follows it', async () => {
  const { edge, client } = await open()
  const told = record(client)
  void client.subscribe('r1')
  const old = await edge.connection(1)
  await old.welcome()
  await old.agree({ positions })
  old.send({ op: 'reconnect', afterMs: 0 })
  const next = await edge.connection(2)
  await next.op('connect')
  next.close(4503)
  await until('it is refused', () => next.endedWith() !== null)
  old.send(published(11))
  await until('the old one serves', () => told.length === 1)
  old.close(4000)
  const third = await edge.connection(3)
  await third.welcome()
  assert.deepEqual((await third.op('subscribe'))['resume'], { epoch: 'e1', positions: { ...positions, 5: 11 } })
})

test('a client without a room does not come back before it has one', async () => {
  const { edge, client } = await open()
  const ends: unknown[] = []
  client.on('disconnected', ({ code, retryInMs }) => ends.push([code, retryInMs]))
  const first = await edge.connection(1)
  await first.welcome()
  first.close(4003)
  await until('the end', () => ends.length === 1)
  assert.deepEqual(ends, [[4003, null]])
  assert.equal(edge.count(), 1)
  void client.subscribe('r1')
  await (await edge.connection(2)).op('connect')
})

test('when the new connection fails half-way, all rooms go on from where they are', async () => {
  const { edge, client } = await open()
  const told = record(client)
  void client.subscribe('r1')
  const old = await edge.connection(1)
  await old.welcome()
  await old.agree({ positions })
  old.send({ op: 'reconnect', afterMs: 0 })
  const next = await edge.connection(2)
  await next.welcome()
  await next.op('subscribe')
  old.send(comment(11), published(11))
  await until('the signal', () => told.length === 1)
  next.drop()
  const third = await edge.connection(3)
  await third.welcome()
  const asked = await third.agree({ positions: { ...positions, 5: 11 }, recovered: true })
  assert.deepEqual(asked['resume'], { epoch: 'e1', positions: { ...positions, 5: 11 } })
  third.send(comment(11))
  await until('the comment', () => told.length === 2)
  assert.deepEqual(told, ['stream-published 11', 'commented 11'])
})

test('a code from 4500 on is final: what waits is rejected, and nobody comes back', async () => {
  const { edge, client } = await open()
  const ends: (number | null)[] = []
  client.on('disconnected', ({ code, retryInMs }) => ends.push(code, retryInMs))
  const subscribing = client.subscribe('r1')
  const connection = await edge.connection(1)
  await connection.op('connect')
  connection.close(4500)
  await assert.rejects(subscribing, (error) => error instanceof RoomcastError && error.code === 4500)
  assert.deepEqual(ends, [4500, null])
  await assert.rejects(client.subscribe('r2'), { code: 4500 })
  assert.equal(edge.count(), 1)
})

test('a new token is asked for at every attempt: after 4005 at once, and until there is one', async () => {
  let calls = 0
  const { edge, client } = await open({
    backoff: { baseMs: 5, maxMs: 10 },
    getToken: async () => {
      calls += 1
      if (calls === 2) throw new Error('no network')
      return `token ${calls}`
    },
  })
  const errors: unknown[] = []
  client.on('error', ({ code }) => errors.push(code))
  void client.subscribe('r1')
  const first = await edge.connection(1)
  await first.welcome()
  await first.agree({ positions })
  first.close(4005)
  const second = await edge.connection(2)
  assert.equal((await second.op('connect'))['token'], 'token 3')
  assert.deepEqual(errors, ['token'])
})

test('a token is replaced before it runs out, on the same connection', async () => {
  let calls = 0
  const { edge, client } = await open({
    getToken: () => {
      calls += 1
      const exp = Math.floor(Date.now() / 1000) + (calls === 1 ? 4 : 3600)
      return `h.${Buffer.from(JSON.stringify({ exp, n: calls })).toString('base64url')}.s`
    },
  })
  void client.subscribe('r1')
  const connection = await edge.connection(1)
  await connection.welcome()
  const [before, renewed] = [await connection.op('connect', 1), await connection.op('connect', 2)]
  assert.notEqual(renewed['token'], before['token'])
  const errors: unknown[] = []
  client.on('error', ({ code, message }) => errors.push([code, message]))
  await connection.op('subscribe')
  connection.send({ op: 'subscribed', room: 'r1', epoch: 'e1', positions })
  connection.send({ op: 'error', code: 400, message: 'of another user' })
  await until('the refusal', () => errors.length === 1)
  assert.deepEqual(errors, [[400, 'of another user']])
  assert.equal(edge.count(), 1)
})

test('a refused subscribe is rejected with the code of the edge, and the others go on', async () => {
  const { edge, client } = await open()
  const good = client.subscribe('r1')
  const bad = client.subscribe('r2')
  const connection = await edge.connection(1)
  await connection.welcome()
  await connection.agree({ positions }, 1)
  await connection.op('subscribe', 2)
  connection.send({ op: 'error', code: 404, message: 'no such room: r2' })
  await assert.rejects(bad, { code: 404, message: 'no such room: r2' })
  assert.equal((await good).room, 'r1')
  assert.equal(client.view('r2'), null)
})

test('a room that is gone when the client comes back is told as unsubscribed; so is one that a new token leaves out', async () => {
  const { edge, client } = await open()
  const gone: unknown[] = []
  client.on('unsubscribed', ({ room, code }) => gone.push([room, code]))
  void client.subscribe('r1')
  void client.subscribe('r2')
  const first = await edge.connection(1)
  await first.welcome()
  await first.agree({ positions }, 1)
  await first.agree({ positions }, 2)
  first.drop()
  const second = await edge.connection(2)
  await second.welcome()
  await second.op('subscribe', 2)
  second.send({ op: 'error', code: 404, message: 'no such room' })
  second.send({ op: 'subscribed', room: 'r2', epoch: 'e1', positions, recovered: true })
  second.send({ op: 'unsubscribed', room: 'r2' })
  await until('both', () => gone.length === 2)
  assert.deepEqual(gone, [
    ['r1', 404],
    ['r2', 403],
  ])
})

test('bytes are acknowledged after a quarter of the window, and the rest a little later', async () => {
  const { edge, client } = await open({ windowBytes: 8_192 })
  void client.subscribe('r1')
  const connection = await edge.connection(1)
  let bytes = await connection.welcome()
  assert.equal((await connection.op('connect'))['window'], 8_192)
  const { room } = await connection.op('subscribe')
  bytes += connection.send({ op: 'subscribed', room, epoch: 'e1', positions })
  assert.equal((await connection.op('ack', 1))['bytes'], bytes)
  bytes += connection.send(push(6, 8, 11, { data: { comment: '🐍ü'.repeat(400) } })) // 2,400 bytes in 1,200 UTF-16 units
  assert.equal((await connection.op('ack', 2))['bytes'], bytes)
  bytes += connection.send(comment(12))
  assert.equal((await connection.op('ack', 3))['bytes'], bytes)
})

test('without a window nothing is acknowledged', async () => {
  const { edge, client } = await open({ windowBytes: null })
  const told = record(client)
  void client.subscribe('r1')
  const connection = await edge.connection(1)
  await connection.welcome()
  await connection.agree({ positions })
  connection.send(...Array.from({ length: 1_000 }, (_, index) => comment(11 + index)))
  await until('all', () => told.length === 1_000)
  client.unsubscribe('r1')
  await connection.op('unsubscribe')
  assert.deepEqual(
    connection.received.map(({ op }) => op),
    ['connect', 'subscribe', 'unsubscribe'],
  )
  assert.equal('window' in (await connection.op('connect')), false)
})

/** In which time goes a hundred times as fast. */
const hurried = () => {
  const startedAt = Date.now()
  return {
    setTimer: (run: () => void, afterMs: number) => {
      const timer = setTimeout(run, afterMs / 100)
      return () => clearTimeout(timer)
    },
    nowMs: () => startedAt + (Date.now() - startedAt) * 100,
  }
}

test('waits double with each failure, and begin anew after a connection that lasted', async () => {
  const { edge, client } = await open({
    backoff: { baseMs: 8_000, maxMs: 60_000 },
    environment: { ...hurried(), random: () => 1 },
    answerTimeoutMs: 600_000,
  })
  const waits: number[] = []
  client.on('disconnected', ({ retryInMs }) => waits.push(retryInMs ?? NaN))
  void client.subscribe('r1')
  for (const number of [1, 2, 3]) (await edge.connection(number)).drop()
  const lasting = await edge.connection(4)
  await lasting.welcome(600_000)
  const since = Date.now()
  await until('it has lasted', () => Date.now() - since > 300)
  lasting.drop()
  await until('four ends', () => waits.length === 4)
  // Time runs fast here, and some of it is over when the wait is told.
  const doublings = waits.map((wait) => Math.ceil(Math.log2(wait / 8_000)))
  assert.deepEqual(doublings, [0, 1, 2, 0], `${waits.join(', ')} ms`)
})

test('an edge that says nothing is asked; one that does not answer is left for another connection', async () => {
  const { edge, client } = await open({ environment: hurried(), answerTimeoutMs: 600_000, connectTimeoutMs: 600_000 })
  void client.subscribe('r1')
  const first = await edge.connection(1)
  await first.welcome()
  await first.agree({ positions })
  await first.op('ping', 1)
  first.send({ op: 'pong' })
  await first.op('ping', 2)
  assert.equal(edge.count(), 1)
  const second = await edge.connection(2) // the second ping was not answered
  await second.welcome()
  assert.deepEqual((await second.op('subscribe'))['resume'], { epoch: 'e1', positions })
})

/** A server that speaks no WebSocket; `meet` gets each connection. */
const openServer = async (meet: (socket: Socket) => void) => {
  const server = createServer((socket) => {
    socket.on('error', () => {}) // the end of the client
    meet(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `ws://127.0.0.1:${address.port}/`
}

test('a connection that breaks off before it is open is tried again at once, not after the time for an answer', async () => {
  let attempts = 0
  const url = await openServer((socket) => {
    attempts += 1
    socket.once('data', () => socket.destroy())
  })
  const client = connect({ url, getToken: () => '', backoff: neverFarAway })
  closers.push(() => client.close())
  void client.subscribe('r1')
  await until('it has tried five times', () => attempts >= 5, 5_000)
})

test('a connection that does not open in time is given up for another', async () => {
  const sockets: Socket[] = []
  const url = await openServer((socket) => sockets.push(socket))
  closers.push(() => sockets.forEach((socket) => socket.destroy()))
  const client = connect({ url, getToken: () => '', backoff: neverFarAway, connectTimeoutMs: 50 })
  closers.push(() => client.close())
  void client.subscribe('r1')
  await until('it has tried three times', () => sockets.length >= 3, 5_000)
})

test('an edge that does not answer a question, or sends what is no JSON, is left for another connection', async () => {
  const { edge, client } = await open({ environment: hurried(), answerTimeoutMs: 5_000 })
  void client.subscribe('r1')
  const silent = await edge.connection(1) // `connect` is not answered
  await silent.op('connect')
  const mute = await edge.connection(2)
  await mute.welcome(600_000)
  await mute.op('subscribe') // nor is this
  const other = await edge.connection(3)
  await other.welcome(600_000)
  await other.agree({ positions })
})

test('when the network is back the client tries at once', async () => {
  let online = () => {}
  const { edge, client } = await open({
    backoff: { baseMs: 600_000, maxMs: 600_000 },
    environment: {
      random: () => 1,
      onOnline: (run) => {
        online = run
        return () => {}
      },
    },
  })
  const waits: (number | null)[] = []
  client.on('disconnected', ({ retryInMs }) => waits.push(retryInMs))
  void client.subscribe('r1')
  const first = await edge.connection(1)
  await first.welcome()
  first.drop()
  await until('it waits', () => waits.length === 1)
  online()
  await (await edge.connection(2)).op('connect')
})

test('after `close` nothing is told, and what waits is rejected', async () => {
  const { edge, client } = await open()
  const told = record(client)
  const subscribed = client.subscribe('r1')
  const connection = await edge.connection(1)
  await connection.welcome()
  await connection.agree({ positions })
  await subscribed
  const waiting = client.subscribe('r2')
  client.on('commented', () => client.close())
  connection.send(comment(11), comment(12))
  await assert.rejects(waiting, { code: 'closed' })
  await until('the edge sees the end', () => connection.endedWith() !== null)
  assert.deepEqual(told, ['commented 11'])
  await assert.rejects(client.subscribe('r1'), { code: 'closed' })
})

test('a room that is unsubscribed and subscribed again begins anew', async () => {
  const { edge, client } = await open()
  const told = record(client)
  void client.subscribe('r1')
  const connection = await edge.connection(1)
  await connection.welcome()
  await connection.agree({ positions }, 1)
  connection.send(comment(11))
  await until('the first', () => told.length === 1)
  client.unsubscribe('r1')
  const again = client.subscribe('r1')
  connection.send(comment(12))
  await connection.op('unsubscribe')
  connection.send({ op: 'unsubscribed', room: 'r1' })
  assert.equal('resume' in (await connection.agree({ positions: { ...positions, 8: 14 } }, 2)), false)
  await again
  connection.send(comment(15))
  await until('the second', () => told.length === 2)
  assert.deepEqual(told, ['commented 11', 'commented 15'])
})

test('the answer to a subscribe that is not wanted any more is not taken for that to a later one', async () => {
  const { edge, client } = await open()
  const told = record(client)
  void client.subscribe('r1')
  const connection = await edge.connection(1)
  await connection.welcome()
  await connection.op('subscribe', 1)
  client.unsubscribe('r1')
  const again = client.subscribe('r1')
  await connection.agree({ positions }, 1)
  connection.send(comment(11), { op: 'unsubscribed', room: 'r1' })
  await connection.agree({ positions: { ...positions, 8: 14 } }, 2)
  connection.send(comment(15))
  assert.equal((await again).positions[8], 14)
  await until('the comment', () => told.length > 0)
  assert.deepEqual(told, ['commented 15'])
})
