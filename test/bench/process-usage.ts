import { readFile } from 'node:fs/promises'

/** What a process has used so far. */
export type ProcessUsage = { readonly cpuSeconds: number; readonly rssBytes: number; readonly peakRssBytes: number }

/** The unit of times in /proc as programs see it, on every platform of Linux. */
const ticksPerSecond = 100

/** User and system time of proc_pid_stat(5), fields 14 and 15, of all threads, in seconds. */
export const parseCpuSeconds = (stat: string): number => {
  // The command, in brackets, may hold spaces and brackets itself: the fields are counted from its end, where field 3 begins.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** A size of proc_pid_status(5), for example VmRSS, in bytes; 0 where it is not named. */
export const parseBytes = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024

/** Busy time of all processors of the machine, in seconds, by the first line of proc_stat(5): all but idle and iowait. */
export const parseBusySeconds = (stat: string): number => {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] =
    /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? []
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond
}

/** Rejects when there is no such process (any more). */
export const readProcessUsage = async (pid: number): Promise<ProcessUsage> => {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ])
  return {
    cpuSeconds: parseCpuSeconds(stat),
    rssBytes: parseBytes(status, 'VmRSS'),
    peakRssBytes: parseBytes(status, 'VmHWM'),
  }
}

export const readBusySeconds = async (): Promise<number> => parseBusySeconds(await readFile('/proc/stat', 'utf8'))
