import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Closed } from './edge-client.ts'
import { clientFrame, FrameSplitter, type ServerFrame } from './web-socket-frames.ts'

/** A WebSocket connection that costs so little that a test can have thousands, and that can read as slowly as it is told. */
export type LightClient = {
  readonly send: (text: string) => void
  /** Payload bytes of all text messages that were read: what `ack` counts. */
  readonly readBytes: () => number
  /** Reads as fast as it can from now on. */
  readonly hurry: () => void
  /** Resolves with the close code, 1006 when there was none. */
  readonly closed: Promise<Closed>
  /** Ends the connection without a goodbye. */
  readonly destroy: () => void
  /** Whether `destroy` was called while the connection was open. */
  readonly isDestroyed: () => boolean
}

export type LightClientOptions = {
  /** For example `ws://127.0.0.1:8081/v1/ws`. */
  readonly url: string
  /** Every line of every text message; `before` are the payload bytes of this connection that came before it. */
  readonly onLine: (line: string, before: number) => void
  /** Takes so much from the socket and not more; absent: whatever comes. */
  readonly bytesPerSecond?: number
  /** Sends `ack` whenever so many bytes more were read; absent: never. */
  readonly ackEveryBytes?: number
}

const upgradeWithinMs = 10_000
const sliceMs = 10
const aborted = 1006

/**
 * Opens a connection and resolves when it is upgraded. Pings are answered when they are reached in reading. Rejects, with the
 * status, when the upgrade is refused.
 */
export const openLightClient = async ({
  url,
  onLine,
  bytesPerSecond,
  ackEveryBytes = Infinity,
}: LightClientOptions): Promise<LightClient> => {
  const socket = await openSocket(new URL(url))
  const frames = new FrameSplitter()
  const { promise: closed, resolve: end } = Promise.withResolvers<Closed>()
  let readBytes = 0
  let acknowledged = 0
  let isDestroyed = false

  const sendFrame = (kind: 'text' | 'pong' | 'close', payload: Buffer): void => {
    if (socket.writable) socket.write(clientFrame(kind, payload))
  }
  const readText = (payload: Buffer): void => {
    let before = readBytes
    for (const line of payload.toString('utf8').split('\n')) {
      onLine(line, before)
      before += Buffer.byteLength(line) + 1
    }
    readBytes += payload.length
    if (readBytes - acknowledged < ackEveryBytes) return
    acknowledged = readBytes
    sendFrame('text', Buffer.from(JSON.stringify({ op: 'ack', bytes: readBytes })))
  }
  const take = (frame: ServerFrame): void => {
    switch (frame.kind) {
      case 'text':
        return readText(frame.payload)
      case 'ping':
        return sendFrame('pong', frame.payload)
      case 'close':
        end({ code: frame.code, reason: frame.reason })
        sendFrame('close', Buffer.alloc(0))
        socket.end()
    }
  }
  const takeBytes = (bytes: Buffer): void => {
    try {
      for (const frame of frames.push(bytes)) take(frame)
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }
  let reasonOfEnd = ''
  socket.on('error', (error) => {
    reasonOfEnd = error.message // 'close' follows
  })
  socket.once('close', () => end({ code: aborted, reason: reasonOfEnd }))
  const hurry = bytesPerSecond === undefined ? undefined : readPaced(socket, bytesPerSecond, takeBytes)
  if (hurry === undefined) socket.on('data', takeBytes)

  return {
    send: (text) => sendFrame('text', Buffer.from(text)),
    readBytes: () => readBytes,
    hurry: () => hurry?.(),
    closed,
    destroy: () => {
      isDestroyed ||= !socket.destroyed
      socket.destroy()
    },
    isDestroyed: () => isDestroyed,
  }
}

/**
 * Takes at most so many bytes a second from a socket. What lies in the socket's own buffers, the kernel's and Node.js', has not
 * been read by whoever uses this. Returns how to end the pace.
 */
export const readPaced = (socket: Socket, bytesPerSecond: number, take: (bytes: Buffer) => void): (() => void) => {
  let due = 0
  let at = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    // Time in which nothing came is not saved up for later.
    due = Math.min(due + ((now - at) * bytesPerSecond) / 1000, bytesPerSecond / 10)
    at = now
    const size = Math.min(Math.floor(due), socket.readableLength)
    const bytes: unknown = size > 0 ? socket.read(size) : socket.read(0)
    if (!(bytes instanceof Buffer)) return
    due -= bytes.length
    take(bytes)
  }, sliceMs)
  const stop = (): void => clearInterval(timer)
  socket.once('close', stop)
  return () => {
    stop()
    socket.on('data', take)
  }
}

/** A TCP connection on which the server has agreed to speak WebSocket. */
const openSocket = (url: URL): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname)
    const fail = (error: Error): void => {
      socket.destroy()
      reject(error)
    }
    socket.setNoDelay(true)
    socket.setTimeout(upgradeWithinMs, () => fail(new Error(`no upgrade within ${upgradeWithinMs} ms`)))
    socket.once('error', fail)
    socket.once('close', () => reject(new Error('closed before the upgrade')))
    let head = Buffer.alloc(0)
    const onReadable = (): void => {
      const bytes: unknown = socket.read()
      if (!(bytes instanceof Buffer)) return
      head = Buffer.concat([head, bytes])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      socket.off('readable', onReadable)
      const status = head.toString('latin1', 0, head.indexOf('\r\n'))
      if (!status.startsWith('HTTP/1.1 101 ')) return fail(new Error(`the upgrade was refused: ${status}`))
      socket.setTimeout(0)
      socket.removeAllListeners('error')
      socket.removeAllListeners('close')
      if (head.length > end + 4) socket.unshift(head.subarray(end + 4))
      resolve(socket)
    }
    socket.on('readable', onReadable)
    socket.write(
      `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )
  })
