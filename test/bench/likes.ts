import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '../../deploy/local/wait.ts'
import { topics } from '../../schemas/topics.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import type { Case, Figures, Part } from './part.ts'
import { latencyFigures } from './passages.ts'
import { openProbe } from './probe.ts'
import { sendAtRate } from './send-at-rate.ts'
import { withStage, type Stage } from './stage.ts'
import { readStates } from './states.ts'
import { epochNow, loadNow, startUsageSampler } from './usage-sampler.ts'

const roomCount = 1_000
const lifecycleRate = 200
const likesRate = 20_000
/** Likes come in handfuls, so that sending them costs this program little. */
const likesAtOnce = 20
const fewRooms = 10
const settleMs = 60_000
/** Between two phases: what one has left behind is taken. */
const pauseMs = 5_000
const countedEveryMs = 2_000

type Phase = { readonly name: string; readonly about: string; readonly likedRooms: number }

const phases: readonly Phase[] = [
  { name: 'no likes', about: `${lifecycleRate} lifecycle inputs a second`, likedRooms: 0 },
  {
    name: 'likes to few',
    about: `the same and ${likesRate} likes a second to ${fewRooms} rooms`,
    likedRooms: fewRooms,
  },
  {
    name: 'likes to many',
    about: `the same and ${likesRate} likes a second to ${roomCount} rooms`,
    likedRooms: roomCount,
  },
]

/** Sends likes, and knows how many each room has. */
const createLikes = ({ codec, producer }: Stage, rooms: readonly string[], signal: AbortSignal) => {
  const totals = new Map<string, number>()
  let nth = 0
  const like = (likedRooms: number): OutgoingMessage => {
    const roomId = rooms[nth++ % likedRooms] ?? ''
    totals.set(roomId, (totals.get(roomId) ?? 0) + 1)
    const record = { roomId, eventId: randomUUID(), occurredAt: Date.now(), uid: 'fan', name: 'Fan', count: 1 }
    const value = codec.encode(topics.pushLike, 'Liked', record)
    return { topic: topics.pushLike.name, key: roomId, value, headers: { type: 'Liked' } }
  }
  return {
    totals,
    send: (likedRooms: number, seconds: number): Promise<void> =>
      sendAtRate({
        rate: likesRate / likesAtOnce,
        count: (seconds * likesRate) / likesAtOnce,
        send: () => Promise.all(Array.from({ length: likesAtOnce }, () => producer.send(like(likedRooms)))),
        signal,
      }),
  }
}

/** Rejects unless the states' totals come to be those that were sent. */
const checkTotals = async (stage: Stage, totals: ReadonlyMap<string, number>, signal: AbortSignal): Promise<void> => {
  let wrong: readonly string[] = []
  const areExact = async (): Promise<boolean> => {
    const states = await readStates(stage, signal)
    wrong = [...totals].filter(([roomId, count]) => states.get(roomId)?.likes !== count).map(([roomId]) => roomId)
    return wrong.length === 0
  }
  if (await waitUntil(areExact, { deadlineMs: settleMs, everyMs: countedEveryMs, signal })) return
  throw new Error(`the likes of ${wrong.length} rooms are not those that were sent, for example of ${wrong[0]}`)
}

/** Whether a flood of likes holds up the lifecycle, which shares process and partitions with it. */
export const likesPart: Part = {
  name: 'likes',
  about:
    'latency of the lifecycle without and with a flood of likes, by turns in one process; the totals are checked to be exact; the likes come ' +
    'from the process that reads, so that arrival has delays of its own, which the append of what follows has not',
  measure: (options) =>
    withStage(options, async (stage): Promise<readonly Case[]> => {
      const { runs, isQuick, say, signal } = options
      const [warmUpSeconds, seconds] = isQuick ? [3, 3] : [45, 20]
      const stateMachine = await stage.createStateMachine('state-machine')
      await stateMachine.start()
      await stateMachine.ready()
      const sampler = startUsageSampler({ stateMachine: await stateMachine.pid(), broker: stage.brokerPid })
      const probe = await openProbe(stage, { rooms: roomCount, signal })
      const likes = createLikes(stage, probe.rooms, signal)
      const windows: { readonly phase: Phase; readonly from: number; readonly to: number; readonly load1: number }[] =
        []
      try {
        say(`${warmUpSeconds} s of warm-up …`)
        const stop = probe.start(lifecycleRate)
        await sleep(warmUpSeconds * 1_000, undefined, { signal })
        for (let run = 1; run <= runs; run++) {
          for (const phase of phases) {
            say(`run ${run}: ${phase.name}, ${seconds} s …`)
            const from = epochNow()
            const load1 = loadNow()
            if (phase.likedRooms > 0) await likes.send(phase.likedRooms, seconds)
            else await sleep(seconds * 1_000, undefined, { signal })
            windows.push({ phase, from, to: epochNow(), load1 })
            await sleep(pauseMs, undefined, { signal })
          }
        }
        await stop()
        await probe.settle(settleMs)
        say('comparing the totals …')
        await checkTotals(stage, likes.totals, signal)
      } finally {
        await probe.close()
        await sampler.stop()
      }
      return phases.map((phase) => ({
        name: phase.name,
        about: phase.about,
        runs: windows
          .filter((window) => window.phase === phase)
          .map(({ from, to, load1 }): Figures => ({
            seconds: Math.round((to - from) / 100) / 10,
            ...latencyFigures(probe.between(from, to)),
            ...sampler.between(from, to),
            load1,
          })),
      }))
    }),
}
