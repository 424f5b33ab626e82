// A process of many clients that count what they get. They read by turns, everything that has come since, so that they leave
// the processor to the server: what they tell is how much arrived, not when. `probes.ts` tells when.
import { answerParent } from './child.ts'
import { CrowdClient, type CrowdClientOptions } from './crowd-client.ts'
import { nothingHeard, type Heard } from './frames.ts'
import { mintToken } from './token.ts'

export type OpenCrowd = Omit<CrowdClientOptions, 'room' | 'token'> & {
  /** Names the users: nobody is in two crowds. */
  readonly name: string
  readonly rooms: readonly string[]
  readonly clientsPerRoom: number
}

export type CrowdCount = {
  /** Summed over all clients, since the last reset. */
  readonly heard: Heard
  readonly clients: number
  /** Of a single client: the fewest and the most comments. */
  readonly fewestComments: number
  readonly mostComments: number
  /** Connections that the server ended, by close code. */
  readonly closes: Readonly<Record<number, number>>
}

export type CrowdApi = {
  /** Adds clients, and resolves when all are subscribed. */
  readonly open: (options: OpenCrowd) => Promise<void>
  readonly count: (none: null) => CrowdCount
  readonly reset: (none: null) => void
  /** Every client sends this, for example a ping of the protocol. */
  readonly say: (line: string) => void
  /** Ends all connections. */
  readonly close: (none: null) => void
}

const clients: CrowdClient[] = []

/** Every client reads once in a round; a slice of them at a time. */
const roundMs = 200
const slices = 40
let slice = 0

const readSlice = (): void => {
  for (let index = slice; index < clients.length; index += slices) clients[index]?.read()
  slice = (slice + 1) % slices
}

/** So many are on their way in at once. */
const openingAtOnce = 100

const openAll = async (options: OpenCrowd): Promise<void> => {
  const { rooms, clientsPerRoom, name } = options
  // By turns, as people come.
  const places = Array.from({ length: clientsPerRoom }, () => rooms).flat()
  let next = 0
  const openSome = async (): Promise<void> => {
    for (let room = places[next]; room !== undefined; room = places[next]) {
      next += 1
      const client = new CrowdClient({ ...options, room, token: await mintToken(`${name}-${next}`) })
      clients.push(client)
      await client.subscribed
    }
  }
  await Promise.all(Array.from({ length: openingAtOnce }, openSome))
}

const count = (): CrowdCount => {
  const heard = nothingHeard()
  const closes: Record<number, number> = {}
  let fewestComments = Infinity
  let mostComments = 0
  for (const client of clients) {
    for (const kind of kinds) heard[kind] += client.heard[kind]
    fewestComments = Math.min(fewestComments, client.heard.comments)
    mostComments = Math.max(mostComments, client.heard.comments)
    if (client.closeCode !== null) closes[client.closeCode] = (closes[client.closeCode] ?? 0) + 1
  }
  return { heard, clients: clients.length, fewestComments, mostComments, closes }
}

const kinds = Object.keys(nothingHeard()) as readonly (keyof Heard)[]

setInterval(readSlice, roundMs / slices)
answerParent<CrowdApi>({
  open: openAll,
  count,
  reset: () => {
    for (const client of clients) client.forget()
  },
  say: (line) => {
    for (const client of clients) client.send(line)
  },
  close: () => {
    for (const client of clients) client.end()
    clients.length = 0
  },
})
