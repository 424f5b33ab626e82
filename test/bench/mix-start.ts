import { randomUUID } from 'node:crypto'
import type { WebSocket } from 'ws'
import { waitUntil } from '../../deploy/local/wait.ts'
import type { Answer } from '../support/app-server.ts'
import { listen, type Message } from './listen.ts'
import type { Case, Figures, Part, PartOptions } from './part.ts'
import { summarise } from './percentiles.ts'
import { sendAtRate } from './send-at-rate.ts'
import { withStage } from './stage.ts'
import { loadNow } from './usage-sampler.ts'
import { startWholeSystem, type WholeSystem } from './whole-system.ts'

const rate = 5
/** The system's own share is looked for: the cloud takes next to no time. */
const cloudDelayMs = 1
const settleMs = 10_000
/** Sessions that are brought to their last step at the same time. */
const abreast = 8
const mixAvailable = 17
const mixSucceeded = 5

type Room = { readonly roomId: string; readonly uid: string }

/** Two broadcasters who agreed and push; one room can be mixed, the other one is about to be. */
type Session = { readonly ready: Room; readonly last: Room }

/** The answer, which has to be a decision for it. */
const done = async (what: string, asked: Promise<Answer>): Promise<Answer> => {
  const answer = await asked
  if (answer.code !== 200) throw new Error(`${what} was answered ${answer.code}: ${answer.message}`)
  return answer
}

/** Does the same with each, some at a time. */
const forEach = async <Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> => {
  const left = items.values()
  const work = async (): Promise<void> => {
    for (const item of left) await act(item)
  }
  await Promise.all(Array.from({ length: abreast }, work))
}

/** Brings a new session to where only the last MixAvailable is missing. */
const prepare = async (
  { app, edgeUrl, tokenSecret }: WholeSystem,
  name: string,
  onMessage: (room: string, message: Message, at: number) => void,
): Promise<Session & { readonly sockets: readonly WebSocket[] }> => {
  const [readyUid, lastUid] = [`${name}-a`, `${name}-b`]
  const ready = { uid: readyUid, roomId: (await app.createLive({ uid: readyUid })).roomId }
  const last = { uid: lastUid, roomId: (await app.createLive({ uid: lastUid })).roomId }
  const isReady = Promise.withResolvers<void>()
  const sockets: WebSocket[] = []
  for (const { roomId, uid } of [ready, last]) {
    const socket = await listen({ edgeUrl, tokenSecret, roomId, uid }, (message, at) => {
      if (message.type === mixAvailable) isReady.resolve()
      onMessage(roomId, message, at)
    })
    sockets.push(socket)
  }
  const invite = { inviterUid: readyUid, inviteeUid: lastUid, liveRoomId: ready.roomId, inviteeRoomId: last.roomId }
  await done('invite', app.invite({ ...invite, type: 'side_by_side', inviterType: 2 }))
  await done('feedback', app.feedback({ ...invite, status: 1 }))
  for (const { roomId } of [ready, last]) await done('publish', app.stream('publish', roomId))
  await done('available', app.available(ready.roomId))
  await isReady.promise
  return { ready, last, sockets }
}

const measureOnce = async (system: WholeSystem, count: number, { say, signal }: PartOptions): Promise<Figures> => {
  const { app } = system
  const load1 = loadNow()
  const run = randomUUID().slice(0, 8)
  /** By room: when its session's last callback was sent, and when its client had push 5. */
  const sentAt = new Map<string, number>()
  const mixedAt = new Map<string, number>()
  const answers: number[] = []
  const lateness: number[] = []
  const sessions: Session[] = []
  const sockets: WebSocket[] = []
  const note = (roomId: string, { type }: Message, at: number): void => {
    if (type === mixSucceeded) mixedAt.set(roomId, at)
  }
  try {
    const names = Array.from({ length: count }, (_, index) => `bench-${run}-${index}`)
    await forEach(names, async (name) => {
      signal.throwIfAborted()
      const prepared = await prepare(system, name, note)
      sessions.push(prepared)
      sockets.push(...prepared.sockets)
    })
    say(`${count} sessions are one MixAvailable away from their mix; ${rate} of these a second …`)
    await sendAtRate({
      rate,
      count,
      send: async (index, dueAt) => {
        const session = sessions[index]
        if (session === undefined) return
        const { ready, last } = session
        const at = performance.now()
        for (const { roomId } of [ready, last]) sentAt.set(roomId, at)
        lateness.push(at - dueAt)
        await done('available', app.available(last.roomId))
        answers.push(performance.now() - at)
      },
      signal,
    })
    await waitUntil(() => mixedAt.size >= sentAt.size, { deadlineMs: settleMs, signal })
  } finally {
    await forEach(sessions, async ({ ready, last }) => {
      await app.leaveLive(ready.roomId)
      await app.leaveLive(last.roomId)
    })
    for (const socket of sockets) socket.close()
  }
  const took = (rooms: readonly Room[]): readonly number[] =>
    rooms.flatMap(({ roomId }) => {
      const at = mixedAt.get(roomId)
      return at === undefined ? [] : [at - (sentAt.get(roomId) ?? 0)]
    })
  const { p50Ms, p90Ms, p99Ms, maxMs } = summarise(took(sessions.flatMap(({ ready, last }) => [ready, last])))
  return {
    sessions: sessions.length,
    missing: sentAt.size - mixedAt.size,
    p50Ms,
    p90Ms,
    p99Ms,
    maxMs,
    inviterRoomP50Ms: summarise(took(sessions.map(({ ready }) => ready))).p50Ms,
    inviteeRoomP50Ms: summarise(took(sessions.map(({ last }) => last))).p50Ms,
    answerP50Ms: summarise(answers).p50Ms,
    // By how much callbacks were sent later than planned: how far this program itself was held up.
    latenessP99Ms: summarise(lateness).p99Ms,
    load1,
  }
}

/** How long two broadcasters wait for their mix when the cloud is quick. */
export const mixStartPart: Part = {
  name: 'mix-start',
  about:
    `from the second room's MixAvailable sent to ingest to push 5 at a WebSocket client of each room, ${rate} sessions a second, through one process ` +
    `of each service; the simulated cloud answers after ${cloudDelayMs} ms`,
  measure: (options): Promise<readonly Case[]> =>
    withStage(options, async (stage) => {
      const { runs, isQuick, say } = options
      say('starting the services …')
      const system = await startWholeSystem(stage, { cloudDelayMs })
      const measured: Figures[] = []
      // The first run warms up.
      for (let run = 0; run <= runs; run++) {
        say(run === 0 ? 'warm-up' : `run ${run}`)
        const figures = await measureOnce(system, isQuick ? 40 : 300, options)
        if (figures['missing'] !== 0) throw new Error(`${figures['missing']} clients heard nothing of their mix`)
        if (run > 0) measured.push(figures)
      }
      return [{ name: 'mix-start', about: 'two broadcasters each', runs: measured }]
    }),
}
