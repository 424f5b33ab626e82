import { z } from 'zod'
import {
  kafkaConfig,
  kafkaSettings,
  readConfig,
  registryAddress,
  registryConfig,
} from '../../services/shared/config.ts'
import type { Log } from '../../services/shared/log.ts'
import { isAnswered } from './answers.ts'
import { choosePorts, type Ports } from './choose-ports.ts'
import { brokerNames, checkBrokerCount, createNodes, readBrokerCount } from './cluster.ts'
import { describeEnvironment, writeVariables, type Environment } from './environment.ts'
import type { Say } from './say.ts'
import { bringUpMedia, checkMedia } from './media.ts'
import { mediaServerName } from './media-server.ts'
import { bringUp, stopPlatform } from './platform.ts'
import { checkPortFree } from './ports.ts'
import { findProcess, listProcesses, removeStaleRecords, startProcess, stopProcess } from './processes.ts'
import type { ProcessRecord, StartedProcess } from './processes.ts'
import { awaitReady } from './ready.ts'
import { registryName } from './registry.ts'
import { root, type Service } from './services.ts'
import { readDataDir, readSettings, type Env } from './settings.ts'
import type { Setup } from './setup.ts'
import { resolveVariables, tellDifferences, withoutSecrets } from './variables.ts'

/** The record of a `run` in the foreground: not one of the things that it runs. */
export const foregroundName = 'roomcast'

export type System = {
  readonly environment: Environment
  /** In the order in which they were started. */
  readonly processes: ReadonlyArray<ProcessRecord | StartedProcess>
}

const readyWithinMs = 120_000
const answersWithinMs = 2000
const graceMs = 15_000

/** Whether a service answers 200 at /readyz. */
export const isServiceReady = (adminPort: number, signal: AbortSignal): Promise<boolean> =>
  isAnswered(`http://127.0.0.1:${adminPort}/readyz`, { withinMs: answersWithinMs, signal })

/** Fails before anything is started when a service could not listen. */
const checkServicePorts = async (missing: readonly Service[], ports: Ports): Promise<void> => {
  for (const service of missing) {
    for (const variable of Object.keys(service.ports)) {
      await checkPortFree({ port: ports[variable] ?? 0, variable, user: service.name })
    }
  }
}

const pick = (ports: Ports, names: readonly string[]): Ports =>
  Object.fromEntries(names.map((name) => [name, ports[name] ?? 0]))

/**
 * Starts what is missing of brokers, registry, topics, schemas, media server and services in a DATA_DIR, and resolves when everything is
 * ready. What runs already is left alone. Rejects with a PlatformError or Fault that says what failed; what had started goes on running.
 * The caller holds the lock.
 */
export const startSystem = async ({
  env,
  services: all,
  setup,
  isShortLived = false,
  log,
  say,
  onStart,
  signal,
}: {
  readonly env: Env
  readonly services: readonly Service[]
  readonly setup: Setup
  /** Of the brokers, as `bringUp` says. */
  readonly isShortLived?: boolean
  readonly log: Log
  readonly say: Say
  /** Called with the pid of each process in the moment in which it is started. */
  readonly onStart?: ((pid: number) => void) | undefined
  readonly signal: AbortSignal
}): Promise<System> => {
  const settings = readSettings(env, all, await readBrokerCount(readDataDir(env)))
  const { dataDir, brokers, services, media } = settings
  if (brokers > 0) await checkBrokerCount(dataDir, brokers)
  await removeStaleRecords(dataDir)
  const records = new Map((await listProcesses(dataDir)).map((record) => [record.name, record]))
  const ports = await choosePorts({
    dataDir,
    wanted: settings.ports,
    running: Object.assign({}, ...[...records.values()].map((record) => record.ports)),
  })
  const missing = services.filter(({ name }) => !records.has(name))
  if (media !== undefined) await checkMedia(dataDir, ports)
  await checkServicePorts(missing, ports)
  const variables = await resolveVariables(env, settings, ports)
  const shown = withoutSecrets(variables)
  if (missing.length < services.length) await tellDifferences(dataDir, shown, say)
  await writeVariables(dataDir, shown)

  const platform = await bringUp({
    dataDir,
    ports: {
      brokers: createNodes(brokers, ports),
      registry: settings.registryUrl === undefined ? { port: ports['REGISTRY_PORT'] ?? 0 } : undefined,
    },
    isShortLived,
    say,
    signal,
    onStart,
  })

  say('creating topics and registering schemas, as far as they are missing …')
  await setup({
    // As the services read them.
    kafka: kafkaSettings(readConfig(z.object(kafkaConfig), variables)),
    registryUrl: registryAddress(readConfig(z.object(registryConfig), variables)),
    partitions: settings.partitions,
    replication: settings.replication,
    log,
    signal,
  })

  if (media !== undefined) say('starting the media server, as far as it does not run …')
  const mediaServer = media === undefined ? [] : [await bringUpMedia({ dataDir, media, ports, onStart, signal })]

  if (missing.length > 0) say(`starting ${missing.map(({ name }) => name).join(', ')} …`)
  const processes = []
  for (const { name, main, ports: own } of services) {
    signal.throwIfAborted()
    const running = await findProcess(dataDir, name)
    processes.push(
      running ??
        (await startProcess({
          dataDir,
          name,
          command: [process.execPath, main],
          ports: pick(ports, Object.keys(own)),
          cwd: root,
          env: { ...env, ...variables },
          onStart,
        })),
    )
  }
  await awaitServices({ dataDir, services, processes, signal })
  return { environment: describeEnvironment(shown), processes: [...platform, ...mediaServer, ...processes] }
}

const awaitServices = async ({
  dataDir,
  services,
  processes,
  signal,
}: {
  dataDir: string
  services: readonly Service[]
  processes: ReadonlyArray<ProcessRecord | StartedProcess>
  signal: AbortSignal
}): Promise<void> => {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const waits = processes.map((started) => {
    const adminPort = started.ports[services.find(({ name }) => name === started.name)?.adminPort ?? ''] ?? 0
    return awaitReady({
      dataDir,
      started,
      isReady: (over) => isServiceReady(adminPort, over),
      deadlineMs: readyWithinMs,
      signal: either,
    })
  })
  try {
    await Promise.all(waits)
  } catch (error) {
    failed.abort()
    await Promise.allSettled(waits)
    throw error
  }
}

/** Stops everything that runs in a DATA_DIR, by pid: services, media server, registry, brokers, in this order. The caller holds the lock. */
export const stopSystem = async (dataDir: string, say: Say): Promise<void> => {
  const records = await listProcesses(dataDir)
  const parts = records.filter(({ name }) => name !== foregroundName)
  if (parts.length > 0) say(`stopping ${parts.map(({ name }) => name).join(', ')} …`)
  const stop = async (name: string): Promise<void> => {
    const how = await stopProcess({ dataDir, name, graceMs })
    if (how === 'killed') say(`${name} did not stop within ${graceMs / 1000} s and was killed`)
  }
  const others: readonly string[] = [mediaServerName, registryName, ...brokerNames]
  await Promise.all(parts.filter(({ name }) => !others.includes(name)).map(({ name }) => stop(name)))
  await stop(mediaServerName)
  await stopPlatform(dataDir)
  await removeStaleRecords(dataDir)
}
