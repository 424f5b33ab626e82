import {
  App,
  us_listen_socket_close,
  us_socket_local_port,
  type HttpResponse,
  type TemplatedApp,
  type WebSocket,
} from 'uWebSockets.js'
import { Fault } from '../../shared/fault.ts'
import { closeCodes, type CloseReason } from '../domain/protocol.ts'
import { keepAlive } from '../domain/event-stream.ts'
import type { Link, SendResult } from '../domain/recipient.ts'
import type { ResponseStream, StreamEvents } from '../stream.ts'

/** Whether a request may become a WebSocket. */
export type Admission =
  | { readonly ok: true }
  | { readonly ok: false; readonly status: '403 Forbidden' }
  | { readonly ok: false; readonly status: '503 Service Unavailable'; readonly retryAfterSeconds: number }

/** Who handles what happens on the sockets; `S` is what it keeps for each. All of it is synchronous. */
export type SocketEvents<S> = {
  /** `origin` is empty when the request has none. */
  readonly admit: (request: { readonly origin: string; readonly address: string }) => Admission
  readonly opened: (link: Link, address: string) => S
  /** The bytes are there during the call only. */
  readonly received: (session: S, frame: Buffer, isBinary: boolean) => void
  /** A ping came. */
  readonly pinged: (session: S) => void
  /** A pong came, with the payload of the ping that it answers. */
  readonly ponged: (session: S, mark: string) => void
  /** The client has read some of what was kept. */
  readonly drained: (session: S) => void
  /** The end, whoever ended it; once. */
  readonly closed: (session: S, code: number) => void
}

export type WebSocketServer = {
  readonly port: number
  /** Gives a text frame (UTF-8) to every socket that is subscribed to a topic; the bytes are copied. */
  readonly publish: (topic: string, frame: Uint8Array) => void
  /** Takes no new connection; those that are there stay. */
  readonly stopListening: () => void
  /** Ends every connection at once, without goodbye. */
  readonly close: () => void
}

type PerSocket<S> = { readonly address: string; socket: UwsSocket<S> | undefined; session: S | undefined }

/** A frame beyond it ends the socket before it has been read. */
const maxPayloadBytes = 64 * 1024
/** Far above what is ever sent before the client has acknowledged: nothing is to be dropped here. */
const maxKeptBytes = 16 * 1024 * 1024
/** The library's values DISABLED and SHARED_COMPRESSOR, which its type declarations know as types alone. */
const compressors = { off: 0, shared: 1 } as const
/** A frame shorter than this is not worth compressing. */
const compressFromBytes = 256
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
export const startWebSocketServer = <S, T>({
  port,
  path,
  compression = 'off',
  events,
  streams,
}: {
  port: number
  path: string
  /** permessage-deflate, with one compressor for all sockets, for the clients that offer it. */
  compression?: 'off' | 'shared'
  events: SocketEvents<S>
  /** Server-sent events, for those who cannot have a WebSocket. */
  streams?: { readonly path: string; readonly events: StreamEvents<T> }
}): Promise<WebSocketServer> => {
  const app = App()
  const compresses = compression === 'shared'
  app.ws<PerSocket<S>>(path, {
    compression: compressors[compression],
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
      own.socket = new UwsSocket(ws, compresses)
      own.session = events.opened(own.socket, own.address)
    },
    message: (ws, message, isBinary) => {
      const { session } = ws.getUserData()
      if (session !== undefined) events.received(session, Buffer.from(message), isBinary)
    },
    ping: (ws) => {
      const { session } = ws.getUserData()
      if (session !== undefined) events.pinged(session)
    },
    pong: (ws, payload) => {
      const { session } = ws.getUserData()
      if (session !== undefined) events.ponged(session, Buffer.from(payload).toString('latin1'))
    },
    dropped: (ws) => {
      // A published frame was lost: order can be promised no more. Ending the socket in here would end the process.
      const { socket } = ws.getUserData()
      setImmediate(() => socket?.close('tooSlow'))
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
  if (streams !== undefined) serveStreams(app, streams)
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
        publish: (topic, frame) => {
          app.publish(topic, frame, false, compresses && frame.length >= compressFromBytes)
        },
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
class UwsSocket<S> implements Link {
  #ws: WebSocket<PerSocket<S>> | undefined
  readonly #compresses: boolean

  constructor(ws: WebSocket<PerSocket<S>>, compresses: boolean) {
    this.#ws = ws
    this.#compresses = compresses
  }

  ended(): void {
    this.#ws = undefined
  }

  send(frame: Uint8Array): SendResult {
    const result = this.#ws?.send(frame, false, this.#compresses && frame.length >= compressFromBytes)
    return result === 0 ? 'buffered' : result === 2 ? 'dropped' : 'sent'
  }

  ping(mark: string): void {
    this.#ws?.ping(mark)
  }

  subscribe(room: string): void {
    this.#ws?.subscribe(room)
  }

  unsubscribe(room: string): void {
    this.#ws?.unsubscribe(room)
  }

  close(reason: CloseReason): void {
    this.#ws?.end(closeCodes[reason], reason)
  }
}

/** Serves responses that go on and on, over HTTP. */
const serveStreams = <T>(
  app: TemplatedApp,
  { path, events }: { readonly path: string; readonly events: StreamEvents<T> },
): void => {
  app.options(path, (response, request) => {
    const headers = events.asked(request.getHeader('origin'))
    response.writeStatus(headers === null ? '403 Forbidden' : '204 No Content')
    writeHeaders(response, headers ?? {})
    response.endWithoutBody()
  })
  app.get(path, (response, request) => {
    const stream = new UwsResponse(response)
    const session = events.requested(
      {
        origin: request.getHeader('origin'),
        address: Buffer.from(response.getRemoteAddressAsText()).toString('latin1'),
        authorization: request.getHeader('authorization'),
        lastEventId: request.getHeader('last-event-id'),
        room: request.getQuery('room') ?? '',
      },
      stream,
    )
    stream.onEnd(() => events.closed(session))
    if (stream.hasEnded) return
    response.onAborted(() => stream.ended())
    response.onWritable(() => {
      // What was kept goes out with what is written next, and by nothing else.
      if (stream.write(keepAlive) === 'sent') events.drained(session)
      return true
    })
  })
}

const writeHeaders = (response: HttpResponse, headers: Readonly<Record<string, string>>): void => {
  for (const [name, value] of Object.entries(headers)) response.writeHeader(name, value)
}

/** The library ends the process when a response is used after its end; this one remembers. */
class UwsResponse implements ResponseStream {
  #response: HttpResponse | undefined
  #onEnd: (() => void) | undefined

  constructor(response: HttpResponse) {
    this.#response = response
  }

  get hasEnded(): boolean {
    return this.#response === undefined
  }

  /** Called once, at once if it has ended already. */
  onEnd(listener: () => void): void {
    if (this.hasEnded) listener()
    else this.#onEnd = listener
  }

  ended(): void {
    this.#response = undefined
    const listener = this.#onEnd
    this.#onEnd = undefined
    listener?.()
  }

  refuse(status: string, headers: Readonly<Record<string, string>>, body: string): void {
    const response = this.#response
    response?.cork(() => {
      response.writeStatus(status)
      writeHeaders(response, headers)
      response.end(body, true)
    })
    this.ended()
  }

  begin(headers: Readonly<Record<string, string>>): void {
    const response = this.#response
    response?.cork(() => {
      response.writeStatus('200 OK')
      writeHeaders(response, { ...headers, Connection: 'close' })
    })
  }

  write(text: string): 'sent' | 'buffered' {
    const response = this.#response
    let isTaken = true
    response?.cork(() => {
      isTaken = response.write(text)
    })
    return isTaken ? 'sent' : 'buffered'
  }

  end(): void {
    const response = this.#response
    // Asked to close the connection, the library would write a header into the body: the client was asked to, by `begin`.
    response?.cork(() => response.end())
    this.ended()
  }
}
