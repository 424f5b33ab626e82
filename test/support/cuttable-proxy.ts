import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server that can be cut and mended: while it is cut, connections are refused, as when nothing listens there. */
export type CuttableProxy = {
  readonly url: string
  readonly cut: () => Promise<void>
  readonly mend: () => Promise<void>
  /** What is open now stays open and carries nothing any more, as when the way is lost without a word; new connections are as usual. */
  readonly stall: () => void
  /** New connections go to another server. */
  readonly turnTo: (target: string) => void
}

/** Opens a TCP proxy in front of the server of this URL. `cut` closes it for good. */
export const openCuttableProxy = async (target: string): Promise<CuttableProxy> => {
  const { pathname } = new URL(target)
  let to = new URL(target)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname)
    for (const [from, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(other)
      from.on('error', () => other.destroy()) // the other end sees it as what it is: a broken connection
      from.on('close', () => {
        sockets.delete(from)
        other.destroy()
      })
    }
  })
  const listen = async (wanted: number): Promise<number> => {
    server.listen(wanted, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('a proxy listens on a port')
    return address.port
  }
  const own = await listen(0)
  return {
    url: `http://127.0.0.1:${own}${pathname}`,
    cut: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
    mend: async () => void (await listen(own)),
    stall: () => {
      for (const socket of sockets) socket.unpipe().pause()
    },
    turnTo: (other) => {
      to = new URL(other)
    },
  }
}
