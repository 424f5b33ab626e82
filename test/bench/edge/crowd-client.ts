import { connect, type Socket } from 'node:net'
import { clientFrame } from '../../support/web-socket-frames.ts'
import { FrameWalker, nothingHeard, type Control, type Heard } from './frames.ts'

export type CrowdClientOptions = {
  readonly port: number
  readonly room: string
  readonly token: string
  /** Whether it says how much it has read; otherwise its pongs do. */
  readonly acks: boolean
  /** Offers permessage-deflate. */
  readonly deflate: boolean
  /** How it reads once it is subscribed: whatever is there, when it is told to; or nothing at all. */
  readonly reads: 'in rounds' | 'nothing'
}

const windowBytes = 64 * 1024
const ackEveryBytes = 16 * 1024
const headEnd = '\r\n\r\n'

/** All clients of a process read into the same bytes, one after the other. */
const chunk = Buffer.allocUnsafeSlow(256 * 1024)

const upgradeOf = ({ port, deflate }: CrowdClientOptions): string =>
  [
    'GET /v1/ws HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ...(deflate
      ? ['Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover']
      : []),
  ].join('\r\n') + headEnd

/** A WebSocket client that costs as little as it can: it counts, and answers what keeps its connection going. */
export class CrowdClient {
  readonly #options: CrowdClientOptions
  readonly #socket: Socket
  readonly #walker = new FrameWalker()
  readonly #subscribed = Promise.withResolvers<void>()
  /** The answer to the upgrade, until it is complete. */
  #head: string | null = ''
  #isSubscribed = false
  #acknowledged = 0
  /** The code with which it was closed; 1006: without one; null: it is open, or ended by itself. */
  closeCode: number | null = null
  #hasEnded = false

  constructor(options: CrowdClientOptions) {
    this.#options = options
    this.#subscribed.promise.catch(() => {}) // whoever opens it hears of it
    this.#socket = connect({
      port: options.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: chunk,
        callback: (length) => {
          this.#received(length)
          return !this.#isSubscribed
        },
      },
    })
    this.#socket.once('connect', () => this.#socket.write(upgradeOf(options)))
    this.#socket.once('close', () => {
      if (!this.#hasEnded) this.closeCode ??= 1006
      this.#subscribed.reject(new Error(`closed with ${this.closeCode} before it was subscribed`))
    })
    this.#socket.on('error', () => {}) // 'close' follows
  }

  /** Since the last `forget`, but `textBytes`: these are of the whole connection. */
  get heard(): Heard {
    return this.#walker.heard
  }

  forget(): void {
    this.#walker.heard = { ...nothingHeard(), textBytes: this.heard.textBytes }
  }

  /** Resolves when the server has answered its subscribe; rejects when it never will. */
  get subscribed(): Promise<void> {
    return this.#subscribed.promise
  }

  /** Takes what has come since, up to the size of the chunk. */
  read(): void {
    if (this.#options.reads === 'in rounds') this.#socket.resume()
  }

  send(line: string): void {
    this.#socket.write(clientFrame('text', Buffer.from(line)))
  }

  /** Without a goodbye. */
  end(): void {
    this.#hasEnded = true
    this.#socket.destroy()
  }

  #received(length: number): void {
    const bytes = chunk.subarray(0, length)
    const frames = this.#head === null ? bytes : this.#takeHead(bytes)
    if (frames === undefined) return
    this.#walker.feed(frames, (control) => this.#control(control))
    const { heard } = this.#walker
    if (!this.#isSubscribed && heard.subscribed + heard.compressed > 0) {
      this.#isSubscribed = true
      this.#subscribed.resolve()
    }
    if (!this.#options.acks || heard.textBytes - this.#acknowledged < ackEveryBytes) return
    this.#acknowledged = heard.textBytes
    this.send(`{"op":"ack","bytes":${heard.textBytes}}`)
  }

  /** What follows the answer to the upgrade; undefined while it is not complete. */
  #takeHead(bytes: Buffer): Buffer | undefined {
    const head = (this.#head ?? '') + bytes.toString('latin1')
    const end = head.indexOf(headEnd)
    this.#head = end === -1 ? head : null
    if (end === -1) return undefined
    if (!head.startsWith('HTTP/1.1 101 ')) {
      this.#socket.destroy()
      return undefined
    }
    const { token, acks, room } = this.#options
    const connecting = { op: 'connect', token, ...(acks ? { window: windowBytes } : {}) }
    this.send(JSON.stringify(connecting))
    this.send(JSON.stringify({ op: 'subscribe', room }))
    return Buffer.from(head.slice(end + headEnd.length), 'latin1')
  }

  #control({ kind, payload }: Control): void {
    if (kind === 'ping') this.#socket.write(clientFrame('pong', payload))
    else {
      this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
      this.#socket.destroy()
    }
  }
}
