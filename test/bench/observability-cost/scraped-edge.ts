import { join } from 'node:path'
import { waitUntil } from '../../../deploy/local/wait.ts'
import { startChild } from '../edge/child.ts'
import type { CrowdApi } from '../edge/crowd.ts'
import { commentMessage, roomMessage } from '../edge/messages.ts'
import { jwtSecret } from '../edge/token.ts'
import { appendAll, mintRooms } from '../inputs.ts'
import type { Figures, PartOptions } from '../part.ts'
import { sendAtRate } from '../send-at-rate.ts'
import type { Stage } from '../stage.ts'
import { measureScrapes, watched } from './scrapes.ts'

const arriveWithinMs = 30_000

export type ScrapedEdge = {
  readonly rooms: number
  readonly clientsPerRoom: number
  /** Comments a second. */
  readonly rate: number
  readonly scrapes: { readonly count: number; readonly everyMs: number }
}

/** Scrapes an edge with many connections that delivers meanwhile. */
export const scrapeEdge = async (
  stage: Stage,
  { rooms: roomCount, clientsPerRoom, rate, scrapes }: ScrapedEdge,
  options: PartOptions,
): Promise<Figures> => {
  const rooms = mintRooms(roomCount)
  const states = rooms.map((roomId) => roomMessage(stage, roomId))
  await appendAll(stage.producer, states, options.signal)
  const port = await stage.choosePort()
  const service = await stage.createService('edge', 'scraped-edge', {
    ...watched,
    EDGE_PORT: String(port),
    EDGE_JWT_SECRET: jwtSecret,
  })
  await service.start()
  const crowd = await startChild<CrowdApi>(join(import.meta.dirname, '../edge/crowd.ts'))
  const loading = new AbortController()
  try {
    await service.ready()
    const reading = { acks: false, deflate: false, reads: 'in rounds' } as const
    await crowd.ask('open', { name: 'scraped', port, rooms, clientsPerRoom, ...reading })
    const sending = sendAtRate({
      rate,
      send: (nth) => stage.producer.send(commentMessage(stage, rooms[nth % rooms.length] ?? '')),
      signal: AbortSignal.any([options.signal, loading.signal]),
    })
    const isLoaded = async (): Promise<boolean> =>
      (await crowd.ask('count', null)).heard.comments >= rate * clientsPerRoom
    if (!(await waitUntil(isLoaded, { deadlineMs: arriveWithinMs, everyMs: 250, signal: options.signal }))) {
      throw new Error('comments do not arrive')
    }
    const figures = await measureScrapes(service, scrapes, options)
    loading.abort()
    await sending
    const { clients, closes } = await crowd.ask('count', null)
    return { ...figures, connections: clients - Object.values(closes).reduce((sum, count) => sum + count, 0) }
  } finally {
    loading.abort()
    await crowd.stop()
    await service.stop()
  }
}
