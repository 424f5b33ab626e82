import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { WebSocket } from 'ws'
import type { Link } from '../domain/recipient.ts'
import { startWebSocketServer, type Admission, type SocketEvents, type WebSocketServer } from './websocket.ts'

type Session = { readonly socket: Link; readonly address: string }

/** Sends text outside of any room. */
const send = (socket: Link, text: string | Buffer): ReturnType<Link['send']> => socket.send(Buffer.from(text), [])

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
  const server = await startWebSocketServer<Session, null>({
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
      pinged: (session) => void seen.push({ what: 'pinged', session }),
      ponged: (session, mark) => void seen.push({ what: 'ponged', session, detail: mark }),
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
  assert.equal(send(socket, 'ö'), 'sent')
  // a view into a larger buffer, as Node's small buffers are
  assert.equal(socket.send(Buffer.from('..ü..').subarray(2, 4), []), 'sent')
  await waitUntil(() => messages.length === 2)
  assert.deepEqual(messages, ['false ö', 'false ü'])
})

test('a ping is answered by the client’s library, with its payload', async () => {
  const { server, saw, opened } = await serve()
  const client = dial(server)
  const { socket } = await opened(client)
  socket.ping('16384')
  await waitUntil(() => saw('ponged') !== undefined)
  assert.equal(saw('ponged')?.detail, '16384')
  client.ping()
  await waitUntil(() => saw('pinged') !== undefined)
})

test('a close code reaches the client, after what was sent before', async () => {
  const { server, saw, opened } = await serve()
  const client = dial(server)
  const messages: string[] = []
  client.on('message', (data: Buffer) => messages.push(data.toString()))
  const { socket } = await opened(client)
  send(socket, 'last')
  socket.close('tokenExpired')
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
  assert.equal(send(socket, 'x'), 'sent')
  socket.ping('1')
  socket.subscribe('r')
  socket.unsubscribe('r')
  socket.close('draining')
})

test('a client that does not read fills the socket, and empties it when it reads again, nothing lost', async () => {
  const { server, seen, opened } = await serve()
  const client = dial(server)
  const { socket } = await opened(client)
  client.pause()
  const frame = Buffer.alloc(64 * 1024, 'x')
  let sent = 1
  while (send(socket, frame) === 'sent') {
    sent += 1
    assert.ok(sent < 10_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  let received = 0
  client.on('message', () => (received += 1))
  client.resume()
  await waitUntil(() => received === sent)
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
    pinged: () => {},
    ponged: () => {},
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
  send(socket, 'still here')
  const [data] = await once(client, 'message')
  assert.equal(data.toString(), 'still here')
  server.close()
  await once(client, 'close')
})

// What delivery relies on when a connection changes ways: measured, nowhere promised by the library.

/** A client on a server of its own, and everything that it receives: messages, and pings as `ping:<payload>`. */
const listen = async () => {
  const { server, seen, opened } = await serve()
  const client = dial(server)
  const received: string[] = []
  client.on('message', (data: Buffer) => received.push(data.toString()))
  client.on('ping', (data: Buffer) => received.push(`ping:${data.toString()}`))
  const { socket } = await opened(client)
  const publish = (text: string): void => server.publish('r', Buffer.from(text))
  /** What was done is over when a last frame has come. */
  const settled = async (): Promise<readonly string[]> => {
    await new Promise((resolve) => setImmediate(resolve))
    send(socket, 'end')
    await waitUntil(() => received.at(-1) === 'end')
    return received.slice(0, -1)
  }
  return { server, seen, client, socket, publish, settled }
}

test('order is kept over publish, send, ping and publish in one turn', async () => {
  const { socket, publish, settled } = await listen()
  socket.subscribe('r')
  publish('p1')
  publish('p2')
  send(socket, 's1')
  socket.ping('9')
  publish('p3')
  send(socket, 's2')
  assert.deepEqual(await settled(), ['p1', 'p2', 's1', 'ping:9', 'p3', 's2'])
})

test('who unsubscribes still gets what was published before, and before what is sent after', async () => {
  const { socket, publish, settled } = await listen()
  socket.subscribe('r')
  publish('p1')
  socket.unsubscribe('r')
  publish('p2')
  send(socket, 's1')
  assert.deepEqual(await settled(), ['p1', 's1'])
})

test('who subscribes does not get what was published before in the same turn', async () => {
  const { socket, publish, settled } = await listen()
  publish('p1')
  send(socket, 's1')
  socket.subscribe('r')
  publish('p2')
  assert.deepEqual(await settled(), ['s1', 'p2'])
})

test('who unsubscribes and subscribes again in one turn gets everything once', async () => {
  const { socket, publish, settled } = await listen()
  socket.subscribe('r')
  publish('p1')
  socket.unsubscribe('r')
  send(socket, 's1')
  socket.subscribe('r')
  publish('p2')
  assert.deepEqual(await settled(), ['p1', 's1', 'p2'])
})

test('a subscriber that leaves a room’s last subscription behind leaves no trace', async () => {
  const { socket, publish, settled } = await listen()
  for (let round = 0; round < 100; round += 1) {
    socket.subscribe('r')
    publish(`p${round}`)
    socket.unsubscribe('r')
  }
  assert.deepEqual(
    await settled(),
    Array.from({ length: 100 }, (_, round) => `p${round}`),
  )
})

test('many published frames of one turn come whole and in order', async () => {
  const { socket, publish, settled } = await listen()
  socket.subscribe('r')
  const frames = Array.from({ length: 1_000 }, (_, index) => `${index}:${'x'.repeat(index % 300)}`)
  for (const frame of frames) publish(frame)
  assert.deepEqual(await settled(), frames)
})

test('a subscriber that does not read at all is ended once more is kept for it than may be', async () => {
  const { socket, client, publish, seen } = await listen()
  socket.subscribe('r')
  client.pause()
  const frame = 'x'.repeat(1024 * 1024)
  for (let round = 0; round < 64 && !seen.some(({ what }) => what === 'closed'); round += 1) {
    publish(frame)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await waitUntil(() => seen.some(({ what }) => what === 'closed'))
  assert.equal(seen.find(({ what }) => what === 'closed')?.detail, 4001)
})

test('compressed frames, sent and published, arrive as they were', async () => {
  const nothing = (): void => {}
  const links: Link[] = []
  const server = await startWebSocketServer<Link, null>({
    port: 0,
    path: '/v1/ws',
    compression: 'shared',
    events: {
      admit: () => ({ ok: true }),
      opened: (link) => {
        links.push(link)
        return link
      },
      received: nothing,
      pinged: nothing,
      ponged: nothing,
      drained: nothing,
      closed: nothing,
    },
  })
  after(() => server.close())
  const client = dial(server)
  const received: string[] = []
  client.on('message', (data: Buffer) => received.push(data.toString()))
  await once(client, 'open')
  assert.match(client.extensions, /permessage-deflate/)
  await waitUntil(() => links.length === 1)
  const [link] = links
  assert.ok(link)
  link.subscribe('r')
  const text = 'a comment '.repeat(100)
  send(link, text)
  server.publish('r', Buffer.from(text))
  await waitUntil(() => received.length === 2)
  assert.deepEqual(received, [text, text])
})
