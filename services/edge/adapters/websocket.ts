import { App, us_listen_socket_close, us_socket_local_port, type WebSocket } from 'uWebSockets.js'
import { Fault } from '../../shared/fault.ts'

/** What became of a frame: handed to the kernel, kept until the client reads, or thrown away since too much was kept. */
export type SendResult = 'sent' | 'buffered' | 'dropped'

/** One client's socket. After its end everything on it does nothing. */
export type Socket = {
  /** Sends one text frame; bytes must be UTF-8. The bytes are copied. */
  readonly send: (frame: string | Uint8Array) => SendResult
  /** Bytes that the kernel did not take yet. */
  readonly bufferedBytes: () => number
  /** Sends a WebSocket ping; every client's library answers by itself. */
  readonly ping: () => void
  /** Says goodbye with a code (RFC 6455, 7.4) and ends; what was sent before still goes out. */
  readonly close: (code: number, reason: string) => void
}

/** Whether a request may become a WebSocket. */
export type Admission =
  | { readonly ok: true }
  | { readonly ok: false; readonly status: '403 Forbidden' }
  | { readonly ok: false; readonly status: '503 Service Unavailable'; readonly retryAfterSeconds: number }

/** Who handles what happens on the sockets; `S` is what it keeps for each. All of it is synchronous. */
export type SocketEvents<S> = {
  /** `origin` is empty when the request has none. */
  readonly admit: (request: { readonly origin: string; readonly address: string }) => Admission
  readonly opened: (socket: Socket, address: string) => S
  /** The bytes are there during the call only. */
  readonly received: (session: S, frame: Buffer, isBinary: boolean) => void
  /** A ping or a pong came. */
  readonly heard: (session: S) => void
  /** The client has read some of what was kept. */
  readonly drained: (session: S) => void
  /** The end, whoever ended it; once. */
  readonly closed: (session: S, code: number) => void
}

export type WebSocketServer = {
  readonly port: number
  /** Takes no new connection; those that are there stay. */
  readonly stopListening: () => void
  /** Ends every connection at once, without goodbye. */
  readonly close: () => void
}

type PerSocket<S> = { readonly address: string; socket: UwsSocket<S> | undefined; session: S | undefined }

/** A frame beyond it ends the socket before it has been read. */
const maxPayloadBytes = 64 * 1024
/** Far above what is ever sent before the socket has drained: nothing is to be dropped here. */
const maxKeptBytes = 16 * 1024 * 1024
/** Silence is watched by whoever handles the events; this is the library's own bound, for sockets that were left over. */
const idleTimeoutSeconds = 960

/**
 * The library's LIBUS_LISTEN_EXCLUSIVE_PORT, which its type declarations lack: without it a second process on the same port
 * would share it in silence.
 */
const exclusivePort = 1

/**
 * Serves WebSockets at `path`, by uWebSockets.js; everything else there is answered 404.
 * Rejects with the fault CONFIG_INVALID when the port is taken (port 0: any free one).
 */
export const startWebSocketServer = <S>({
  port,
  path,
  events,
}: {
  port: number
  path: string
  events: SocketEvents<S>
}): Promise<WebSocketServer> => {
  const app = App()
  app.ws<PerSocket<S>>(path, {
    maxPayloadLength: maxPayloadBytes,
    maxBackpressure: maxKeptBytes,
    idleTimeout: idleTimeoutSeconds,
    sendPingsAutomatically: false,
    upgrade: (response, request, context) => {
      const address = Buffer.from(response.getRemoteAddressAsText()).toString('latin1')
      const admission = events.admit({ origin: request.getHeader('origin'), address })
      if (!admission.ok) {
        response.writeStatus(admission.status)
        if ('retryAfterSeconds' in admission) response.writeHeader('Retry-After', String(admission.retryAfterSeconds))
        response.end()
        return
      }
      response.upgrade<PerSocket<S>>(
        { address, socket: undefined, session: undefined },
        request.getHeader('sec-websocket-key'),
        request.getHeader('sec-websocket-protocol'),
        request.getHeader('sec-websocket-extensions'),
        context,
      )
    },
    open: (ws) => {
      const own = ws.getUserData()
      own.socket = new UwsSocket(ws)
      own.session = events.opened(own.socket, own.address)
    },
    message: (ws, message, isBinary) => {
      const { session } = ws.getUserData()
      if (session !== undefined) events.received(session, Buffer.from(message), isBinary)
    },
    ping: (ws) => {
      const { session } = ws.getUserData()
      if (session !== undefined) events.heard(session)
    },
    pong: (ws) => {
      const { session } = ws.getUserData()
      if (session !== undefined) events.heard(session)
    },
    drain: (ws) => {
      const { session } = ws.getUserData()
      if (session !== undefined) events.drained(session)
    },
    close: (ws, code) => {
      const own = ws.getUserData()
      own.socket?.ended()
      if (own.session !== undefined) events.closed(own.session, code)
    },
  })
  app.any('/*', (response) => {
    response.writeStatus('404 Not Found').end()
  })

  return new Promise((resolve, reject) => {
    app.listen(port, exclusivePort, (listening) => {
      if (listening === false) {
        reject(new Fault('CONFIG_INVALID', `cannot listen on port ${port}: it is taken, or not allowed`))
        return
      }
      let isListening = true
      const stopListening = (): void => {
        if (isListening) us_listen_socket_close(listening)
        isListening = false
      }
      resolve({
        port: us_socket_local_port(listening),
        stopListening,
        close: () => {
          stopListening()
          app.close()
        },
      })
    })
  })
}

/** The library throws when a socket is used after its end; this one remembers. */
class UwsSocket<S> implements Socket {
  #ws: WebSocket<PerSocket<S>> | undefined

  constructor(ws: WebSocket<PerSocket<S>>) {
    this.#ws = ws
  }

  ended(): void {
    this.#ws = undefined
  }

  send(frame: string | Uint8Array): SendResult {
    const result = this.#ws?.send(frame, false)
    return result === 0 ? 'buffered' : result === 2 ? 'dropped' : 'sent'
  }

  bufferedBytes(): number {
    return this.#ws?.getBufferedAmount() ?? 0
  }

  ping(): void {
    this.#ws?.ping()
  }

  close(code: number, reason: string): void {
    this.#ws?.end(code, reason)
  }
}
