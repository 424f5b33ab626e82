import { setTimeout as sleep } from 'node:timers/promises'
import { isServiceReady } from '../../deploy/local/system.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { topics } from '../../schemas/topics.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { awaitPositions, fetchEnds, readMetric } from './observe.ts'
import type { Random } from './random.ts'
import type { Blow } from './silences.ts'
import { createBrokerDisturbances, type BrokerDisturbances } from './broker-disturbances.ts'
import type { Stage } from './stage.ts'

/** What can be done to a stage; each resolves when what it took away runs again. */
export type Disturbances = BrokerDisturbances & {
  readonly killOne: () => Promise<void>
  readonly killBoth: () => Promise<void>
  readonly killMixer: () => Promise<void>
  /** One state-machine stands still until the other has taken everything over, and wakes up. */
  readonly freezeOne: () => Promise<void>
  /** The registry is away so long, and for as long as `meanwhile` takes. */
  readonly withoutRegistry: (ms: number, meanwhile: () => Promise<void>) => Promise<void>
  /** Starts what has ended by itself, as a supervisor does; returns the names. */
  readonly revive: () => Promise<readonly string[]>
  /** Resolves when every process says that it is ready. */
  readonly allReady: () => Promise<void>
  /** Everything that was done, in order. */
  readonly blows: readonly Blow[]
}

/** A killed process stays away so long at most: longer than deadlines of rooms, and than the group's session with the time to restart. */
const longestAbsenceMs = 4_000
const takeoverWithinMs = 60_000
const backWithinMs = 60_000

export const createDisturbances = ({
  stage,
  random,
  say,
  signal,
}: {
  readonly stage: Stage
  readonly random: Random
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}): Disturbances => {
  const { stateMachines, mixer, platform, kafka } = stage
  const blows: Blow[] = []
  /** Killed, and not to be started yet. */
  const away = new Set<ServiceProcess>()
  const note = (what: string): void => {
    blows.push({ what, at: Date.now() })
    say(what)
  }
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal })

  /** Kills processes at once and starts them again, each after a while of its own. */
  const kill = async (victims: readonly ServiceProcess[]): Promise<void> => {
    const absences = victims.map(() => random.whole(0, longestAbsenceMs))
    const seconds = absences.map((ms) => `${(ms / 1000).toFixed(1)} s`)
    note(`kill -9 ${victims.map(({ name }) => name).join(' and ')}, away for ${seconds.join(' and ')}`)
    for (const victim of victims) away.add(victim)
    await Promise.all(victims.map((victim) => victim.kill()))
    await Promise.all(
      victims.map(async (victim, index) => {
        await pause(absences[index] ?? 0)
        await victim.start()
        away.delete(victim)
      }),
    )
  }

  const committedOf = async (one: ServiceProcess): Promise<number> =>
    (await readMetric(one.adminUrl, 'roomcast_transactions_total', 'result="committed"')) ?? 0

  /** Waits until each state-machine has committed something since it was started. */
  const bothWork = async (): Promise<void> => {
    const isSo = async (): Promise<boolean> => (await Promise.all(stateMachines.map(committedOf))).every((n) => n > 0)
    if (await waitUntil(isSo, { deadlineMs: backWithinMs, signal })) return
    throw new Error(`the state-machines do not both work within ${backWithinMs / 1000} s`)
  }

  return {
    killOne: () => kill([random.pick(stateMachines)]),
    killBoth: () => kill(stateMachines),
    killMixer: () => kill([mixer]),

    freezeOne: async () => {
      const [frozen, awake] = random.chance(0.5) ? stateMachines : ([stateMachines[1], stateMachines[0]] as const)
      await bothWork()
      const before = await committedOf(frozen)
      note(`SIGSTOP ${frozen.name}, until ${awake.name} has its partitions`)
      frozen.signal('SIGSTOP')
      try {
        // What came until now, and one more in each partition, can only be decided by the other one.
        const ends = await fetchEnds(kafka, topics.roomInput.name)
        const beyond = new Map([...ends].map(([partition, end]) => [partition, end + 1]))
        await awaitPositions(kafka, beyond, { deadlineMs: takeoverWithinMs, signal })
      } finally {
        frozen.signal('SIGCONT')
      }
      say(`SIGCONT ${frozen.name}: it believes that nothing has happened`)
      const isBack = async (): Promise<boolean> => !(await frozen.isRunning()) || (await committedOf(frozen)) > before
      if (!(await waitUntil(isBack, { deadlineMs: backWithinMs, signal }))) {
        throw new Error(`${frozen.name} neither works again nor has ended, ${backWithinMs / 1000} s after it woke up`)
      }
      const failed = await readMetric(frozen.adminUrl, 'roomcast_transactions_total', 'result="failed"')
      say(
        (await frozen.isRunning())
          ? `${frozen.name} works again; ${failed ?? 0} of its transactions were refused`
          : `${frozen.name} has ended itself`,
      )
    },

    ...createBrokerDisturbances({ stage, note, say, pause }),

    withoutRegistry: async (ms, meanwhile) => {
      // A process that has just been started needs the registry; one that works does not.
      await bothWork()
      note('the schema registry goes away')
      await platform.endRegistry()
      await Promise.all([pause(ms), meanwhile()])
      await platform.bringBack()
      say('the schema registry is back')
    },

    revive: async () => {
      const ended = []
      for (const one of [...stateMachines, mixer]) {
        if (away.has(one) || (await one.isRunning())) continue
        await one.start()
        ended.push(one.name)
      }
      return ended
    },
    allReady: async () => {
      const isReady = ({ adminUrl }: ServiceProcess): Promise<boolean> =>
        isServiceReady(Number(new URL(adminUrl).port), signal)
      const areAll = async (): Promise<boolean> =>
        (await Promise.all([...stateMachines, mixer].map(isReady))).every((ready) => ready)
      if (await waitUntil(areAll, { deadlineMs: backWithinMs, signal })) return
      throw new Error(`not every process is ready ${backWithinMs / 1000} s after the last disturbance`)
    },
    blows,
  }
}
