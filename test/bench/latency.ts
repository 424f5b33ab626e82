import { randomUUID } from 'node:crypto'
import type { WebSocket } from 'ws'
import { createAppServer } from '../support/app-server.ts'
import type { AppServer } from '../support/app-server.ts'
import { readTarget } from '../support/target.ts'
import type { Target } from '../support/target.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { listen, type Message } from './listen.ts'
import type { Case, Figures, Part } from './part.ts'
import { summarise } from './percentiles.ts'
import { sendAtRate } from './send-at-rate.ts'
import { loadNow } from './usage-sampler.ts'

const rate = 200
const rooms = 50
const settleMs = 5_000

/** Something that is sent again and again, and the message that has to follow each time. */
type Load = {
  readonly weight: number
  readonly name: string
  /** Sends the nth one of a room. */
  readonly send: (room: Room, nth: number) => Promise<boolean>
  /** Which one of its room a message is; undefined: another message. */
  readonly nthOf: (room: Room, message: Message) => number | undefined
}
type Room = { readonly id: string; readonly owner: string; readonly invited: { count: number } }

/** Invites are decided in a transaction. Each repeats the room's invite, so each is pushed, in the order of the log. */
const invites = (app: AppServer): Load => ({
  weight: 4,
  name: 'invite',
  send: async ({ id, owner }) => {
    const answer = await app.post('/videocall/invite', {
      inviterUid: `fan-of-${owner}`,
      inviteeUid: owner,
      liveRoomId: id,
      inviterType: 1,
    })
    return answer.code === 200 || answer.code === 202
  },
  nthOf: ({ invited }, { type }) => (type === 1 ? invited.count++ : undefined),
})

const comments = (app: AppServer): Load => ({
  weight: 8,
  name: 'comment',
  send: async ({ id }, nth) => {
    const answer = await app.comment({ roomId: id, uid: 'fan', name: 'Fan', comment: String(nth) })
    return answer.code === 200
  },
  nthOf: (_, { type, data }) => (type === 6 ? Number(data?.['comment']) : undefined),
})

/** One run of a load in new rooms: sends at the rate, round the rooms. Figures are in ms, from the request sent. */
const measureOnce = async (
  target: Target,
  app: AppServer,
  load: Load,
  { warmUpSeconds, seconds, signal }: { warmUpSeconds: number; seconds: number; signal: AbortSignal },
): Promise<Figures> => {
  const load1 = loadNow()
  const run = randomUUID().slice(0, 8)
  const sentAt = new Map<string, number[]>()
  const endToEnd: number[] = []
  const answers: number[] = []
  const lateness: number[] = []
  let measured = 0
  let refused = 0
  let measuringFrom = Infinity

  const all: Room[] = []
  const sockets: WebSocket[] = []
  try {
    for (let index = 0; index < rooms; index++) {
      const owner = `bench-${run}-${index}`
      const live = await app.createLive({ uid: owner })
      const room: Room = { id: live.roomId, owner, invited: { count: 0 } }
      const sent: number[] = []
      sentAt.set(room.id, sent)
      all.push(room)
      sockets.push(
        await listen({ ...target, roomId: room.id, uid: room.owner }, (message, at) => {
          const nth = load.nthOf(room, message)
          const from = nth === undefined ? undefined : sent[nth]
          if (from !== undefined && from >= measuringFrom) endToEnd.push(at - from)
        }),
      )
    }

    const sendOne = async (room: Room, dueAt: number): Promise<void> => {
      const sent = sentAt.get(room.id) ?? []
      const at = performance.now()
      const isMeasured = at >= measuringFrom
      const nth = sent.push(at) - 1
      if (isMeasured) {
        measured++
        lateness.push(at - dueAt)
      }
      const isTaken = await load.send(room, nth)
      if (isMeasured) answers.push(performance.now() - at)
      if (!isTaken) refused++
    }

    measuringFrom = performance.now() + warmUpSeconds * 1_000
    await sendAtRate({
      rate,
      count: Math.round(rate * (warmUpSeconds + seconds)),
      send: async (index, dueAt) => {
        const room = all[index % rooms]
        if (room !== undefined) await sendOne(room, dueAt)
      },
      signal,
    })
    await waitUntil(() => endToEnd.length >= measured, { deadlineMs: settleMs, signal })
  } finally {
    for (const socket of sockets) socket.close()
    for (const { id } of all) await app.leaveLive(id)
  }
  const { p50Ms, p90Ms, p99Ms, maxMs, count } = summarise(endToEnd)
  const answer = summarise(answers)
  return {
    sent: measured,
    refused,
    missing: measured - count,
    p50Ms,
    p90Ms,
    p99Ms,
    maxMs,
    answerP50Ms: answer.p50Ms,
    answerP99Ms: answer.p99Ms,
    // By how much requests were sent later than planned: how far this program itself was held up.
    latenessP99Ms: summarise(lateness).p99Ms,
    load1,
  }
}

/** From an HTTP request to the WebSocket frame that it causes, through a whole system that runs. */
export const latencyPart: Part = {
  name: 'latency',
  about: `from HTTP request sent to WebSocket frame received, ${rate} a second in ${rooms} rooms, against a running system`,
  measure: async ({ runs, isQuick, say, signal }): Promise<readonly Case[]> => {
    const target = await readTarget(process.env)
    const app = createAppServer(target)
    const cases: Case[] = []
    for (const load of [invites(app), comments(app)]) {
      const measured: Figures[] = []
      for (let run = 1; run <= runs; run++) {
        const warmUpSeconds = isQuick ? 2 : run === 1 ? 60 : 5
        const seconds = isQuick ? 3 : 60
        say(`${load.name}s, run ${run}: ${warmUpSeconds} s of warm-up and ${seconds} s …`)
        const figures = await measureOnce(target, app, load, { warmUpSeconds, seconds, signal })
        if (figures['missing'] !== 0 || figures['refused'] !== 0) {
          throw new Error(
            `of ${figures['sent']} ${load.name}s ${figures['missing']} did not come, ${figures['refused']} were refused`,
          )
        }
        measured.push(figures)
      }
      cases.push({ name: load.name, about: `weight ${load.weight}`, runs: measured })
    }
    return cases
  },
}
