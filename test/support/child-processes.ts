import { readdir } from 'node:fs/promises'
import { readIfPresent } from '../../deploy/local/files.ts'
import { readStartTime } from '../../deploy/local/processes.ts'

/** A process by pid and start time, which together are never another's. */
export type Child = { readonly pid: number; readonly startTime: string; readonly command: string }

/** The processes that a process has started and that still run, and those that they have started. Needs /proc; elsewhere none. */
export const findChildren = async (parent: number): Promise<readonly Child[]> => {
  if (process.platform !== 'linux') return []
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const parents = new Map<number, number>()
  for (const pid of pids) {
    const stat = await readIfPresent(`/proc/${pid}/stat`)
    // After the command in brackets: state, parent.
    const [, of] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
    if (of !== undefined) parents.set(pid, Number(of))
  }
  const isBelow = (pid: number): boolean => {
    const above = parents.get(pid)
    return above !== undefined && above !== 0 && (above === parent || isBelow(above))
  }
  const children = pids.filter(isBelow).map(async (pid) => ({
    pid,
    startTime: (await readStartTime(pid)) ?? '',
    command: ((await readIfPresent(`/proc/${pid}/comm`)) ?? '').trim(),
  }))
  return (await Promise.all(children)).filter(({ startTime }) => startTime !== '')
}
