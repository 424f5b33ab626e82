// A process of some clients that read at once and look at every message: when it came, and whether it is the next one.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { epochNow } from '../usage-sampler.ts'
import { answerParent } from './child.ts'
import { mintToken } from './token.ts'

export type OpenProbes = {
  readonly port: number
  readonly name: string
  /** One client for each; a room may be named several times. */
  readonly rooms: readonly string[]
  /** Offers permessage-deflate. */
  readonly deflate: boolean
}

/** What probes got since the last reset. */
export type ProbeCount = {
  readonly comments: number
  readonly fewestComments: number
  readonly mostComments: number
  /** Summed counts of likes. */
  readonly likes: number
  readonly signals: number
  /** Comments that a gap announced. */
  readonly dropped: number
  /** Messages whose position in their weight and room was not beyond the last one's. */
  readonly outOfOrder: number
  /** Epoch ms; 0: none came. */
  readonly lastArrivalAt: number
  readonly closes: number
}

/** From production to arrival, ms. */
export type ProbeLatencies = {
  readonly comments: readonly number[]
  readonly likes: readonly number[]
  readonly signals: readonly number[]
}

export type ProbesApi = {
  readonly open: (options: OpenProbes) => Promise<void>
  readonly count: (none: null) => ProbeCount
  readonly latencies: (none: null) => ProbeLatencies
  readonly reset: (none: null) => void
  readonly close: (none: null) => void
}

type Message = {
  readonly type?: number
  readonly op?: string
  readonly dropped?: number
  readonly time: number
  readonly weight: number
  readonly pos?: number
  readonly data: { readonly comment?: string; readonly count?: number }
}

type Probe = { readonly socket: WebSocket; comments: number; readonly positions: Map<number, number> }

const openWithinMs = 15_000

const probes: Probe[] = []
const nothing = () => ({ likes: 0, signals: 0, dropped: 0, outOfOrder: 0, lastArrivalAt: 0 })
let seen = nothing()
let latencies: { comments: number[]; likes: number[]; signals: number[] } = { comments: [], likes: [], signals: [] }
let closes = 0

/** A comment begins with the moment of its production, finer than the message's own time. */
const producedAt = ({ time, data: { comment } }: Message): number =>
  comment === undefined ? time : Number(comment.slice(0, comment.indexOf(' ')))

const took = (probe: Probe, message: Message, arrivedAt: number): void => {
  if (message.op === 'gap') seen.dropped += message.dropped ?? 0
  if (message.type === undefined || message.pos === undefined) return
  const { weight, pos } = message
  if (pos <= (probe.positions.get(weight) ?? -1)) seen.outOfOrder += 1
  probe.positions.set(weight, pos)
  seen.lastArrivalAt = arrivedAt
  const took = arrivedAt - producedAt(message)
  if (message.type === 6) {
    probe.comments += 1
    latencies.comments.push(took)
  } else if (message.type === 7) {
    seen.likes += message.data.count ?? 1
    latencies.likes.push(took)
  } else {
    seen.signals += 1
    latencies.signals.push(took)
  }
}

const openOne = async ({ port, deflate }: OpenProbes, room: string, uid: string): Promise<void> => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/ws`, { perMessageDeflate: deflate })
  const probe: Probe = { socket, comments: 0, positions: new Map() }
  const subscribed = Promise.withResolvers<void>()
  socket.on('message', (data: Buffer) => {
    const arrivedAt = epochNow()
    for (const line of data.toString('utf8').split('\n')) {
      // A decoding edge: the servers are those of the benchmarks.
      const message = JSON.parse(line) as Message
      if (message.op === 'subscribed') subscribed.resolve()
      took(probe, message, arrivedAt)
    }
  })
  socket.on('error', () => {}) // 'close' follows
  socket.once('close', (code) => {
    closes += 1
    subscribed.reject(new Error(`closed with ${code} before it was subscribed`))
  })
  subscribed.promise.catch(() => {}) // looked at below
  await Promise.race([once(socket, 'open'), subscribed.promise])
  socket.send(JSON.stringify({ op: 'connect', token: await mintToken(uid) }))
  socket.send(JSON.stringify({ op: 'subscribe', room }))
  const deadline = setTimeout(() => socket.terminate(), openWithinMs)
  await subscribed.promise
  clearTimeout(deadline)
  probes.push(probe)
}

const reset = (): void => {
  seen = nothing()
  latencies = { comments: [], likes: [], signals: [] }
  for (const probe of probes) probe.comments = 0
}

answerParent<ProbesApi>({
  open: async (options) => {
    await Promise.all(options.rooms.map((room, index) => openOne(options, room, `${options.name}-${index}`)))
  },
  count: () => {
    const comments = probes.map((probe) => probe.comments)
    return {
      ...seen,
      closes,
      comments: comments.reduce((sum, count) => sum + count, 0),
      fewestComments: Math.min(...comments),
      mostComments: Math.max(0, ...comments),
    }
  },
  latencies: () => latencies,
  reset,
  close: () => {
    for (const { socket } of probes) socket.terminate()
    probes.length = 0
    closes = 0
    reset()
  },
})
