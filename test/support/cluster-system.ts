import { brokerNames, nodeName } from '../../deploy/local/cluster.ts'
import { createOwner } from '../../deploy/local/owner.ts'
import { findProcess, isAlive, listProcesses, type ProcessRecord } from '../../deploy/local/processes.ts'
import { services } from '../../deploy/local/services.ts'
import { isServiceReady, startSystem } from '../../deploy/local/system.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startTestSystem, type TestSystem } from './system.ts'

/** A whole roomcast on a cluster of three brokers of its own, which can be ended and come back; with the registry of `base`, or its own. */
export type ClusterSystem = TestSystem & {
  /** Ends brokers by their ids, at once; resolves when their processes are gone. */
  readonly endBrokers: (signal: 'SIGTERM' | 'SIGKILL', ...ids: readonly number[]) => Promise<void>
  /** Lets brokers stand still, as if they hung, while something else is done. */
  readonly whileFrozen: (ids: readonly number[], act: () => Promise<void>) => Promise<void>
  /** Starts the brokers that are away; resolves when every replica is in sync and every service ready. */
  readonly bringBack: () => Promise<void>
  /** Whether every service says so. */
  readonly isReady: () => Promise<boolean>
}

const endsWithinMs = 30_000
const backWithinMs = 120_000

/** Starts everything on free ports; it ends with this process, even when that is killed. */
export const startClusterSystem = async ({
  base,
  partitions,
}: {
  /** The environment to start from: process.env of the test. */
  base: Readonly<Record<string, string | undefined>>
  partitions: number
}): Promise<ClusterSystem> => {
  // The broker that a run gives its files is a single one; its registry will do. Both are named: what a start has chosen is not given.
  const own = { ...base, KAFKA_BROKERS: undefined, SCHEMA_REGISTRY_URL: base['SCHEMA_REGISTRY_URL'] }
  const system = await startTestSystem({
    base: own,
    env: { BROKERS: String(brokerNames.length), TOPIC_PARTITIONS: String(partitions) },
  })
  const { dataDir, environment } = system
  const owner = createOwner()
  const findBrokers = async (ids: readonly number[]): Promise<readonly ProcessRecord[]> =>
    (await Promise.all(ids.map((id) => findProcess(dataDir, nodeName(id))))).filter((broker) => broker !== undefined)
  const signalAll = (signal: NodeJS.Signals, processes: readonly ProcessRecord[]): void => {
    for (const { pid } of processes) process.kill(pid, signal)
  }
  return {
    ...system,
    endBrokers: async (signal, ...ids) => {
      const running = await findBrokers(ids)
      signalAll(signal, running)
      const areGone = async (): Promise<boolean> => !(await Promise.all(running.map(isAlive))).includes(true)
      if (await waitUntil(areGone, { deadlineMs: endsWithinMs })) return
      throw new Error(`the brokers ${ids.join(', ')} do not end on ${signal}`)
    },
    whileFrozen: async (ids, act) => {
      const frozen = await findBrokers(ids)
      signalAll('SIGSTOP', frozen)
      try {
        await act()
      } finally {
        signalAll('SIGCONT', frozen)
      }
    },
    bringBack: async () => {
      await startSystem({
        env: { ...environment.variables, ...own },
        services,
        setup: async () => {}, // topics and schemas are there
        isShortLived: true,
        log: silentLog,
        say: () => {},
        onStart: owner.add,
        signal: AbortSignal.timeout(backWithinMs),
      })
    },
    isReady: async () => {
      const signal = AbortSignal.timeout(endsWithinMs)
      const areReady = services.map(async ({ name, adminPort }) =>
        isServiceReady((await findProcess(dataDir, name))?.ports[adminPort] ?? 0, signal),
      )
      return (await Promise.all(areReady)).every((isReady) => isReady)
    },
    stop: async () => {
      // Nothing of it is needed any more, and in an orderly end the last broker waits for a controller that has gone.
      signalAll('SIGKILL', await listProcesses(dataDir))
      await system.stop()
      owner.release()
    },
  }
}
