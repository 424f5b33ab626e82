import type { IncomingMessage, ServerResponse } from 'node:http'

/** What an HTTP server can do instead of answering. */
export type Misbehaviour =
  /** These bytes are the answer's body. */
  | {
      readonly kind: 'body'
      readonly status: number
      readonly text: string | Buffer
      readonly headers?: Readonly<Record<string, string>>
    }
  /** The connection is cut, or nothing ever comes. */
  | { readonly kind: 'reset' | 'hang' }
  /** An answer that does not end: a byte of these now and then, or blanks, as many as the connection takes. */
  | {
      readonly kind: 'drip'
      readonly bytes: Buffer
      readonly headers?: Readonly<Record<string, string>>
      readonly onByte?: () => void
    }
  | { readonly kind: 'flood' }

const flood = Buffer.alloc(1024 * 1024, ' ')
const json = { 'content-type': 'application/json' }

/** Ends by itself with the connection. */
export const misbehave = (behaviour: Misbehaviour, request: IncomingMessage, response: ServerResponse): void => {
  switch (behaviour.kind) {
    case 'body':
      response.writeHead(behaviour.status, behaviour.headers ?? { 'content-type': 'text/html' })
      response.end(behaviour.text)
      return
    case 'reset':
      request.socket.resetAndDestroy()
      return
    case 'hang':
      return
    case 'drip': {
      response.writeHead(200, behaviour.headers ?? json)
      let sent = 0
      const timer = setInterval(() => {
        response.write(behaviour.bytes.subarray(sent, ++sent))
        behaviour.onByte?.()
      }, 10)
      response.on('close', () => clearInterval(timer))
      return
    }
    case 'flood': {
      response.writeHead(200, json)
      const pour = (): void => {
        let isWritable = true
        while (isWritable && !response.destroyed) isWritable = response.write(flood)
        response.once('drain', pour)
      }
      pour()
    }
  }
}
