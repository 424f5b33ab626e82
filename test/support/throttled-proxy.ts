import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { readPaced } from './light-client.ts'

/** A way to a server on which little comes back in a second, as over a bad radio link. */
export type ThrottledProxy = {
  /** The WebSocket server's URL, by way of the proxy. */
  readonly url: string
  /** Passes everything on at once from now on. */
  readonly hurry: () => void
  readonly close: () => Promise<void>
}

/** Opens a TCP proxy in front of the WebSocket server of this URL: what the server sends passes at this rate, what the client sends at once. */
export const openThrottledProxy = async (target: string, bytesPerSecond: number): Promise<ThrottledProxy> => {
  const { hostname, port, pathname } = new URL(target)
  const sockets = new Set<Socket>()
  const hurries = new Set<() => void>()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => to.destroy()) // the other end sees it as what it is: a broken connection
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
    near.on('data', (bytes) => far.write(bytes))
    hurries.add(readPaced(far, bytesPerSecond, (bytes) => void near.write(bytes)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('a proxy listens on a port')
  return {
    url: `ws://127.0.0.1:${address.port}${pathname}`,
    hurry: () => {
      for (const hurry of hurries) hurry()
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
