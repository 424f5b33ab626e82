// A process of clients that come and go: as many as there are rooms for, and one after the other makes room for a new one. They read by
// turns, as those of a crowd do, and count nothing: the edge says what it sends.
import { CrowdClient } from '../edge/crowd-client.ts'
import { answerParent } from '../edge/child.ts'
import { sendAtRate } from '../send-at-rate.ts'
import { mintToken } from '../../support/edge-client.ts'

export type Visiting = {
  readonly port: number
  readonly tokenSecret: string
  readonly rooms: readonly string[]
  readonly clientsPerRoom: number
}

export type VisitorsApi = {
  /** Resolves when all are subscribed. */
  readonly open: (visiting: Visiting) => Promise<void>
  /** From now on so many a second leave, the oldest first, and a new one comes to their room. */
  readonly renew: (perSecond: number) => void
  /** How many came since `renew`, and how many connections the edge ended. */
  readonly count: (none: null) => { readonly arrived: number; readonly closed: number }
  /** All leave; nobody comes any more. */
  readonly close: (none: null) => void
}

/** Every client reads once in a round; a slice of them at a time. Long, so that they leave the processor to the system. */
const roundMs = 2_000
const slices = 200
const openingAtOnce = 100

type Visitor = { readonly client: CrowdClient; readonly room: string }

const visitors: Visitor[] = []
const over = new AbortController()
let visiting: Visiting | undefined
let named = 0
let arrived = 0
let closed = 0
let slice = 0

const arrive = async (room: string): Promise<void> => {
  if (visiting === undefined) throw new Error('nobody was told where to go')
  const { port, tokenSecret } = visiting
  named += 1
  const token = await mintToken({ secret: tokenSecret, uid: `visitor-${named}` })
  const client = new CrowdClient({ port, room, token, acks: false, deflate: false, reads: 'in rounds' })
  visitors.push({ client, room })
  await client.subscribed
}

const replaceOldest = async (): Promise<void> => {
  const oldest = visitors.shift()
  if (oldest === undefined) return
  if (oldest.client.closeCode !== null) closed += 1
  oldest.client.end()
  await arrive(oldest.room)
  arrived += 1
}

setInterval(() => {
  for (let index = slice; index < visitors.length; index += slices) visitors[index]?.client.read()
  slice = (slice + 1) % slices
}, roundMs / slices)

answerParent<VisitorsApi>({
  open: async (where) => {
    visiting = where
    const places = Array.from({ length: where.clientsPerRoom }, () => where.rooms)
      .flat()
      .values()
    const openSome = async (): Promise<void> => {
      for (const room of places) await arrive(room)
    }
    await Promise.all(Array.from({ length: openingAtOnce }, openSome))
  },
  renew: (perSecond) => {
    const coming = sendAtRate({ rate: perSecond, send: replaceOldest, signal: over.signal })
    coming.catch((error: unknown) => {
      throw error // nobody waits for it: the process ends, and the parent hears of that
    })
  },
  count: () => ({ arrived, closed }),
  close: () => {
    over.abort()
    for (const { client } of visitors) client.end()
  },
})
