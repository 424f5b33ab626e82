import { readdir, readFile } from 'node:fs/promises'
import { kill } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../shared/fault.ts'
import { markVariable } from './ffmpeg.ts'

const goneWithinMs = 5_000
const lookAgainMs = 50

/**
 * Ends what a killed mixer left behind: processes with its mark in their environment. They would end by themselves when their pipes
 * break, but one that is stopped, or waits for a server, can stay for long. Resolves to how many there were, when they are gone; throws
 * the fault STALLED when one of them does not go. Sees them where the system has /proc (Linux); elsewhere it finds none.
 */
export const endLeftovers = async (mark: string, signal: AbortSignal): Promise<number> => {
  const found = await findMarked(mark)
  for (const pid of found) killIfPresent(pid)
  const endsAt = performance.now() + goneWithinMs
  for (let left = found; left.length > 0; left = await findMarked(mark)) {
    if (performance.now() > endsAt)
      throw new Fault('STALLED', `processes of an earlier mixer do not end: pid ${left.join(', ')}`)
    await sleep(lookAgainMs, undefined, { signal })
  }
  return found.length
}

const killIfPresent = (pid: number): void => {
  try {
    kill(pid, 'SIGKILL')
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error
  }
}

/** The pids of all processes of this user that have the mark. */
const findMarked = async (mark: string): Promise<readonly number[]> => {
  const names = await listProcesses()
  const marked = await Promise.all(names.map((name) => isMarked(name, mark)))
  return names.filter((_, index) => marked[index]).map(Number)
}

const listProcesses = async (): Promise<readonly string[]> => {
  try {
    return (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

/** A zombie has no environment any more. */
const isMarked = async (pid: string, mark: string): Promise<boolean> => {
  try {
    const variables = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
    return variables.includes(`${markVariable}=${mark}`)
  } catch (error) {
    // Another user's, or gone meanwhile.
    if (hasCode(error, 'EACCES', 'EPERM', 'ENOENT', 'ESRCH')) return false
    throw error
  }
}

const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))
