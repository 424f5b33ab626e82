import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../chaos/random.ts'
import { isPush, mintToken, type Line, type OpLine, type Positions, type PushLine } from './edge-client.ts'
import { jwtSecret } from './edge-stage.ts'
import type { Beginning, SeenSignal } from './compare-signals.ts'
import { openLightClient, type LightClient } from './light-client.ts'

/** A client that comes back whenever its connection ends, resumes, and keeps what it received in each room over all connections. */
export type ResumingClient = {
  readonly uid: string
  readonly rooms: readonly string[]
  /** Messages of weights 4 and 5 of a room. */
  readonly seen: (room: string) => readonly SeenSignal[]
  /** Where its first subscribe to a room began; undefined: it was not answered yet. */
  readonly from: (room: string) => Beginning | undefined
  /** True while it is subscribed to all its rooms. */
  readonly isThere: () => boolean
  readonly url: () => string
  /** Subscribes that were answered `recovered: true`. */
  readonly recovered: () => number
  /** How its connections ended that it did not end itself: codes, in order. */
  readonly closes: readonly number[]
  /** What the contract does not allow, in words. */
  readonly problems: readonly string[]
  /** Ends the connection for good. */
  readonly stop: () => Promise<void>
}

type Room = {
  from: Positions | undefined
  epoch: string
  /** By weight: the last position received. */
  readonly cursors: Map<number, number>
  readonly seen: SeenSignal[]
  /** Where this connection stands: 104 comes right after `subscribed`. */
  state: 'asked' | 'answered' | 'there'
}

const firstStaleCode = 4500
const longestPauseMs = 200
const leavingMs = 5_000

/**
 * Starts a client that subscribes to these rooms at one of the edges, and again at any of them after each end.
 * @param leavesWhenAsked ends its connection when `reconnect` says so, rather than wait to be closed
 */
export const startResumingClient = async ({
  urls,
  uid,
  rooms: names,
  random,
  leavesWhenAsked = false,
}: {
  readonly urls: readonly [string, ...string[]]
  readonly uid: string
  readonly rooms: readonly string[]
  readonly random: Random
  readonly leavesWhenAsked?: boolean
}): Promise<ResumingClient> => {
  const token = await mintToken({ secret: jwtSecret, uid })
  const rooms = new Map<string, Room>(
    names.map((name) => [name, { from: undefined, epoch: '', cursors: new Map(), seen: [], state: 'asked' }]),
  )
  const stopping = new AbortController()
  const closes: number[] = []
  const problems: string[] = []
  let recovered = 0
  let connection: LightClient | undefined
  let url = ''
  let leaving: NodeJS.Timeout | undefined

  const complain = (what: string): void => void problems.push(`${uid} at ${url}: ${what}`)

  const takeOp = (op: OpLine): void => {
    const room = rooms.get(op.room ?? '')
    if (op.op === 'subscribed' && room !== undefined) {
      room.state = 'answered'
      const { positions = {}, epoch = '' } = op
      if (room.from === undefined) {
        room.from = positions
        for (const [weight, pos] of Object.entries(positions)) room.cursors.set(Number(weight), pos)
      } else if (op.recovered === true) recovered += 1
      else complain(`${op.room} was not recovered: ${JSON.stringify(op)}`)
      room.epoch = epoch
    }
    if (op.op === 'error') complain(`${op.code} ${op.message}`)
    if (op.op === 'gap' && (op.weight ?? 0) < 8) complain(`a gap in weight ${op.weight}`)
    if (op.op === 'reconnect' && leavesWhenAsked) {
      const left = connection
      leaving = setTimeout(() => left?.destroy(), Math.min(op.afterMs ?? 0, leavingMs))
    }
  }
  const takePush = ({ type, room: name, weight, pos, id }: PushLine): void => {
    const room = rooms.get(name)
    if (room === undefined) return complain(`a message of ${name}, to which it is not subscribed`)
    if (room.state === 'asked') complain(`a message of ${name} before its subscribe is answered`)
    if (room.state === 'answered' && type !== 104) complain(`type ${type} of ${name} before 104`)
    if (room.state === 'answered') room.state = 'there'
    if (pos === undefined) return
    const cursor = room.cursors.get(weight) ?? -1
    if (pos <= cursor) return complain(`${name}: weight ${weight} pos ${pos}, type ${type}, came after ${cursor}`)
    room.cursors.set(weight, pos)
    if (weight < 8) room.seen.push({ pos, id, weight, type })
  }
  const takeLine = (text: string): void => {
    const line = JSON.parse(text) as Line
    if (isPush(line)) takePush(line)
    else takeOp(line)
  }

  const opsToCome = (): string =>
    [
      { op: 'connect', token },
      ...[...rooms].map(([room, { from, epoch, cursors }]) => ({
        op: 'subscribe',
        room,
        ...(from === undefined ? {} : { resume: { epoch, positions: Object.fromEntries(cursors) } }),
      })),
    ]
      .map((op) => JSON.stringify(op))
      .join('\n')

  /** One connection from its begin to its end; false: there must not be another one. */
  const connectOnce = async (): Promise<boolean> => {
    try {
      connection = await openLightClient({ url, onLine: takeLine })
    } catch {
      return true // an edge that is away refuses; another try finds one that is not
    }
    const own = connection
    let left = false
    stopping.signal.addEventListener('abort', own.destroy, { once: true })
    if (stopping.signal.aborted) own.destroy()
    own.send(opsToCome())
    const { code } = await own.closed.finally(() => {
      left = own.isDestroyed()
      stopping.signal.removeEventListener('abort', own.destroy)
      clearTimeout(leaving)
      for (const room of rooms.values()) room.state = 'asked'
    })
    if (!left) closes.push(code)
    if (code < firstStaleCode) return true
    complain(`closed with ${code}`)
    return false
  }

  const run = async (): Promise<void> => {
    for (let mayGoOn = true; mayGoOn && !stopping.signal.aborted;) {
      url = random.pick<string>([...urls])
      mayGoOn = await connectOnce()
      // Not all at once, as clients are asked to.
      if (!stopping.signal.aborted) await sleep(random.whole(0, longestPauseMs))
    }
  }
  const running = run()

  return {
    uid,
    rooms: names,
    seen: (room) => rooms.get(room)?.seen ?? [],
    from: (room) => {
      const from = rooms.get(room)?.from
      return from === undefined ? undefined : { 4: from['4'] ?? NaN, 5: from['5'] ?? NaN }
    },
    isThere: () => [...rooms.values()].every(({ state }) => state === 'there'),
    url: () => url,
    recovered: () => recovered,
    closes,
    problems,
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}
