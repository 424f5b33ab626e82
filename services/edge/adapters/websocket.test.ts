import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { WebSocket } from 'ws'
import {
  startWebSocketServer,
  type Admission,
  type Socket,
  type SocketEvents,
  type WebSocketServer,
} from './websocket.ts'

type Session = { readonly socket: Socket; readonly address: string }

/** What happened on the server, in order. */
type Seen = { readonly what: string; readonly session?: Session; readonly detail?: unknown }

const waitUntil = async (holds: () => boolean): Promise<void> => {
  const deadline = AbortSignal.timeout(5_000)
  while (!holds()) {
    deadline.throwIfAborted()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const serve = async (admit: SocketEvents<Session>['admit'] = () => ({ ok: true })) => {
  const seen: Seen[] = []
  const server = await startWebSocketServer<Session>({
    port: 0,
    path: '/v1/ws',
    events: {
      admit,
      opened: (socket, address) => {
        const session = { socket, address }
        seen.push({ what: 'opened', session })
        return session
      },
      received: (session, frame, isBinary) =>
        void seen.push({ what: isBinary ? 'binary' : 'text', session, detail: frame.toString() }),
      heard: (session) => void seen.push({ what: 'heard', session }),
      drained: (session) => void seen.push({ what: 'drained', session }),
      closed: (session, code) => void seen.push({ what: 'closed', session, detail: code }),
    },
  })
  after(() => server.close())
  const saw = (what: string): Seen | undefined => seen.find((one) => one.what === what)
  /** Both sides of a new connection are open. */
  const opened = async (client: WebSocket): Promise<Session> => {
    await once(client, 'open')
    await waitUntil(() => saw('opened') !== undefined)
    const session = saw('opened')?.session
    assert.ok(session)
    return session
  }
  return { server, seen, saw, opened }
}

const dial = (server: WebSocketServer, path = '/v1/ws', origin?: string): WebSocket => {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, origin === undefined ? {} : { origin })
  // Ending one that was refused is an error of its own; what matters is looked at in the tests.
  socket.on('error', () => {})
  after(() => socket.terminate())
  return socket
}

const refusal = async (socket: WebSocket): Promise<{ status: number | undefined; retryAfter: string | undefined }> => {
  const [, response] = await once(socket, 'unexpected-response')
  return { status: response.statusCode, retryAfter: response.headers['retry-after'] }
}

test('frames come and go, text and binary told apart, with the address of the client', async () => {
  const { server, seen, opened } = await serve()
  const client = dial(server)
  const { socket, address } = await opened(client)
  assert.match(address, /1$/)
  client.send('héllo')
  client.send(Buffer.from('bytes'))
  await waitUntil(() => seen.length >= 3)
  assert.deepEqual(
    seen.slice(1).map(({ what, detail }) => [what, detail]),
    [
      ['text', 'héllo'],
      ['binary', 'bytes'],
    ],
  )
  const messages: string[] = []
  client.on('message', (data: Buffer, isBinary) => messages.push(`${isBinary} ${data.toString()}`))
  assert.equal(socket.send('ö'), 'sent')
  // a view into a larger buffer, as Node's small buffers are
  assert.equal(socket.send(Buffer.from('..ü..').subarray(2, 4)), 'sent')
  await waitUntil(() => messages.length === 2)
  assert.deepEqual(messages, ['false ö', 'false ü'])
})

test('a ping is answered by the client’s library, and heard', async () => {
  const { server, saw, opened } = await serve()
  const { socket } = await opened(dial(server))
  socket.ping()
  await waitUntil(() => saw('heard') !== undefined)
})

test('a close code reaches the client, after what was sent before', async () => {
  const { server, saw, opened } = await serve()
  const client = dial(server)
  const messages: string[] = []
  client.on('message', (data: Buffer) => messages.push(data.toString()))
  const { socket } = await opened(client)
  socket.send('last')
  socket.close(4005, 'tokenExpired')
  const [code, reason] = await once(client, 'close')
  assert.deepEqual([code, reason.toString(), messages], [4005, 'tokenExpired', ['last']])
  assert.equal(saw('closed')?.detail, 4005)
})

test('a socket that has ended takes everything and does nothing', async () => {
  const { server, saw, opened } = await serve()
  const client = dial(server)
  const { socket } = await opened(client)
  client.terminate()
  await waitUntil(() => saw('closed') !== undefined)
  assert.equal(saw('closed')?.detail, 1006)
  assert.equal(socket.send('x'), 'sent')
  assert.equal(socket.bufferedBytes(), 0)
  socket.ping()
  socket.close(4000, 'draining')
})

test('a client that does not read fills the socket, and empties it when it reads again, nothing lost', async () => {
  const { server, seen, opened } = await serve()
  const client = dial(server)
  const { socket } = await opened(client)
  client.pause()
  const frame = Buffer.alloc(64 * 1024, 'x')
  let sent = 1
  while (socket.send(frame) === 'sent') {
    sent += 1
    assert.ok(sent < 10_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(socket.bufferedBytes() > 0)
  let received = 0
  client.on('message', () => (received += 1))
  client.resume()
  await waitUntil(() => received === sent)
  assert.equal(socket.bufferedBytes(), 0)
  assert.ok(seen.some(({ what }) => what === 'drained'))
})

test('a frame of more than 64 KiB ends the connection unread', async () => {
  const { server, seen, opened } = await serve()
  const client = dial(server)
  await opened(client)
  client.send('x'.repeat(64 * 1024 + 1))
  await once(client, 'close')
  assert.equal(
    seen.some(({ what }) => what === 'text'),
    false,
  )
})

test('who is not admitted is answered over HTTP', async () => {
  const answers: Admission[] = [
    { ok: false, status: '403 Forbidden' },
    { ok: false, status: '503 Service Unavailable', retryAfterSeconds: 5 },
  ]
  const origins: string[] = []
  const { server } = await serve(({ origin }) => {
    origins.push(origin)
    return answers.shift() ?? { ok: true }
  })
  assert.deepEqual(await refusal(dial(server, '/v1/ws', 'https://a.example')), { status: 403, retryAfter: undefined })
  assert.deepEqual(await refusal(dial(server)), { status: 503, retryAfter: '5' })
  assert.deepEqual(origins, ['https://a.example', ''])
})

test('nothing but the one path is served', async () => {
  const { server } = await serve()
  assert.equal((await refusal(dial(server, '/other'))).status, 404)
  assert.equal((await fetch(`http://127.0.0.1:${server.port}/`)).status, 404)
})

test('a port that is taken is refused by name, not shared', async () => {
  const { server } = await serve()
  const nobody: SocketEvents<null> = {
    admit: () => ({ ok: true }),
    opened: () => null,
    received: () => {},
    heard: () => {},
    drained: () => {},
    closed: () => {},
  }
  await assert.rejects(startWebSocketServer({ port: server.port, path: '/v1/ws', events: nobody }), {
    code: 'CONFIG_INVALID',
    message: new RegExp(`port ${server.port}`),
  })
})

test('a server that stops listening keeps its connections until it is closed', async () => {
  const { server, opened } = await serve()
  const client = dial(server)
  const { socket } = await opened(client)
  server.stopListening()
  const [error] = await once(dial(server), 'error')
  assert.equal(error.code, 'ECONNREFUSED')
  socket.send('still here')
  const [data] = await once(client, 'message')
  assert.equal(data.toString(), 'still here')
  server.close()
  await once(client, 'close')
})
