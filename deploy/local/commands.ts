import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../services/shared/log.ts'
import { brokerNames, readBrokerCount } from './cluster.ts'
import { readVariables } from './environment.ts'
import { PlatformError } from './error.ts'
import type { Say } from './say.ts'
import { withLock } from './lock.ts'
import { isMediaReady } from './media.ts'
import { mediaServerName } from './media-server.ts'
import { findProcess, isAlive, recordProcess, stopProcess, type ProcessRecord } from './processes.ts'
import { describeFailure, tellEnd } from './ready.ts'
import type { Service } from './services.ts'
import { readDataDir, wantsMedia, type Env } from './settings.ts'
import type { Setup } from './setup.ts'
import { foregroundName, isServiceReady, startSystem, stopSystem, type System } from './system.ts'
import { describeSystem } from './table.ts'

export type CommandOptions = {
  readonly env: Env
  readonly services: readonly Service[]
  readonly setup: Setup
  readonly log: Log
  readonly say: Say
  /** Aborted when the person wants to stop. */
  readonly signal: AbortSignal
}

const start = (options: CommandOptions, command: string): Promise<System> => {
  const { env, say, signal } = options
  return withLock({ dataDir: readDataDir(env), command, say, signal }, () => startSystem(options))
}

const showTable = ({ env, say }: CommandOptions, { environment }: System): void =>
  say(describeSystem(environment, join(readDataDir(env), 'keys.json')))

/** Starts what is missing, in the background. */
export const up = async (options: CommandOptions): Promise<void> => {
  const system = await start(options, 'up')
  showTable(options, system)
}

const foregroundStopsWithinMs = 60_000

/** Stops everything of the DATA_DIR: a `run` in the foreground is told to do it itself, what is left is stopped here. */
export const down = async ({ env, say, signal }: CommandOptions): Promise<void> => {
  const dataDir = readDataDir(env)
  const foreground = await findProcess(dataDir, foregroundName)
  if (foreground !== undefined) {
    say(`telling the run in the foreground to stop (pid ${foreground.pid}) …`)
    await stopProcess({ dataDir, name: foregroundName, graceMs: foregroundStopsWithinMs })
  }
  await withLock({ dataDir, command: 'down', say, signal }, () => stopSystem(dataDir, say))
  say('nothing runs')
}

const lookEveryMs = 250

/** Waits until one of the processes has ended: that one. */
const findEnded = async (processes: readonly ProcessRecord[], signal: AbortSignal): Promise<ProcessRecord> => {
  for (;;) {
    for (const process of processes) if (!(await isAlive(process))) return process
    await sleep(lookEveryMs, undefined, { signal })
  }
}

/** Starts what is missing, stays in the foreground, and stops everything at the end or when a part of it has died. */
export const run = async (options: CommandOptions): Promise<void> => {
  const { env, say, signal } = options
  const dataDir = readDataDir(env)
  const earlier = await findProcess(dataDir, foregroundName)
  if (earlier !== undefined) throw new PlatformError(`roomcast runs already in the foreground, pid ${earlier.pid}`)
  const self = { name: foregroundName, pid: process.pid, ports: {}, command: process.argv }
  await recordProcess(dataDir, self)
  try {
    const system = await start(options, 'run')
    showTable(options, system)
    say('Ctrl-C stops everything')
    const ended = await findEnded(system.processes, signal)
    throw await describeFailure(dataDir, ended.name, await tellEnd(ended))
  } finally {
    // Not with the signal of above: it is most often aborted now.
    await withLock({ dataDir, command: 'run', say }, () => stopSystem(dataDir, say))
    await rm(join(dataDir, 'run', `${foregroundName}.json`), { force: true })
  }
}

/** Says what runs; false when a service does not, or is not ready. */
export const status = async ({ env, services, say, signal }: CommandOptions): Promise<boolean> => {
  const dataDir = readDataDir(env)
  let isComplete = true
  for (const { name, adminPort } of services) {
    const record = await findProcess(dataDir, name)
    const isReady = record !== undefined && (await isServiceReady(record.ports[adminPort] ?? 0, signal))
    isComplete &&= isReady
    say(tellOf(name, record, isReady))
  }
  if (wantsMedia((await readVariables(dataDir)) ?? {})) {
    const record = await findProcess(dataDir, mediaServerName)
    const isReady = record !== undefined && (await isMediaReady(record.ports, signal))
    isComplete &&= isReady
    say(tellOf(mediaServerName, record, isReady))
  }
  const brokers = brokerNames.slice(0, await readBrokerCount(dataDir))
  for (const name of ['registry', ...brokers]) say(`${name}: ${describe(await findProcess(dataDir, name))}`)
  return isComplete
}

const tellOf = (name: string, record: ProcessRecord | undefined, isReady: boolean): string =>
  `${name}: ${describe(record)}${record === undefined || isReady ? '' : ', not ready'}`

const describe = (record: ProcessRecord | undefined): string => {
  if (record === undefined) return 'does not run here'
  const ports = Object.entries(record.ports).map(([variable, port]) => `${variable} ${port}`)
  return `pid ${record.pid}, ${ports.join(', ')}`
}
