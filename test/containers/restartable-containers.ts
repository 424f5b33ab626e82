import { findFreePort } from '../../deploy/local/ports.ts'
import type { RestartablePlatform } from '../support/restartable.ts'
import type { StartedTestContainer } from 'testcontainers'
import { describeBrokerOf, describeController } from './broker-settings.ts'
import { createGuard } from './guard.ts'
import { loadTestcontainers } from './runtime.ts'
import {
  awaitBrokers,
  awaitRegistry,
  registryUrlAt,
  startKafkaContainer,
  startRegistryContainer,
} from './start-platform.ts'

type Node = { readonly id: number; readonly port: number; readonly container: StartedTestContainer }

/**
 * The brokers have a controller beside them that stays: it notices when one is gone, and takes it back only then. They share its
 * network, where their ports are published.
 */
export const startRestartableContainers = async ({
  brokers: count,
  signal,
}: {
  readonly brokers: number
  readonly signal?: AbortSignal | undefined
}): Promise<RestartablePlatform> => {
  const taken = new Set<number>()
  const choose = async (): Promise<number> => {
    const port = await findFreePort(taken)
    taken.add(port)
    return port
  }
  const ids = Array.from({ length: count }, (_, index) => index + 1)
  const ports = new Map<number, number>()
  for (const id of ids) ports.set(id, await choose())
  const registryPort = await choose()
  const registryUrl = registryUrlAt(registryPort)
  const guard = createGuard()
  const started: StartedTestContainer[] = []
  const keep = async (starting: Promise<StartedTestContainer>): Promise<StartedTestContainer> => {
    const container = await starting
    started.push(container)
    return container
  }

  /** Those that use the network of another first. */
  const stop = async (): Promise<void> => {
    for (const container of started.toReversed()) await container.stop()
    guard.release()
  }

  const startNodes = async (): Promise<readonly Node[]> => {
    const env = describeController(count)
    const controller = await keep(startKafkaContainer({ env, ports: [...ports.values()], guard }))
    return Promise.all(
      [...ports].map(async ([id, port]) => {
        const env = describeBrokerOf(count, { id, port })
        return { id, port, container: await keep(startKafkaContainer({ env, ports: [], beside: controller, guard })) }
      }),
    )
  }

  const starts = [startNodes(), keep(startRegistryContainer({ port: registryPort, guard }))] as const
  try {
    const [nodes, registry] = await Promise.all(starts)
    const { client } = await loadTestcontainers()
    const containerOf = (one: StartedTestContainer) => client.container.getById(one.getId())
    const addresses = (some: readonly Node[]): readonly string[] => some.map(({ port }) => `127.0.0.1:${port}`)

    const isRunning = async (one: StartedTestContainer): Promise<boolean> =>
      (await containerOf(one).inspect()).State.Running
    const end = async (one: StartedTestContainer, how: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
      if (!(await isRunning(one))) return
      const container = containerOf(one)
      const ended = container.wait()
      await container.kill({ signal: how })
      await ended
    }
    const startAgain = async (one: StartedTestContainer): Promise<void> => {
      if (!(await isRunning(one))) await containerOf(one).start()
    }
    const bringBackBrokers = async (some: readonly Node[]): Promise<void> => {
      await Promise.all(some.map(({ container }) => startAgain(container)))
      await awaitBrokers(addresses(some), signal)
    }

    await awaitBrokers(addresses(nodes), signal)
    return {
      brokers: addresses(nodes),
      registryUrl,
      nodes: ids,
      endBroker: async (how, ...which) => {
        const ended = nodes.filter(({ id }) => which.length === 0 || which.includes(id))
        await Promise.all(ended.map(({ container }) => end(container, how)))
      },
      endRegistry: () => end(registry, 'SIGTERM'),
      bringBack: async () => {
        await startAgain(registry)
        await Promise.all([bringBackBrokers(nodes), awaitRegistry(registryUrl, signal)])
      },
      bringBackBrokers: (...which) => bringBackBrokers(nodes.filter(({ id }) => which.includes(id))),
      stop,
    }
  } catch (error) {
    await Promise.allSettled(starts)
    await stop()
    throw error
  }
}
