import { spawn, type ChildProcess } from 'node:child_process'
import { dirname, delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

const running = new Set<ChildProcess>()

/**
 * Starts a program of the project in a process group of its own, so that whatever it starts can be ended with it.
 * Its stdin is empty; its tools find the Node.js that runs this.
 */
export const start = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const path = [`${root}node_modules/.bin`, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)
  // Set by `node --test`; a test file would then report to a runner that is not there.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...inherited, NODE_COMPILE_CACHE: `${root}.cache/compiled`, ...env, PATH: path },
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Signals a child and everything in its group; nothing when they are gone. */
export const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Ends a child and its group: SIGTERM, and SIGKILL after 5 s. */
export const end = (child: ChildProcess): void => {
  signalGroup(child, 'SIGTERM')
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), 5_000)
  child.once('exit', () => clearTimeout(timer))
}

/** Aborted when the run is interrupted; nothing new is started then. */
export const interrupted = new AbortController()

/** On Ctrl-C, SIGTERM and SIGHUP ends every child that still runs; what waits for them then unwinds as always. */
export const endChildrenOnSignal = (): void => {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => {
      process.exitCode = exitCode
      interrupted.abort()
      running.forEach(end)
    })
  }
}

/** Collects what a child prints, the last 256 KiB of it. */
export const collectOutput = (): { readonly add: (text: string) => void; readonly text: () => string } => {
  const limit = 262_144
  let text = ''
  return {
    add: (more) => {
      text = (text + more).slice(-limit)
    },
    text: () => text,
  }
}
