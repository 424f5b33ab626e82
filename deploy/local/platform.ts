import { resolve } from 'node:path'
import { obtainArchives, type Archives } from './class-archives.ts'
import { awaitBroker, startBroker } from './broker.ts'
import { addressOf, brokerNames, nodeName, obtainClusterId, type BrokerNode } from './cluster.ts'
import { fetchJars, type Jars } from './jars.ts'
import type { Say } from './say.ts'
import { createOwner } from './owner.ts'
import { findFreePort } from './ports.ts'
import { findProcess, stopProcess, type ProcessRecord, type StartedProcess } from './processes.ts'
import { awaitRegistry, registryName, registryUrlOf, startRegistry } from './registry.ts'

export type Platform = {
  /** `host:port` of the broker. */
  readonly brokers: readonly [string]
  /** The Confluent API of the registry. */
  readonly registryUrl: string
  /** Stops both; nothing of them runs afterwards. The data stays in dataDir. */
  readonly stop: () => Promise<void>
}

export type PlatformPorts = {
  /** The nodes of the cluster, from 1 on; none: no broker is started here. */
  readonly brokers: readonly BrokerNode[]
  readonly registry: { readonly port: number } | undefined
}

type Programs = { readonly jars: Jars; readonly archives: Archives }

const obtainPrograms = async (say: Say, signal?: AbortSignal): Promise<Programs> => {
  const jars = await fetchJars({ say, signal })
  const archives = await obtainArchives(jars, say, signal)
  say('starting Kafka and the schema registry, as far as they do not run …')
  return { jars, archives }
}

/**
 * Makes sure that brokers and registry of a DATA_DIR run, each where it has ports here, and waits until all work.
 * What runs already is taken as it is. Rejects with the first failure, when nothing is under way any more.
 */
export const bringUp = async ({
  dataDir,
  ports: { brokers, registry },
  away = [],
  isShortLived = false,
  say,
  signal,
  onStart,
}: {
  readonly dataDir: string
  readonly ports: PlatformPorts
  /** The ids of brokers that are not started. */
  readonly away?: readonly number[]
  /** Of the brokers: they start in less time and serve somewhat slower, without the optimising compiler. */
  readonly isShortLived?: boolean
  readonly say: Say
  readonly signal?: AbortSignal | undefined
  readonly onStart?: ((pid: number) => void) | undefined
}): Promise<ReadonlyArray<ProcessRecord | StartedProcess>> => {
  const failed = new AbortController()
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal])
  const oldBrokers = new Map(
    await Promise.all(brokers.map(async ({ id }) => [id, await findProcess(dataDir, nodeName(id))] as const)),
  )
  const wanted = brokers.filter(({ id }) => oldBrokers.get(id) !== undefined || !away.includes(id))
  const running = wanted.map(({ id }) => id)
  const clusterId = await obtainClusterId(dataDir, brokers.length)
  const oldRegistry = await findProcess(dataDir, registryName)
  let obtained: Promise<Programs> | undefined
  const obtain = (): Promise<Programs> => (obtained ??= obtainPrograms(say, signal))

  const bringUpBroker = async (node: BrokerNode) => {
    const start = async (): Promise<StartedProcess> => {
      const { jars, archives } = await obtain()
      const jvm = isShortLived ? [...archives.kafka, '-XX:TieredStopAtLevel=1'] : archives.kafka
      const { kafkaDir } = jars
      return startBroker({ dataDir, kafkaDir, node, nodes: brokers, clusterId, jvm, onStart, signal: either })
    }
    const started = oldBrokers.get(node.id) ?? (await start())
    await awaitBroker({ dataDir, started, node, running, signal: either })
    return started
  }
  const bringUpRegistry = async ({ port }: NonNullable<typeof registry>) => {
    const start = async (): Promise<StartedProcess> => {
      const { jars, archives } = await obtain()
      return startRegistry({ dataDir, registryDir: jars.registryDir, port, jvm: archives.registry, onStart })
    }
    const started = oldRegistry ?? (await start())
    await awaitRegistry({ dataDir, started, registryUrl: registryUrlOf(port), signal: either })
    return started
  }

  const starts = [...wanted.map(bringUpBroker), ...(registry === undefined ? [] : [bringUpRegistry(registry)])]
  try {
    return await Promise.all(starts)
  } catch (error) {
    failed.abort()
    await Promise.allSettled(starts)
    throw error
  }
}

const graceMs = 15_000

/** Stops registry and brokers of a DATA_DIR, where they run. */
export const stopPlatform = async (dataDir: string): Promise<void> => {
  await stopProcess({ dataDir, name: registryName, graceMs })
  await Promise.all(brokerNames.map((name) => stopProcess({ dataDir, name, graceMs })))
}

/**
 * Starts a broker and a registry of its own for a test, and resolves when both work. They must not run in `dataDir` yet.
 * Throws a PlatformError when they cannot start; then neither is left.
 */
export const startPlatform = async ({
  dataDir: folder,
  kafkaPort = 0,
  registryPort = 0,
  ownedByThisProcess = false,
  say = () => {},
  signal,
}: {
  readonly dataDir: string
  /** 0: any free one. */
  readonly kafkaPort?: number
  /** 0: any free one. */
  readonly registryPort?: number
  /** Both end when this process does, even when it is killed. */
  readonly ownedByThisProcess?: boolean
  /** Hears what a person would like to read meanwhile, for example how far a download is. */
  readonly say?: Say
  readonly signal?: AbortSignal
}): Promise<Platform> => {
  const dataDir = resolve(folder)
  const taken = new Set([kafkaPort, registryPort])
  const choose = async (wanted: number): Promise<number> => {
    if (wanted !== 0) return wanted
    const port = await findFreePort(taken)
    taken.add(port)
    return port
  }
  const node = { id: 1, port: await choose(kafkaPort), controllerPort: await choose(0) }
  const registry = { port: await choose(registryPort) }
  const owner = ownedByThisProcess ? createOwner() : undefined
  const stop = async (): Promise<void> => {
    await stopPlatform(dataDir)
    owner?.release()
  }
  try {
    await bringUp({
      dataDir,
      ports: { brokers: [node], registry },
      isShortLived: true,
      say,
      signal,
      onStart: owner?.add,
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { brokers: [addressOf(node)], registryUrl: registryUrlOf(registry.port), stop }
}
