// Prometheus and Alertmanager beside a running system, in the foreground: `make watch`.
import { z } from 'zod'
import { port, readConfig } from '../../services/shared/config.ts'
import { Fault } from '../../services/shared/fault.ts'
import { pause } from '../../services/shared/waiting.ts'
import { PlatformError } from '../local/error.ts'
import { readEnvironment } from '../local/environment.ts'
import { isAlive } from '../local/processes.ts'
import { describeFailure, tellEnd } from '../local/ready.ts'
import { readDataDir, type Env } from '../local/settings.ts'
import type { Say } from '../local/say.ts'
import { startMonitoring, type Monitoring } from './monitoring.ts'

const lookEveryMs = 250

/** Stays until the signal aborts; throws when one of the two ends before. */
const stay = async ({ processes, folder }: Monitoring, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    for (const started of processes) {
      if (!(await isAlive(started))) throw await describeFailure(folder, started.name, await tellEnd(started))
    }
    await pause(lookEveryMs, signal)
  }
}

/** Watches the system of DATA_DIR until the signal aborts. */
export const watch = async ({ env, say, signal }: { env: Env; say: Say; signal: AbortSignal }): Promise<void> => {
  const { PROMETHEUS_PORT, ALERTMANAGER_PORT } = readConfig(
    z.object({ PROMETHEUS_PORT: port(9090), ALERTMANAGER_PORT: port(9093) }),
    env,
  )
  const dataDir = readDataDir(env)
  const environment = await readEnvironment(dataDir)
  if (environment === undefined) {
    throw new PlatformError(`nothing was started in ${dataDir} yet: start a system first, with make run or make up`)
  }
  const monitoring = await startMonitoring({
    dataDir,
    environment,
    ports: { prometheus: PROMETHEUS_PORT, alertmanager: ALERTMANAGER_PORT },
    signal,
  })
  try {
    say(`  Prometheus    ${monitoring.prometheusUrl}/alerts`)
    say(`  Alertmanager  ${monitoring.alertmanagerUrl}`)
    say('  what an alert means and what to do: its runbook_url, or deploy/RUNBOOK.md')
    say(`  their files and logs: ${monitoring.folder}`)
    say('Ctrl-C stops both')
    await stay(monitoring, signal)
  } finally {
    await monitoring.stop()
  }
}

if (import.meta.main) {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  try {
    await watch({ env: process.env, say: (line) => console.log(line), signal: stop.signal })
  } catch (error) {
    if (!stop.signal.aborted) {
      console.error(error instanceof PlatformError || error instanceof Fault ? `\nwatch: ${error.message}` : error)
      process.exitCode = 1
    }
  }
}
