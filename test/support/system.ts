import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOwner } from '../../deploy/local/owner.ts'
import { findProcess, logFile, stopProcess } from '../../deploy/local/processes.ts'
import { services } from '../../deploy/local/services.ts'
import { setup } from '../../deploy/local/setup.ts'
import { startSystem, stopSystem } from '../../deploy/local/system.ts'
import type { Environment } from '../../deploy/local/environment.ts'
import { silentLog } from '../../services/shared/log.ts'
import { choosePlatform } from '../containers/choose-platform.ts'
import { createAppServer } from './app-server.ts'
import type { AppServer } from './app-server.ts'
import { createAnswerCheck } from './check-answer.ts'
import { checkLine } from './check-line.ts'
import { joinRooms } from './edge-client.ts'
import type { EdgeClient } from './edge-client.ts'
import { startOwnPlatform, type StartedPlatform } from './kafka.ts'
import { metricSum } from './metric-sum.ts'
import { readMetrics } from './read-metrics.ts'

export type ServiceName = 'ingest' | 'state-machine' | 'mixer' | 'edge'
export type Variables = Readonly<Record<string, string>>

/** A whole roomcast of processes on free ports, for tests. */
export type TestSystem = {
  readonly environment: Environment
  readonly dataDir: string
  readonly app: AppServer
  /** A client that is connected and subscribed. */
  readonly join: (uid: string, ...rooms: readonly string[]) => Promise<EdgeClient>
  /** Ends a service and starts it with other variables; resolves when everything is ready again. */
  readonly restart: (
    service: ServiceName,
    options?: { signal?: 'SIGTERM' | 'SIGKILL'; env?: Variables },
  ) => Promise<void>
  /** Prometheus' text of a service. */
  readonly metrics: (service: ServiceName) => Promise<string>
  /** The sum of a metric's samples whose labels contain these, as `action="stop"`; 0 when there is none. */
  readonly metric: (service: ServiceName, name: string, ...labels: readonly string[]) => Promise<number>
  /** Everything that the services have written to their logs. */
  readonly readLogs: () => Promise<ReadonlyMap<string, string>>
  /** Ends all processes by their pids and removes the data. */
  readonly stop: () => Promise<void>
}

const adminVariables: Readonly<Record<ServiceName, string>> = {
  ingest: 'INGEST_ADMIN_PORT',
  'state-machine': 'STATE_MACHINE_ADMIN_PORT',
  mixer: 'MIXER_ADMIN_PORT',
  edge: 'EDGE_ADMIN_PORT',
}
const startDeadlineMs = 120_000
const graceMs = 15_000

const anyFreePorts = (): Variables =>
  Object.fromEntries(
    ['KAFKA_PORT', 'REGISTRY_PORT', ...services.flatMap(({ ports }) => Object.keys(ports))].map((name) => [name, '0']),
  )

/** The containers of a system that wants a broker of its own; undefined where that is a process, which the system starts itself. */
const startContainers = async (): Promise<StartedPlatform | undefined> =>
  choosePlatform(process.env) === 'local' ? undefined : startOwnPlatform()

/**
 * Starts broker, registry and services with a DATA_DIR of their own; with KAFKA_BROKERS and SCHEMA_REGISTRY_URL in `base`, those
 * are used unless `isIsolated`; without them it is processes. The topics have fixed names, so two systems on one broker share their
 * rooms: use ids of your own.
 * Everything ends with this process, even when it is killed.
 */
export const startTestSystem = async ({
  base: given,
  isIsolated = false,
  env = {},
}: {
  /** The environment to start from: process.env of the test. */
  base: Readonly<Record<string, string | undefined>>
  /** A broker of its own on the platform of the run, where rooms and records of other tests would count. */
  isIsolated?: boolean
  env?: Variables
}): Promise<TestSystem> => {
  const own = isIsolated ? await startContainers() : undefined
  const place = { KAFKA_BROKERS: own?.brokers.join(','), SCHEMA_REGISTRY_URL: own?.registryUrl }
  const base = isIsolated ? { ...given, ...place } : given
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-'))
  const owner = createOwner()
  let variables: Variables = { ...anyFreePorts(), LOG_LEVEL: 'info', ...env }

  const start = async (): Promise<Environment> => {
    const { environment } = await startSystem({
      env: { ...base, ...variables, DATA_DIR: dataDir },
      services,
      setup,
      isShortLived: true,
      log: silentLog,
      say: () => {},
      onStart: owner.add,
      signal: AbortSignal.timeout(startDeadlineMs),
    })
    return environment
  }
  const metrics = async (service: ServiceName): Promise<string> => {
    const port = (await findProcess(dataDir, service))?.ports[adminVariables[service]]
    return readMetrics(`http://127.0.0.1:${port}`)
  }
  const stop = async (): Promise<void> => {
    await stopSystem(dataDir, () => {})
    await own?.stop()
    owner.release()
    await rm(dataDir, { recursive: true, force: true })
  }

  let environment: Environment
  try {
    environment = await start()
  } catch (error) {
    await stop()
    throw error
  }
  const { ingestUrl, edgeUrl, ingestApiKey, edgeJwtSecret = '' } = environment

  return {
    environment,
    dataDir,
    app: createAppServer({
      url: ingestUrl,
      apiKey: ingestApiKey,
      callbackKey: environment.variables['ALI_CALLBACK_KEY'],
      check: createAnswerCheck('openapi-ingest.generated.json'),
    }),
    join: (uid, ...rooms) => joinRooms({ url: edgeUrl, secret: edgeJwtSecret, uid, rooms, check: checkLine }),
    restart: async (service, { signal = 'SIGTERM', env: changed = {} } = {}) => {
      const running = await findProcess(dataDir, service)
      if (running !== undefined && signal === 'SIGKILL') process.kill(running.pid, 'SIGKILL')
      await stopProcess({ dataDir, name: service, graceMs })
      variables = { ...variables, ...changed }
      await start()
    },
    metrics,
    metric: async (service, name, ...labels) => metricSum(await metrics(service), name, ...labels),
    readLogs: async () => {
      const names = (await readdir(join(dataDir, 'log'))).map((file) => file.replace(/\.log.*$/, ''))
      const logs = names.map(async (name) => [name, await readFile(logFile(dataDir, name), 'utf8')] as const)
      return new Map(await Promise.all(logs))
    },
    stop,
  }
}
