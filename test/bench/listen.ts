import { once } from 'node:events'
import { WebSocket } from 'ws'
import { mintToken } from '../support/edge-client.ts'

/** What an edge sends, as far as it is looked at: answers have `op`, messages a type. */
export type Message = { readonly type?: number; readonly data?: Readonly<Record<string, unknown>> }

/**
 * A client of a room, connected and subscribed: `onMessage` gets each message with the moment of `performance.now()` at which its
 * frame came. Rejects when the edge refuses.
 */
export const listen = async (
  {
    edgeUrl,
    tokenSecret,
    roomId,
    uid,
  }: { readonly edgeUrl: string; readonly tokenSecret: string; readonly roomId: string; readonly uid: string },
  onMessage: (message: Message, at: number) => void,
): Promise<WebSocket> => {
  const socket = new WebSocket(edgeUrl)
  const subscribed = Promise.withResolvers<void>()
  socket.on('message', (frame: Buffer) => {
    const at = performance.now()
    for (const line of frame.toString('utf8').split('\n')) {
      const message = JSON.parse(line) as Message & { op?: string }
      if (message.op === 'subscribed') subscribed.resolve()
      if (message.op === 'error') subscribed.reject(new Error(`the edge refused: ${line}`))
      onMessage(message, at)
    }
  })
  await once(socket, 'open')
  socket.send(JSON.stringify({ op: 'connect', token: await mintToken({ secret: tokenSecret, uid }) }))
  socket.send(JSON.stringify({ op: 'subscribe', room: roomId }))
  await subscribed.promise
  return socket
}
