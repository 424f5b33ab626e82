import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { isSystemError, PlatformError } from './error.ts'
import { readIfPresent } from './files.ts'

const listenOnce = (port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve()))
  })

/** True when nobody listens on the port, on any address of this machine. */
export const isPortFree = async (port: number): Promise<boolean> => {
  try {
    await listenOnce(port, '::')
    return true
  } catch (error) {
    if (isSystemError(error, 'EADDRINUSE', 'EACCES')) return false
    if (!isSystemError(error, 'EAFNOSUPPORT', 'EADDRNOTAVAIL')) throw error
  }
  try {
    await listenOnce(port, '0.0.0.0')
    return true
  } catch (error) {
    if (isSystemError(error, 'EADDRINUSE', 'EACCES')) return false
    throw error
  }
}

/**
 * Ports below those that the system gives to outgoing connections (32768 and up on Linux): else a client's own socket could
 * take the port in the moment between choosing it and listening on it.
 */
const lowest = 20_000
const highest = 31_999

/** Any free port that is not among `taken`. */
export const findFreePort = async (taken: ReadonlySet<number> = new Set()): Promise<number> => {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1))
    if (!taken.has(port) && (await isPortFree(port))) return port
  }
  throw new PlatformError(`found no free port between ${lowest} and ${highest}`)
}

const listening = '0A'

/** The inodes of the sockets that listen on a port, from the tables of proc_pid_net(5): local address, state, inode. */
const socketsListeningOn = async (port: number): Promise<ReadonlySet<string>> => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(readIfPresent))
  const inodes = tables
    .flatMap((table) => (table ?? '').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) === true && columns[3] === listening)
    .map((columns) => `socket:[${columns[9]}]`)
  return new Set(inodes)
}

/** What one may not read of another user's processes, or what has just gone. */
const isOutOfSight = (error: unknown): boolean => isSystemError(error, 'EACCES', 'EPERM', 'ENOENT', 'ESRCH')

/** Whether a process has one of the sockets; descriptors that close meanwhile are passed over. */
const holdsOneOf = async (pid: string, sockets: ReadonlySet<string>): Promise<boolean> => {
  const targets = await Promise.allSettled(
    (await readdir(`/proc/${pid}/fd`)).map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`)),
  )
  return targets.some((target) => target.status === 'fulfilled' && sockets.has(target.value))
}

/** Who listens on a port: pid and command. Undefined where that cannot be seen (another user's process, no /proc). */
export const findPortHolder = async (
  port: number,
): Promise<{ readonly pid: number; readonly command: string } | undefined> => {
  const sockets = await socketsListeningOn(port)
  if (sockets.size === 0) return undefined
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    try {
      if (!(await holdsOneOf(pid, sockets))) continue
      const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim()
      return { pid: Number(pid), command }
    } catch (error) {
      if (!isOutOfSight(error)) throw error
    }
  }
  return undefined
}

const shortest = (command: string): string => (command.length > 120 ? `${command.slice(0, 119)}…` : command)

/** Throws a PlatformError that names the port, its holder and the variable to change, unless the port is free. */
export const checkPortFree = async ({
  port,
  variable,
  user,
}: {
  readonly port: number
  /** The environment variable that chooses another port. */
  readonly variable: string
  /** Who wants to listen on it. */
  readonly user: string
}): Promise<void> => {
  if (await isPortFree(port)) return
  const holder = await findPortHolder(port)
  const by = holder === undefined ? 'by another process' : `by pid ${holder.pid} (${shortest(holder.command)})`
  throw new PlatformError(
    `port ${port} for ${user} is taken ${by}: stop that, or choose another port with ${variable} (0 = any free one)`,
  )
}
