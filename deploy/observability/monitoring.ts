import { join } from 'node:path'
import { isAnswered } from '../local/answers.ts'
import { PlatformError } from '../local/error.ts'
import type { Environment } from '../local/environment.ts'
import { createOwner } from '../local/owner.ts'
import { checkPortFree, findFreePort } from '../local/ports.ts'
import { findProcess, startProcess, stopProcess, type StartedProcess } from '../local/processes.ts'
import { awaitReady } from '../local/ready.ts'
import { services } from '../local/services.ts'
import { assetsFolder, layOut, type Targets } from './lay-out.ts'
import { findMonitoringTools } from './monitoring-tools.ts'

/** Prometheus and Alertmanager beside a system that runs on this machine. */
export type Monitoring = {
  readonly prometheusUrl: string
  readonly alertmanagerUrl: string
  readonly processes: readonly StartedProcess[]
  /** Where everything of them is kept; also the DATA_DIR of their records and logs. */
  readonly folder: string
  /** Stops both, by their pids. */
  readonly stop: () => Promise<void>
}

const host = '127.0.0.1'
const readyWithinMs = 60_000
const answersWithinMs = 2_000
const graceMs = 10_000

const isReady = (url: string, signal: AbortSignal): Promise<boolean> =>
  isAnswered(`${url}/-/ready`, { withinMs: answersWithinMs, signal })

/** The admin ports of a system's services. */
const targetsOf = ({ variables }: Environment): Targets =>
  Object.fromEntries(services.map(({ name, adminPort }) => [name, [`${host}:${variables[adminPort]}`]]))

const choosePort = async (port: number, variable: string, user: string): Promise<number> => {
  if (port === 0) return findFreePort()
  await checkPortFree({ port, variable, user })
  return port
}

/**
 * Starts Prometheus and Alertmanager with our rules and the services of `environment` as targets, all on 127.0.0.1, everything under
 * DATA_DIR/observability; resolves when both are ready. They end with this process, even when it is killed.
 * Throws a PlatformError when a program is missing, a port is taken, they run already, or one does not come up.
 */
export const startMonitoring = async ({
  dataDir,
  environment,
  ports,
  scale = 1,
  signal,
}: {
  readonly dataDir: string
  readonly environment: Environment
  /** 0: any free one. */
  readonly ports: { readonly prometheus: number; readonly alertmanager: number }
  /** Of every pause in the rules and configurations, for tests. */
  readonly scale?: number
  readonly signal?: AbortSignal | undefined
}): Promise<Monitoring> => {
  const tools = await findMonitoringTools()
  const folder = join(dataDir, 'observability')
  for (const name of ['prometheus', 'alertmanager']) {
    const running = await findProcess(folder, name)
    if (running !== undefined) throw new PlatformError(`${name} of this DATA_DIR runs already, pid ${running.pid}`)
  }
  const alertmanagerPort = await choosePort(ports.alertmanager, 'ALERTMANAGER_PORT', 'Alertmanager')
  const prometheusPort = await choosePort(ports.prometheus, 'PROMETHEUS_PORT', 'Prometheus')
  const alertmanager = `${host}:${alertmanagerPort}`
  const prometheus = `${host}:${prometheusPort}`
  const prometheusUrl = `http://${prometheus}`
  const targets = { ...targetsOf(environment), alertmanager: [alertmanager] }
  await layOut({ folder, targets, prometheusUrl, scale })

  const owner = createOwner()
  const stop = async (): Promise<void> => {
    for (const name of ['prometheus', 'alertmanager']) await stopProcess({ dataDir: folder, name, graceMs })
    owner.release()
  }
  const start = async (
    name: string,
    address: string,
    command: readonly [string, ...string[]],
    port: Readonly<Record<string, number>>,
  ): Promise<StartedProcess> => {
    const started = await startProcess({ dataDir: folder, name, command, ports: port, cwd: folder, onStart: owner.add })
    await awaitReady({
      dataDir: folder,
      started,
      isReady: (over) => isReady(`http://${address}`, over),
      deadlineMs: readyWithinMs,
      signal,
    })
    return started
  }
  try {
    const processes = [
      await start(
        'alertmanager',
        alertmanager,
        [
          tools.alertmanager,
          `--config.file=${join(folder, 'alertmanager.yml')}`,
          `--storage.path=${join(folder, 'alertmanager-data')}`,
          `--web.listen-address=${alertmanager}`,
          // Empty: no port for a cluster of them.
          '--cluster.listen-address=',
        ],
        { ALERTMANAGER_PORT: alertmanagerPort },
      ),
      await start(
        'prometheus',
        prometheus,
        [
          tools.prometheus,
          `--config.file=${join(folder, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(folder, 'prometheus-data')}`,
          '--storage.tsdb.retention.time=7d',
          '--storage.tsdb.retention.size=1GB',
          `--web.listen-address=${prometheus}`,
          `--web.user-assets=${join(folder, assetsFolder)}`,
        ],
        { PROMETHEUS_PORT: prometheusPort },
      ),
    ]
    return {
      prometheusUrl,
      alertmanagerUrl: `http://${alertmanager}`,
      processes,
      folder,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
