import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A client that minds nothing: it goes on sending whatever the other side says, also after a close frame. */
export type FramePump = {
  /** Writes until `count` copies of the frame are with the kernel, or the connection is dead; resolves with how many were. */
  readonly pump: (frame: Buffer, count: number) => Promise<number>
  readonly isDead: () => boolean
  readonly destroy: () => void
}

const copiesPerWrite = 500
/** A writer that is held up looks again whether its socket is dead. */
const lookAgainMs = 500

/** Opens a WebSocket by hand; `url` is for example `ws://127.0.0.1:8081/v1/ws`. Rejects when the connection is refused. */
export const openFramePump = async (url: string): Promise<FramePump> => {
  const { hostname, host, port, pathname } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  await once(socket, 'connect')
  let isDead = false
  // Writing to a connection that the other side has ended is an error each time; that it is dead is all there is to know.
  socket.on('error', () => (isDead = true))
  socket.on('close', () => (isDead = true))
  const head = [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  if (!String(answer).startsWith('HTTP/1.1 101 ')) throw new Error(`refused: ${String(answer).slice(0, 40)}`)
  socket.resume()
  return {
    pump: async (frame, count) => {
      const many = Buffer.concat(Array.from({ length: Math.min(count, copiesPerWrite) }, () => frame))
      let sent = 0
      while (sent < count && !isDead) {
        const takesMore = socket.write(many)
        sent += Math.min(count, copiesPerWrite)
        if (takesMore) await new Promise((resolve) => setImmediate(resolve))
        else await Promise.race([once(socket, 'drain').catch(() => {}), sleep(lookAgainMs)])
      }
      return sent
    },
    isDead: () => isDead,
    destroy: () => socket.destroy(),
  }
}
