import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { startChild } from '../edge/child.ts'
import { round } from '../median.ts'
import type { Figures } from '../part.ts'
import type { IngestApi } from './ingest.ts'

const apiKey = 'an-api-key-as-long-as-real-ones-are'
const connections = 16
const body = JSON.stringify({
  roomId: '0123456789abcdef',
  uid: 'fan',
  name: 'Fan',
  comment: 'greetings to all of you from the coast',
})

/** Processor time of ingest for a comment over connections that are kept, in µs; the second half of the requests counts. */
export const timeRequests = async (count: number, signal: AbortSignal): Promise<Figures> => {
  const ingest = await startChild<IngestApi>(join(import.meta.dirname, 'ingest.ts'))
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  try {
    const port = await ingest.ask('start', apiKey)
    const sendAll = async (): Promise<void> => {
      let left = count / 2
      const sendSome = async (): Promise<void> => {
        while (left-- > 0) await post(agent, port, signal)
      }
      await Promise.all(Array.from({ length: connections }, sendSome))
    }
    await sendAll()
    const from = await ingest.ask('cpuUs', null)
    await sendAll()
    return { ingestRequestUs: round(((await ingest.ask('cpuUs', null)) - from) / (count / 2)) }
  } finally {
    agent.destroy()
    await ingest.stop()
  }
}

const post = (agent: Agent, port: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'content-length': body.length,
    }
    const asked = request({ agent, port, host: '127.0.0.1', path: '/live/comment', method: 'POST', headers, signal })
    asked.on('error', reject)
    asked.on('response', (answer) => {
      answer.resume()
      answer.on('error', reject)
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`answered ${answer.statusCode}`)),
      )
    })
    asked.end(body)
  })
