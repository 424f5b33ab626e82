import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Fault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'

/** A connection that publishes, or wants to: nginx numbers connections from 1 on, afresh at each of its starts. */
export type Publisher = { readonly roomId: string; readonly client: number }

export type NotifyHandlers = {
  /** False: it may not publish. */
  readonly onPublish: (publisher: Publisher) => boolean
  readonly onPublishDone: (publisher: Publisher) => void
}

export type NginxNotifyOptions = NotifyHandlers & {
  /** On 127.0.0.1; 0: any free one. */
  readonly port: number
  readonly app: string
  /** Undefined: everybody may publish. */
  readonly isKeyGood: ((query: { roomId: string; authKey: string | undefined; nowMs: number }) => boolean) | undefined
  readonly log: Log
}

export type NginxNotify = { readonly port: number; readonly close: () => Promise<void> }

const roomIdForm = /^[A-Za-z0-9]{1,64}$/
const clientForm = /^[0-9]{1,15}$/
/** What nginx-rtmp sends has at most some 2 KiB: each of its strings has at most 256 bytes. */
const maxBodyBytes = 8 * 1024
/** nginx waits for the answer, and the broadcaster with it. */
const requestTimeoutMs = 2_000

/**
 * Listens for nginx-rtmp's `on_publish` and `on_publish_done`: POST /notify with a form. Answers at once; 403 refuses a publisher. The
 * publisher's own query arguments stand in the form behind nginx's fields, so the first value of a name is nginx's.
 */
export const createNginxNotify = async (options: NginxNotifyOptions): Promise<NginxNotify> => {
  const { app, log, isKeyGood } = options

  const mayPublish = (form: URLSearchParams, publisher: Publisher): boolean => {
    const { roomId } = publisher
    if (isKeyGood?.({ roomId, authKey: form.get('auth_key') ?? undefined, nowMs: Date.now() }) === false) {
      log.warn({ roomId }, 'a publisher without a good auth_key was refused')
      return false
    }
    return options.onPublish(publisher)
  }

  /** The status for nginx. */
  const take = (form: URLSearchParams): number => {
    const call = form.get('call')
    if (call !== 'publish' && call !== 'publish_done') return 400
    const roomId = form.get('name') ?? ''
    const client = form.get('clientid') ?? ''
    if (form.get('app') !== app || !roomIdForm.test(roomId) || !clientForm.test(client)) return 403
    const publisher = { roomId, client: Number(client) }
    if (call === 'publish') return mayPublish(form, publisher) ? 200 : 403
    options.onPublishDone(publisher)
    return 200
  }

  const statusOf = async (request: IncomingMessage): Promise<number> => {
    if (request.url !== '/notify') return 404
    if (request.method !== 'POST') return 405
    const body = await readBody(request)
    return body === undefined ? 413 : take(new URLSearchParams(body))
  }

  const server = createServer((request, response) => {
    void statusOf(request).then(
      (status) => {
        // nginx asks on a new connection each time; of a body that is too long the rest is not read.
        response.writeHead(status, { connection: 'close', 'content-length': 0 }).end()
      },
      (error: unknown) => {
        log.debug({ err: error }, 'a notification broke off')
        request.destroy()
      },
    )
  })
  server.requestTimeout = requestTimeoutMs
  server.headersTimeout = requestTimeoutMs

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new Fault(
          'CONFIG_INVALID',
          `cannot listen for the media server on port ${options.port} (${cause.code ?? ''})`,
          {
            cause,
          },
        ),
      ),
    )
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)))
        server.closeAllConnections()
      }),
  }
}

/** Undefined when it is too long. */
const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = []
  let bytes = 0
  // A break of the loop would destroy the request, and the answer with it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes > maxBodyBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
