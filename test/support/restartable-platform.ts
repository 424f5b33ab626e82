import { addressOf, nodeName, type BrokerNode } from '../../deploy/local/cluster.ts'
import { createOwner } from '../../deploy/local/owner.ts'
import { bringUp } from '../../deploy/local/platform.ts'
import { findFreePort, isPortFree } from '../../deploy/local/ports.ts'
import { findProcess, isAlive, stopProcess } from '../../deploy/local/processes.ts'
import { registryName, registryUrlOf } from '../../deploy/local/registry.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { choosePlatform } from '../containers/choose-platform.ts'
import { startRestartableContainers } from '../containers/restartable-containers.ts'
import type { RestartablePlatform } from './restartable.ts'

export type { RestartablePlatform } from './restartable.ts'

const endWithinMs = 30_000
const portWithinMs = 10_000

type Options = {
  readonly dataDir: string
  readonly brokers?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Starts them on free ports: processes with a DATA_DIR, or containers where PLATFORM says so. They end with this process, even when
 * it is killed.
 */
export const startRestartablePlatform = async (options: Options): Promise<RestartablePlatform> =>
  choosePlatform(process.env) === 'containers'
    ? startRestartableContainers({ brokers: 1, ...options })
    : startLocal(options)

const startLocal = async ({ dataDir, brokers: count = 1, signal }: Options): Promise<RestartablePlatform> => {
  const taken = new Set<number>()
  const choose = async (): Promise<number> => {
    const port = await findFreePort(taken)
    taken.add(port)
    return port
  }
  const brokers: BrokerNode[] = []
  while (brokers.length < count) {
    brokers.push({ id: brokers.length + 1, port: await choose(), controllerPort: await choose() })
  }
  const registry = { port: await choose() }
  const owner = createOwner()

  const bringUpWithout = async (away: readonly number[]): Promise<void> => {
    const ports = { brokers, registry }
    await bringUp({ dataDir, ports, away, isShortLived: true, say: () => {}, signal, onStart: owner.add })
  }

  /** A last thread of a process that was killed may hold its port for a moment longer. */
  const awaitPorts = async (...ports: readonly number[]): Promise<void> => {
    for (const port of ports) await waitUntil(() => isPortFree(port), { deadlineMs: portWithinMs, signal })
  }

  const endOne = async (how: 'SIGTERM' | 'SIGKILL', { id, port, controllerPort }: BrokerNode): Promise<void> => {
    const running = await findProcess(dataDir, nodeName(id))
    if (running === undefined) return
    process.kill(running.pid, how)
    const isGone = await waitUntil(async () => !(await isAlive(running)), { deadlineMs: endWithinMs })
    if (!isGone) throw new Error(`the broker, pid ${running.pid}, does not end on ${how}`)
    await awaitPorts(port, controllerPort)
  }

  const stop = async (): Promise<void> => {
    await stopProcess({ dataDir, name: registryName, graceMs: endWithinMs })
    await Promise.all(brokers.map(({ id }) => stopProcess({ dataDir, name: nodeName(id), graceMs: endWithinMs })))
    owner.release()
  }

  try {
    await bringUpWithout([])
  } catch (error) {
    await stop()
    throw error
  }
  return {
    brokers: brokers.map(addressOf),
    registryUrl: registryUrlOf(registry.port),
    nodes: brokers.map(({ id }) => id),
    endBroker: async (how, ...ids) => {
      const ended = brokers.filter(({ id }) => ids.length === 0 || ids.includes(id))
      await Promise.all(ended.map((node) => endOne(how, node)))
    },
    endRegistry: async () => {
      await stopProcess({ dataDir, name: registryName, graceMs: endWithinMs })
      await awaitPorts(registry.port)
    },
    bringBack: () => bringUpWithout([]),
    bringBackBrokers: (...ids) => bringUpWithout(brokers.map(({ id }) => id).filter((id) => !ids.includes(id))),
    stop,
  }
}
