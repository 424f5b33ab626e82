import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Duplex } from 'node:stream'

/** A kept connection that nobody used for so long is closed: routers forget silent ones without a word. */
const idleMs = 10_000

/**
 * Kept-alive connections to an API that answers briefly. A connection whose answer, headers included, grows beyond
 * `maxAnswerBytes` is destroyed, which fails its request. At most 64 unused connections are kept; those in use are as many as
 * there are requests. Idle connections do not keep the process alive; `destroy()` fails the requests under way.
 */
export const createAliyunAgent = ({
  isTls,
  maxAnswerBytes,
}: {
  readonly isTls: boolean
  readonly maxAnswerBytes: number
}): HttpAgent => {
  const options = { keepAlive: true, maxFreeSockets: 64, timeout: idleMs }
  const agent = isTls ? new HttpsAgent(options) : new HttpAgent(options)
  const answerBytes = new WeakMap<Duplex, number>()

  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (...args: Parameters<typeof connect>) => {
    const socket = connect(...args)
    socket?.on('data', (chunk: Buffer) => {
      const bytes = (answerBytes.get(socket) ?? 0) + chunk.length
      answerBytes.set(socket, bytes)
      if (bytes > maxAnswerBytes) socket.destroy(new Error('the answer is too long'))
    })
    return socket
  }

  const keep = agent.keepSocketAlive.bind(agent)
  agent.keepSocketAlive = (socket) => {
    answerBytes.set(socket, 0)
    return keep(socket)
  }
  return agent
}
