import { once } from 'node:events'
import { WebSocketServer, type WebSocket } from 'ws'
import { until } from './until.ts'

/** What a client has sent, and what it is to get; nothing happens by itself. */
export type ScriptedConnection = {
  /** Every op received, in order. */
  readonly received: readonly Readonly<Record<string, unknown>>[]
  readonly opsNamed: (op: string) => readonly Readonly<Record<string, unknown>>[]
  /** The `count`th op of that name (default: the first), as soon as it is there. */
  readonly op: (name: string, count?: number) => Promise<Readonly<Record<string, unknown>>>
  /** Sends objects as one frame and gives back its size in bytes. */
  readonly send: (...lines: readonly object[]) => number
  /** Answers `connect`. */
  readonly welcome: (pingMs?: number) => Promise<number>
  /** Answers the `count`th subscribe with these positions, and says what it asked. */
  readonly agree: (
    answer: { readonly positions: Positions; readonly epoch?: string; readonly recovered?: boolean },
    count?: number,
  ) => Promise<Readonly<Record<string, unknown>>>
  readonly close: (code: number) => void
  /** Ends the connection without a word. */
  readonly drop: () => void
  /** The code with which it ended; null as long as it has not. */
  readonly endedWith: () => number | null
}

type Positions = { readonly 4: number; readonly 5: number; readonly 8: number; readonly 9: number }

/** A server that a test plays the edge with, for what a real one does seldom. */
export type ScriptedEdge = {
  readonly url: string
  /** The connection of that number, from 1 on, as soon as it is there. */
  readonly connection: (number: number) => Promise<ScriptedConnection>
  readonly count: () => number
  readonly stop: () => Promise<void>
}

export const startScriptedEdge = async (): Promise<ScriptedEdge> => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const connections: ScriptedConnection[] = []
  server.on('connection', (socket) => connections.push(script(socket)))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('it listens on a port')
  return {
    url: `ws://127.0.0.1:${address.port}/v1/ws`,
    connection: async (number) => {
      await until(`connection ${number}`, () => connections.length >= number)
      return at(connections, number)
    },
    count: () => connections.length,
    stop: async () => {
      for (const client of server.clients) client.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

const script = (socket: WebSocket): ScriptedConnection => {
  const received: Readonly<Record<string, unknown>>[] = []
  let ended: number | null = null
  socket.on('message', (data: Buffer) => {
    for (const line of data.toString('utf8').split('\n')) received.push(JSON.parse(line) as Record<string, unknown>)
  })
  socket.on('close', (code) => {
    ended = code
  })
  const opsNamed = (name: string) => received.filter(({ op }) => op === name)
  const op: ScriptedConnection['op'] = async (name, count = 1) => {
    await until(`${name} ${count}`, () => opsNamed(name).length >= count)
    return at(opsNamed(name), count)
  }
  const send: ScriptedConnection['send'] = (...lines) => {
    const frame = lines.map((line) => JSON.stringify(line)).join('\n')
    socket.send(frame)
    return Buffer.byteLength(frame)
  }
  return {
    received,
    opsNamed,
    op,
    send,
    welcome: async (pingMs = 25_000) => {
      await op('connect')
      return send({ op: 'connected', connection: 'c1', pingMs })
    },
    agree: async ({ positions, epoch = 'e1', recovered }, count) => {
      const asked = await op('subscribe', count)
      send({
        op: 'subscribed',
        room: asked['room'],
        epoch,
        positions,
        ...(recovered === undefined ? {} : { recovered }),
      })
      return asked
    },
    close: (code) => socket.close(code),
    drop: () => socket.terminate(),
    endedWith: () => ended,
  }
}

const at = <T>(list: readonly T[], number: number): T => {
  const found = list[number - 1]
  if (found === undefined) throw new Error(`there is no number ${number}`)
  return found
}
