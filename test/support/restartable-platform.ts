import { createOwner } from '../../deploy/local/owner.ts'
import { bringUp } from '../../deploy/local/platform.ts'
import { brokerName } from '../../deploy/local/broker.ts'
import { findFreePort, isPortFree } from '../../deploy/local/ports.ts'
import { findProcess, isAlive, stopProcess } from '../../deploy/local/processes.ts'
import { registryName, registryUrlOf } from '../../deploy/local/registry.ts'
import { waitUntil } from '../../deploy/local/wait.ts'

/** A broker and a registry that can be away for a while and come back at the same address with the same data. */
export type RestartablePlatform = {
  readonly brokers: readonly string[]
  readonly registryUrl: string
  /** Resolves when the broker's process is gone. */
  readonly endBroker: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>
  readonly endRegistry: () => Promise<void>
  /** Starts what is away; resolves when it works. */
  readonly bringBack: () => Promise<void>
  /** Ends both. The data stays in DATA_DIR. */
  readonly stop: () => Promise<void>
}

const endWithinMs = 30_000
const portWithinMs = 10_000

/** Starts both in a DATA_DIR, on free ports. They end with this process, even when it is killed. */
export const startRestartablePlatform = async ({
  dataDir,
  signal,
}: {
  readonly dataDir: string
  readonly signal?: AbortSignal
}): Promise<RestartablePlatform> => {
  const taken = new Set<number>()
  const choose = async (): Promise<number> => {
    const port = await findFreePort(taken)
    taken.add(port)
    return port
  }
  const broker = { port: await choose(), controllerPort: await choose() }
  const registry = { port: await choose() }
  const owner = createOwner()

  const bringBack = async (): Promise<void> => {
    const ports = { broker, registry }
    await bringUp({ dataDir, ports, isShortLived: true, say: () => {}, signal, onStart: owner.add })
  }

  /** A last thread of a process that was killed may hold its port for a moment longer. */
  const awaitPorts = async (...ports: readonly number[]): Promise<void> => {
    for (const port of ports) await waitUntil(() => isPortFree(port), { deadlineMs: portWithinMs, signal })
  }

  const endBroker = async (how: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const running = await findProcess(dataDir, brokerName)
    if (running === undefined) return
    process.kill(running.pid, how)
    const isGone = await waitUntil(async () => !(await isAlive(running)), { deadlineMs: endWithinMs })
    if (!isGone) throw new Error(`the broker, pid ${running.pid}, does not end on ${how}`)
    await awaitPorts(broker.port, broker.controllerPort)
  }

  const stop = async (): Promise<void> => {
    for (const name of [registryName, brokerName]) await stopProcess({ dataDir, name, graceMs: endWithinMs })
    owner.release()
  }

  try {
    await bringBack()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    brokers: [`127.0.0.1:${broker.port}`],
    registryUrl: registryUrlOf(registry.port),
    endBroker,
    endRegistry: async () => {
      await stopProcess({ dataDir, name: registryName, graceMs: endWithinMs })
      await awaitPorts(registry.port)
    },
    bringBack,
    stop,
  }
}
