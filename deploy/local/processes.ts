import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { isSystemError } from './error.ts'
import { isPresent, readIfPresent, readJson, writeJson } from './files.ts'
import { waitUntil } from './wait.ts'

/** What is written down of a process, in DATA_DIR/run/<name>.json. */
const ProcessRecord = z.object({
  name: z.string(),
  pid: z.number().int().positive(),
  /** When the process started, as the system tells it: pid and start time together are never those of another process. */
  startTime: z.string(),
  /** Environment variable → port. */
  ports: z.record(z.string(), z.number().int()),
  command: z.array(z.string()),
})
export type ProcessRecord = Readonly<z.infer<typeof ProcessRecord>>

export type StartedProcess = ProcessRecord & {
  /** Resolves when it ends, to how: `exit code 1` or `signal SIGKILL`. */
  readonly ended: Promise<string>
}

export const logFile = (dataDir: string, name: string): string => join(dataDir, 'log', `${name}.log`)
const recordFile = (dataDir: string, name: string): string => join(dataDir, 'run', `${name}.json`)

/**
 * The start time of a process that runs; undefined for one that does not (a zombie runs no more).
 * On Linux field 22 of /proc/<pid>/stat, in clock ticks since boot; elsewhere what ps says.
 */
export const readStartTime = async (pid: number): Promise<string | undefined> => {
  if (process.platform !== 'linux') return askPs(pid)
  const stat = await readIfPresent(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The command, in brackets, may hold spaces and brackets itself: count the fields from its end. State is field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}

const askPs = async (pid: number): Promise<string | undefined> => {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])
    const [state = '', ...started] = stdout.trim().split(/\s+/)
    return state === '' || state.startsWith('Z') ? undefined : started.join(' ')
  } catch (error) {
    // ps exits with 1 when there is no such process.
    if (error instanceof Error && 'code' in error && error.code === 1) return undefined
    throw error
  }
}

export const isAlive = async ({ pid, startTime }: Pick<ProcessRecord, 'pid' | 'startTime'>): Promise<boolean> =>
  (await readStartTime(pid)) === startTime

/** The record of a process that runs; undefined when there is none, or a stale one: its process is gone, its pid perhaps another's. */
export const findProcess = async (dataDir: string, name: string): Promise<ProcessRecord | undefined> => {
  const parsed = ProcessRecord.safeParse(await readJson(recordFile(dataDir, name)))
  return parsed.success && (await isAlive(parsed.data)) ? parsed.data : undefined
}

/** Writes down a process that this call did not start, for example the caller itself. */
export const recordProcess = async (
  dataDir: string,
  record: Omit<ProcessRecord, 'startTime'>,
): Promise<ProcessRecord> => {
  const complete = { ...record, startTime: (await readStartTime(record.pid)) ?? 'ended' }
  await writeJson(recordFile(dataDir, record.name), complete)
  return complete
}

const maxLogBytes = 20 * 1024 * 1024

/** Opens a log for appending. One that has grown too large becomes <name>.log.1, whose earlier content is dropped. */
const openLog = async (dataDir: string, name: string) => {
  const path = logFile(dataDir, name)
  await mkdir(join(dataDir, 'log'), { recursive: true })
  if ((await isPresent(path)) && (await stat(path)).size > maxLogBytes) await rename(path, `${path}.1`)
  return open(path, 'a', 0o600)
}

/**
 * Starts a process that outlives its starter: in its own session (a Ctrl-C at the terminal does not reach it), with nothing of the
 * caller's stdin, stdout and stderr, writing to DATA_DIR/log/<name>.log, and written down in DATA_DIR/run/<name>.json.
 */
export const startProcess = async ({
  dataDir,
  name,
  command,
  ports,
  cwd,
  env,
  onStart = () => {},
}: {
  readonly dataDir: string
  readonly name: string
  readonly command: readonly [string, ...string[]]
  readonly ports: Readonly<Record<string, number>>
  readonly cwd?: string | undefined
  /** The whole environment; without it the caller's own. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Called with the pid in the very moment in which it is known. */
  readonly onStart?: ((pid: number) => void) | undefined
}): Promise<StartedProcess> => {
  const log = await openLog(dataDir, name)
  try {
    const [program, ...args] = command
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', log.fd, log.fd] })
    if (child.pid !== undefined) onStart(child.pid)
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
    })
    if (child.pid === undefined) await once(child, 'spawn')
    child.unref()
    const record = await recordProcess(dataDir, {
      name,
      pid: child.pid ?? 0,
      ports: { ...ports },
      command: [...command],
    })
    return { ...record, ended }
  } finally {
    await log.close()
  }
}

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error
  }
}

const killedWithinMs = 5000

/**
 * Stops a process of this DATA_DIR by its pid: SIGTERM, then after `graceMs` SIGKILL to it and all it started.
 * Resolves when it is gone: to how it went, or to `absent` when it did not run.
 */
export const stopProcess = async ({
  dataDir,
  name,
  graceMs,
}: {
  readonly dataDir: string
  readonly name: string
  readonly graceMs: number
}): Promise<'absent' | 'stopped' | 'killed'> => {
  const record = await findProcess(dataDir, name)
  if (record === undefined) {
    await rm(recordFile(dataDir, name), { force: true })
    return 'absent'
  }
  const isGone = async (): Promise<boolean> => !(await isAlive(record))
  send(record.pid, 'SIGTERM')
  const obeyed = await waitUntil(isGone, { deadlineMs: graceMs, everyMs: 20 })
  if (!obeyed) {
    send(-record.pid, 'SIGKILL')
    const gone = await waitUntil(isGone, { deadlineMs: killedWithinMs, everyMs: 20 })
    if (!gone) throw new Error(`pid ${record.pid} (${name}) does not end on SIGKILL`)
  }
  await rm(recordFile(dataDir, name), { force: true })
  return obeyed ? 'stopped' : 'killed'
}

/** Every record of a DATA_DIR, of processes that run and of those that do not any more. */
const readRecords = async (dataDir: string): Promise<readonly ProcessRecord[]> => {
  const folder = join(dataDir, 'run')
  if (!(await isPresent(folder))) return []
  const values = await Promise.all((await readdir(folder)).map((file) => readJson(join(folder, file))))
  return values.map((value) => ProcessRecord.safeParse(value).data).filter((record) => record !== undefined)
}

/** Everything that has a record in this DATA_DIR and runs. */
export const listProcesses = async (dataDir: string): Promise<readonly ProcessRecord[]> => {
  const records = await readRecords(dataDir)
  const alive = await Promise.all(records.map(isAlive))
  return records.filter((_, index) => alive[index])
}

/** Removes the records of processes that have gone without their starter's doing. The caller holds the lock. */
export const removeStaleRecords = async (dataDir: string): Promise<void> => {
  for (const record of await readRecords(dataDir)) {
    if (!(await isAlive(record))) await rm(recordFile(dataDir, record.name), { force: true })
  }
}
