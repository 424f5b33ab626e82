import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

/** A notification of the media server: its form's fields. */
export type Notice = Readonly<Record<string, string>>

/** An HTTP server in the mixer's place, which the media server asks and tells of its sources. */
export type NoticeServer = {
  readonly url: string
  readonly received: readonly Notice[]
  /** Those of a stream, in order, as `publish` and `publish_done`. */
  readonly callsOf: (stream: string) => readonly (string | undefined)[]
  readonly close: () => void
}

/** `answer`: the status of each notice; default 204. */
export const startNoticeServer = async ({
  answer = () => 204,
}: { answer?: (notice: Notice) => number } = {}): Promise<NoticeServer> => {
  const received: Notice[] = []
  const server = createServer((request, response) => {
    void text(request).then((form) => {
      const notice = Object.fromEntries(new URLSearchParams(form))
      received.push(notice)
      response.writeHead(answer(notice)).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the notice server has no port')
  return {
    url: `http://127.0.0.1:${address.port}/notify`,
    received,
    callsOf: (stream) => received.filter(({ name }) => name === stream).map(({ call }) => call),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
