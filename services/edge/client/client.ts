import type { Backoff } from './backoff.ts'
import type { ClientEvents, Subscribed } from './client-events.ts'
import { createEmitter } from './emitter.ts'
import { RoomcastError, type RoomcastErrorCode } from './error.ts'
import { readEnvironment, type Environment, type SocketConstructor } from './environment.ts'
import type { RoomView } from './room-view.ts'
import { createSubscriptions } from './subscriptions.ts'
import { createUplink, type GetToken } from './uplink.ts'

export type { PushData, PushName, SessionView } from './events.generated.ts'
export type { PushEvent, Positions, Weight } from './wire.ts'
export type { Backoff, ClientEvents, Environment, GetToken, RoomView, SocketConstructor, Subscribed }
export type { RoomcastErrorCode }
export { RoomcastError }

export type ClientOptions = {
  /** Of the edge, for example `wss://edge.example/v1/ws`. */
  readonly url: string
  readonly getToken: GetToken
  /**
   * Bytes of comments and likes that the edge may have sent and this client not yet acknowledged; 4096 or more, 65536 when left
   * out. The less, the sooner a signal gets through to a slow connection. Null: none are sent, and the edge finds out by itself.
   */
  readonly windowBytes?: number | null
  /** Default: `{ baseMs: 500, maxMs: 30000 }`. */
  readonly backoff?: Backoff
  /** For a token, and for an attempt to connect; default 10000. */
  readonly connectTimeoutMs?: number
  /** For any other answer; default 20000. */
  readonly answerTimeoutMs?: number
  /** Default: that of the browser, or of Node.js 22. */
  readonly WebSocket?: SocketConstructor
  /** Timers, time and randomness, for tests. */
  readonly environment?: Partial<Environment>
}

/** Subscriptions to rooms, kept over whatever happens to the connection. */
export type Client = {
  /** Calls the listener at each event of that name; gives back what ends that. */
  readonly on: <N extends keyof ClientEvents>(name: N, listener: (event: ClientEvents[N]) => void) => () => void
  /**
   * Resolves when the edge has agreed, however long it takes to reach it. Rejects with a RoomcastError when the edge refuses (its
   * `code`), when the client is or was closed, or when the room is unsubscribed meanwhile.
   */
  readonly subscribe: (room: string) => Promise<Subscribed>
  /** From now on nothing of this room is delivered. */
  readonly unsubscribe: (room: string) => void
  /** How a room looks: its last state and what was pushed since. Null until it is known. */
  readonly view: (room: string) => RoomView | null
  /** Ends everything, for good. */
  readonly close: () => void
}

/** Connects to an edge and stays connected until `close`. Throws on a url that is none, and where there is no WebSocket. */
export const connect = (options: ClientOptions): Client => {
  const url = new URL(options.url).href
  const environment = readEnvironment(options.environment ?? {}, options.WebSocket)
  const emitter = createEmitter<ClientEvents>()
  const { windowBytes = 65_536, backoff = { baseMs: 500, maxMs: 30_000 } } = options
  const { connectTimeoutMs = 10_000, answerTimeoutMs = 20_000 } = options
  const finish = (error: RoomcastError): void => {
    offOnline()
    subscriptions.end(error)
  }

  const subscriptions = createSubscriptions({
    emit: emitter.emit,
    connections: () => uplink.connections(),
    settled: () => uplink.settled(),
  })
  const { subscribed, unsubscribed, refused, pushed, gap } = subscriptions.events
  const uplink = createUplink({
    url,
    getToken: options.getToken,
    backoff,
    limits: { windowBytes, connectTimeoutMs, answerTimeoutMs },
    environment,
    isWanted: subscriptions.isAny,
    events: {
      subscribed,
      unsubscribed,
      refused,
      pushed,
      gap,
      ready: (connection, id) => {
        emitter.emit('connected', { connection: id })
        subscriptions.moveTo(connection)
      },
      lost: (end) => emitter.emit('disconnected', end),
      stopped: (code, reason) => {
        finish(new RoomcastError(code, reason === '' ? 'the edge refuses this client' : reason))
        emitter.emit('disconnected', { code, reason, retryInMs: null })
      },
      noToken: (cause) => emitter.emit('error', new RoomcastError('token', 'there is no token', { cause })),
    },
  })
  const offOnline = environment.onOnline(uplink.check)
  uplink.wake()

  return {
    on: emitter.on,
    subscribe: (room) => {
      const answer = subscriptions.add(room)
      uplink.wake()
      return answer
    },
    unsubscribe: subscriptions.remove,
    view: subscriptions.view,
    close: () => {
      uplink.stop()
      finish(new RoomcastError('closed', 'the client was closed'))
    },
  }
}
