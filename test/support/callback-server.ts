import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'

export type Callback = {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
}

/** An HTTP server in the place of ingest, which keeps the callbacks that it gets. */
export type CallbackServer = {
  readonly url: string
  readonly received: readonly Callback[]
  /** Resolves when so many callbacks (that match) have come; rejects at the deadline. */
  readonly waitFor: (
    count: number,
    options?: { matches?: (callback: Callback) => boolean; timeoutMs?: number },
  ) => Promise<readonly Callback[]>
  readonly close: () => Promise<void>
}

/** `answer`: the status of each callback, now or later, told its number from 1 (default: always 200). */
export const startCallbackServer = async ({
  answer = () => 200,
}: { answer?: (nth: number, callback: Callback) => number | Promise<number> } = {}): Promise<CallbackServer> => {
  const received: Callback[] = []
  const watchers = new Set<() => void>()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const callback = { path: url.pathname, query: Object.fromEntries(url.searchParams), headers: request.headers }
    received.push(callback)
    for (const watcher of watchers) watcher()
    void Promise.resolve(answer(received.length, callback)).then((status) => {
      response.statusCode = status
      response.end('{"code":200}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the callback server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    waitFor: (count, { matches = () => true, timeoutMs = 30_000 } = {}) =>
      new Promise((resolve, reject) => {
        const finish = (): void => {
          clearTimeout(timer)
          watchers.delete(look)
        }
        const look = (): void => {
          const found = received.filter(matches)
          if (found.length < count) return
          finish()
          resolve(found)
        }
        const timer = setTimeout(() => {
          finish()
          reject(new Error(`${received.length} callbacks came within ${timeoutMs} ms, ${count} were expected`))
        }, timeoutMs)
        watchers.add(look)
        look()
      }),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
