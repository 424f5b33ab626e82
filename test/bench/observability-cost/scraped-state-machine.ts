import { appendAll, create, createInputWriter, mintRooms, stream } from '../inputs.ts'
import { untilCommitted } from '../outputs.ts'
import type { Figures, PartOptions } from '../part.ts'
import { sendAtRate } from '../send-at-rate.ts'
import type { Stage } from '../stage.ts'
import { measureScrapes, watched } from './scrapes.ts'

const withinMs = 120_000

export type ScrapedStateMachine = {
  readonly rooms: number
  /** Inputs a second, each of which changes its room and pushes a message. */
  readonly rate: number
  readonly scrapes: { readonly count: number; readonly everyMs: number }
}

/** Scrapes a state-machine that has all partitions and many rooms, and decides meanwhile. */
export const scrapeStateMachine = async (
  stage: Stage,
  { rooms: roomCount, rate, scrapes }: ScrapedStateMachine,
  options: PartOptions,
): Promise<Figures> => {
  const { kafka, producer, codec } = stage
  const { signal } = options
  const write = createInputWriter(codec)
  const rooms = mintRooms(roomCount)
  const creates = rooms.map((roomId) => create(write, roomId))
  const { next } = await appendAll(producer, creates, signal)
  const service = await stage.createService('state-machine', 'scraped-state-machine', watched)
  await service.start()
  const loading = new AbortController()
  try {
    await service.ready()
    await untilCommitted({ kafka, next, deadlineMs: withinMs, signal })
    const sending = sendAtRate({
      rate,
      send: (nth) => {
        const action = Math.floor(nth / rooms.length) % 2 === 0 ? 'publish' : 'publish_done'
        return producer.send(stream(write, rooms[nth % rooms.length] ?? '', action))
      },
      signal: AbortSignal.any([signal, loading.signal]),
    })
    const figures = await measureScrapes(service, scrapes, options)
    loading.abort()
    await sending
    return { ...figures, rooms: rooms.length }
  } finally {
    loading.abort()
    await service.stop()
  }
}
