import { waitUntil } from '../../deploy/local/wait.ts'
import { connect, type Client } from '../../services/edge/client/client.ts'
import { pause } from '../../services/shared/waiting.ts'
import { mintToken } from '../support/edge-client.ts'
import type { TestSystem } from '../support/system.ts'
import { createPair, type Pair } from './pair.ts'

/** What users of the load have done and met since its start. */
export type Tally = {
  readonly sessionsBegun: number
  readonly sessionsMixed: number
  readonly commentsTaken: number
  /** What did not go as it should, by step. */
  readonly failures: Readonly<Record<string, number>>
}

/** A low, steady load: broadcasters who co-host in pairs, session after session, with viewers, comments and likes. */
export type Load = {
  readonly tally: () => Tally
  /** The room that lives all the time, with a signal every second or so and half of the comments. */
  readonly busyRoom: () => string
  /** Resolves when so many sessions were mixed since the start; rejects at the deadline. */
  readonly mixed: (sessions: number, withinMs: number) => Promise<void>
  readonly stop: () => Promise<void>
}

const pairs = 2
const viewersOfARoom = 2
/** Then a pair leaves its rooms and opens new ones. */
const sessionsOfARoom = 8
const commentEveryMs = 500
const likeEveryMs = 400
const afterFailureMs = 1_000

/** Starts the load, which goes on whatever fails: what failed is counted, and tried again after a second. */
export const startLoad = ({ app, environment }: TestSystem): Load => {
  const { edgeUrl: url, edgeJwtSecret: secret = '' } = environment
  const stopping = new AbortController()
  const { signal } = stopping
  const failures: Record<string, number> = {}
  const count = { sessionsBegun: 0, sessionsMixed: 0, commentsTaken: 0 }
  const living: (Pair | undefined)[] = Array.from({ length: pairs }, () => undefined)

  const failed = (step: string): void => {
    failures[step] = (failures[step] ?? 0) + 1
  }
  const join = (uid: string): Client => connect({ url, getToken: () => mintToken({ secret, uid }) })

  /** A step that may fail: whether it went well. */
  const attempt = async (step: string, what: () => Promise<void>): Promise<boolean> => {
    try {
      await what()
      return true
    } catch (error) {
      if (!signal.aborted) failed(error instanceof Error && error.message !== '' ? `${step}: ${error.message}` : step)
      await pause(afterFailureMs, signal)
      return false
    }
  }

  const coHost = async (index: number): Promise<void> => {
    for (let round = 1; !signal.aborted; round++) {
      const isOpen = await attempt('open rooms', async () => {
        living[index] = await createPair({ app, join, name: `pair-${index}-${round}`, viewersOfARoom, signal })
      })
      const pair = living[index]
      if (!isOpen || pair === undefined) continue
      // The rooms of the first pair stay.
      for (let session = 0; !signal.aborted && (index === 0 || session < sessionsOfARoom); session++) {
        count.sessionsBegun += 1
        if (await attempt('session', pair.playSession)) count.sessionsMixed += 1
      }
      living[index] = undefined
      await pair.leave()
    }
    await living[index]?.leave()
  }

  const rooms = (): readonly string[] => living.flatMap((pair) => pair?.rooms ?? [])

  /** Half of it goes to the busy room. */
  const repeat = async (everyMs: number, act: (roomId: string) => Promise<void>): Promise<void> => {
    for (let nth = 0; !signal.aborted; nth++) {
      await pause(everyMs, signal)
      const all = rooms()
      const roomId = nth % 2 === 0 ? all[0] : all[nth % all.length]
      if (roomId !== undefined) void act(roomId) // counts its failures itself; the pace does not wait for answers
    }
  }
  const commenting = repeat(commentEveryMs, async (roomId) => {
    try {
      const { code } = await app.comment({ roomId, uid: 'somebody', name: 'Somebody', comment: 'how nice' })
      if (code === 200) count.commentsTaken += 1
      else failed(`comment: ${code}`)
    } catch {
      failed('comment: no answer') // ingest is away or too slow
    }
  })
  const liking = repeat(likeEveryMs, async (roomId) => {
    try {
      await app.like({ roomId, uid: 'somebody', name: 'Somebody' })
    } catch {
      failed('like: no answer') // as above
    }
  })
  const coHosting = Array.from({ length: pairs }, (_, index) => coHost(index))

  return {
    tally: () => ({ ...count, failures: { ...failures } }),
    busyRoom: () => {
      const [room] = rooms()
      if (room === undefined) throw new Error('no room is open')
      return room
    },
    mixed: async (sessions, withinMs) => {
      if (await waitUntil(() => count.sessionsMixed >= sessions, { deadlineMs: withinMs })) return
      throw new Error(`${count.sessionsMixed} of ${sessions} sessions in ${withinMs} ms: ${JSON.stringify(failures)}`)
    },
    stop: async () => {
      stopping.abort()
      await Promise.all([...coHosting, commenting, liking])
    },
  }
}
