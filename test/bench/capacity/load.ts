import { randomUUID } from 'node:crypto'
import type { AppServer } from '../../support/app-server.ts'
import { sendAtRate } from '../send-at-rate.ts'
import { playSession, type Broadcaster } from './session.ts'

/** What happens in a system, in the words of `make capacity`: all of it goes on at the same time, at steady rates. */
export type Load = {
  readonly rooms: number
  readonly clients: number
  /** Of one room in an hour. */
  readonly comments: number
  readonly likes: number
  /** Co-hosting sessions of one room in an hour; each has two rooms. */
  readonly sessions: number
  readonly stayMinutes: number
}

/** Of the whole system, in a second. */
export const ratesOf = ({ rooms, clients, comments, likes, sessions, stayMinutes }: Load) => ({
  comments: (rooms * comments) / 3_600,
  likes: (rooms * likes) / 3_600,
  sessions: (rooms * sessions) / 2 / 3_600,
  arrivals: clients / (stayMinutes * 60),
})

/** As long as the comments that the other figures are of. */
const comment = 'first time in this room and already laughing, greetings all!'

/**
 * Sends what app servers and the video cloud send, to the rooms by turns, until the signal aborts. Rejects when anything but a step of a session
 * is refused; resolves to how many of these were.
 * Those who come and go do that at an edge, too: `visitors.ts`.
 */
export const sendLoad = async (
  app: AppServer,
  broadcasters: readonly Broadcaster[],
  load: Load,
  signal: AbortSignal,
): Promise<{ readonly refused: number }> => {
  const rates = ratesOf(load)
  let refused = 0
  const run = randomUUID().slice(0, 8)
  const roomOf = (nth: number): string => broadcasters[nth % broadcasters.length]?.roomId ?? ''
  const taken = async (what: string, asked: ReturnType<AppServer['post']>): Promise<void> => {
    const { status, message } = await asked
    if (status !== 200) throw new Error(`${what} was answered ${status}: ${message}`)
  }
  const pairOf = (nth: number): readonly [Broadcaster, Broadcaster] | undefined => {
    const first = (2 * nth) % (broadcasters.length - (broadcasters.length % 2))
    const [a, b] = broadcasters.slice(first, first + 2)
    return a === undefined || b === undefined ? undefined : [a, b]
  }
  const sending: readonly (readonly [rate: number, send: (nth: number) => Promise<void>])[] = [
    [
      rates.comments,
      (nth) => taken('a comment', app.comment({ roomId: roomOf(nth), uid: 'fan', name: 'Fan', comment })),
    ],
    [rates.likes, (nth) => taken('a like', app.like({ roomId: roomOf(nth), uid: 'fan', name: 'Fan' }))],
    [rates.arrivals, (nth) => taken('who comes', app.play({ roomId: roomOf(nth), uid: `${run}-${nth}`, name: 'Fan' }))],
    [
      rates.arrivals,
      (nth) => taken('who leaves', app.post('/live/audience/leave', { roomId: roomOf(nth), uid: `${run}-${nth}` })),
    ],
    [
      rates.sessions,
      async (nth) => {
        const pair = pairOf(nth)
        const own = pair === undefined ? 0 : await playSession(app, pair, signal)
        refused += own
      },
    ],
  ]
  await Promise.all(sending.filter(([rate]) => rate > 0).map(([rate, send]) => sendAtRate({ rate, send, signal })))
  return { refused }
}
