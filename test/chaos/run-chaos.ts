import { setTimeout as sleep } from 'node:timers/promises'
import { topics } from '../../schemas/topics.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { silentLog } from '../../services/shared/log.ts'
import { pause } from '../../services/shared/waiting.ts'
import { checkLog, type Verdict } from './check-log.ts'
import { createDisturbances, type Disturbances } from './disturbances.ts'
import { startLoad, type Load } from './load.ts'
import { awaitPositions, fetchEnds } from './observe.ts'
import { planLoad } from './plan-load.ts'
import { startProgress } from './progress.ts'
import { createRandom, type Random } from './random.ts'
import type { Event } from './script.ts'
import { measureSilences, type Silence } from './silences.ts'
import { startStage, type Stage } from './stage.ts'

export type ChaosReport = {
  readonly verdict: Verdict
  readonly silences: readonly Silence[]
  /** Processes of which nobody had killed the last one, and which had to be started again. */
  readonly endedByThemselves: readonly string[]
  /** How long the load ran. */
  readonly seconds: number
}

/** What is done to the system while the load runs. */
export type Scenario = (options: {
  readonly disturbances: Disturbances
  readonly random: Random
  readonly signal: AbortSignal
}) => Promise<void>

const rooms = 200
const rate = 250
const catchUpWithinMs = 60_000
const settleMs = 3_000
const superviseEveryMs = 500

/**
 * Starts everything, runs a scenario under load, waits until all has been decided, stops everything, and checks the whole log.
 * @param say hears what is going on, in lines for a person
 */
export const runChaos = async ({
  seed,
  brokers = 1,
  scenario,
  say,
  signal,
}: {
  readonly seed: number
  /** 1, or 3 for a cluster. */
  readonly brokers?: number
  readonly scenario: Scenario
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}): Promise<ChaosReport> => {
  say(
    `seed ${seed}: starting ${brokers === 1 ? 'a broker' : `${brokers} brokers`}, a registry, two state-machines and a mixer …`,
  )
  // The cloud's callbacks come when commands do, and commands come from the load.
  const load = Promise.withResolvers<Load>()
  const onCallback = async (event: Event): Promise<void> => (await load.promise).send(event)
  const stage = await startStage({ onCallback, brokers, signal })
  try {
    return await disturb({ stage, seed, scenario, onLoad: load.resolve, say, signal })
  } finally {
    await stage.stop()
  }
}

const disturb = async ({
  stage,
  seed,
  scenario,
  onLoad,
  say,
  signal,
}: {
  readonly stage: Stage
  readonly seed: number
  readonly scenario: Scenario
  readonly onLoad: (load: Load) => void
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}): Promise<ChaosReport> => {
  const { kafka, codec, partitions, rules, pace, stateMachines, mixer } = stage
  const producer = await createBatchingProducer({
    kafka,
    maxBufferedMessages: 10_000,
    maxBufferedBytes: 32 * 1024 * 1024,
    deliveryTimeoutMs: 5_000,
    log: silentLog,
  })
  const random = createRandom(seed)
  const plan = planLoad({ seed, rooms, rate, pace, mintRoomId: rules.mintRoomId })
  const over = new AbortController()
  const load = startLoad({ plan, codec, producer, partitions, signal: AbortSignal.any([signal, over.signal]) })
  onLoad(load)
  const disturbances = createDisturbances({ stage, random, say, signal })
  const endedByThemselves: string[] = []
  const supervise = async (): Promise<void> => {
    while (!over.signal.aborted) {
      for (const name of await disturbances.revive()) {
        endedByThemselves.push(name)
        say(`${name} had ended by itself; started again`)
      }
      await pause(superviseEveryMs, over.signal)
    }
  }
  const catchUp = async (): Promise<void> => {
    const ends = await fetchEnds(kafka, topics.roomInput.name)
    await awaitPositions(kafka, ends, { deadlineMs: catchUpWithinMs, signal })
  }
  let settledAt = 0
  const progress = startProgress({ stage, load, say })
  const startedAt = performance.now()
  const supervising = supervise()
  supervising.catch(() => {}) // awaited, and so heard of, at the end
  try {
    await scenario({ disturbances, random, signal })
    await disturbances.allReady()
    say('the load ends; waiting until everything is decided …')
    await load.stop()
    settledAt = Date.now()
    await catchUp()
    await sleep(settleMs, undefined, { signal }) // what follows from it is sent, and deadlines that have passed fire
    await catchUp()
  } finally {
    progress.stop()
    over.abort()
    await supervising
    await producer.close()
  }
  const seconds = (performance.now() - startedAt) / 1_000
  await Promise.all([...stateMachines, mixer].map((one) => one.stop()))
  say('checking the log …')
  const verdict = await checkLog({ kafka, codec, rules, settledAt })
  return { verdict, silences: measureSilences(disturbances.blows, verdict.waits), endedByThemselves, seconds }
}
