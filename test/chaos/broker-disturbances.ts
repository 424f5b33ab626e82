import { describeRoles } from './broker-roles.ts'
import type { Stage } from './stage.ts'

/** What can be done to the brokers of a stage; each resolves when all are back, their replicas in sync. */
export type BrokerDisturbances = {
  /** A broker ends and comes back; of several, each time the next one. */
  readonly restartBroker: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>
  /** One after the other ends by SIGTERM and is back before the next. */
  readonly rollBrokers: () => Promise<void>
  /** Two of three are gone at once; one comes back, later the other. */
  readonly loseMajority: () => Promise<void>
  /** All die at once, as by a power cut. */
  readonly killAllBrokers: () => Promise<void>
}

/** Longer than a cluster takes to notice that a broker is gone, and than the longest wait of what it led. */
const brokerAwayMs = 6_000
/** Longer than producers wait before they give up. */
const majorityAwayMs = 7_000

const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`

export const createBrokerDisturbances = ({
  stage,
  note,
  say,
  pause,
}: {
  readonly stage: Stage
  /** Writes down what is done, at its moment. */
  readonly note: (what: string) => void
  readonly say: (text: string) => void
  readonly pause: (ms: number) => Promise<void>
}): BrokerDisturbances => {
  const { platform } = stage
  const { nodes } = platform
  const isAlone = nodes.length === 1
  let turns = 0

  const nextNode = (): number => nodes[turns++ % nodes.length] ?? 1

  const bringBackAll = async (since: number): Promise<void> => {
    await platform.bringBack()
    say(`${isAlone ? 'the broker is' : 'all brokers are'} back after ${seconds(since)}`)
  }

  const restart = async (how: 'SIGTERM' | 'SIGKILL', id: number): Promise<void> => {
    const which = isAlone ? 'the broker' : `broker ${id}, which ${await describeRoles(stage, id)}`
    note(`${how} to ${which}`)
    const since = performance.now()
    await platform.endBroker(how, id)
    say(`it ended within ${seconds(since)}`)
    if (!isAlone && how === 'SIGKILL') await pause(brokerAwayMs)
    await bringBackAll(since)
  }

  return {
    restartBroker: (how) => restart(how, nextNode()),

    rollBrokers: async () => {
      for (const id of nodes) await restart('SIGTERM', id)
    },

    loseMajority: async () => {
      const stays = nextNode()
      const gone = nodes.filter((id) => id !== stays)
      note(`SIGKILL to brokers ${gone.join(' and ')}`)
      const since = performance.now()
      await platform.endBroker('SIGKILL', ...gone)
      await pause(majorityAwayMs)
      await platform.bringBackBrokers(...gone.slice(1))
      note(`broker ${gone.slice(1).join(' and ')} is back after ${seconds(since)}: two of three work`)
      await pause(majorityAwayMs)
      await bringBackAll(since)
    },

    killAllBrokers: async () => {
      note(isAlone ? 'SIGKILL to the broker' : 'SIGKILL to all brokers')
      const since = performance.now()
      await platform.endBroker('SIGKILL')
      await bringBackAll(since)
    },
  }
}
