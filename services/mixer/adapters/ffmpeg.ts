import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'
import { createStderrTail } from './ffmpeg-stderr.ts'

export type FfmpegOptions = {
  /** Where programs are looked for, as in PATH. */
  readonly searchPath: string
  /** Marks every process in its environment, so that a later mixer finds what this one left: its own folder, absolute. */
  readonly mark: string
  /** Address space of each process. */
  readonly maxMemoryBytes: number
  /** Processor time of each process. */
  readonly maxCpuSeconds: number
}

/** The environment variable in which the mark stands. */
export const markVariable = 'ROOMCAST_MIXER'

/**
 * Sets the limits and becomes ffmpeg, under the same pid. A limit that cannot be set ends it: rather no mix than one without limits.
 * Mixing gives way to whatever else the machine has to do.
 */
const limited = 'ulimit -c 0; ulimit -v "$1" && ulimit -t "$2" && shift 2 && exec nice -n 5 ffmpeg "$@"'

export type FfmpegProcess = {
  readonly pid: number | undefined
  /** By file descriptor as ffmpeg sees it, for example `pipe:3`. */
  readonly pipe: (descriptor: number) => Socket
  /** Resolves when it is gone and all it wrote has been read, to the end of what it said. Never rejects. */
  readonly ended: Promise<string>
  readonly signal: (name: 'SIGTERM' | 'SIGKILL') => void
}

export type StartFfmpeg = (args: readonly string[], pipes: number) => FfmpegProcess

/**
 * Starts ffmpeg processes with `pipes` pipes from descriptor 1 on, but for 2, of whose text the end is kept. They get nothing of this
 * process's environment but the search path, and end by themselves soon after it: their pipes break.
 */
export const createStartFfmpeg =
  ({ searchPath, mark, maxMemoryBytes, maxCpuSeconds }: FfmpegOptions): StartFfmpeg =>
  (args, pipes) => {
    const limits = [String(Math.floor(maxMemoryBytes / 1024)), String(Math.ceil(maxCpuSeconds))]
    const child = spawn('sh', ['-c', limited, 'sh', ...limits, ...quiet, ...args], {
      env: { PATH: searchPath, [markVariable]: mark, MALLOC_ARENA_MAX: '1' },
      stdio: ['ignore', 'pipe', 'pipe', ...Array.from({ length: pipes - 1 }, () => 'pipe' as const)],
      // A Ctrl-C at the terminal is for the service, which ends its mixes in order.
      detached: true,
    })
    const said = createStderrTail()
    child.stderr?.on('data', said.add)
    const ended = new Promise<string>((resolve) => {
      child.once('error', ({ message }) => resolve(message))
      child.once('close', (code, name) => resolve(`${name ?? `exit code ${code}`}: ${said.text()}`))
    })
    return {
      pid: child.pid,
      pipe: (descriptor) => socketOf(child, descriptor),
      ended,
      signal: (name) => void child.kill(name),
    }
  }

/** Arguments that hold no spaces, written as one would type them. */
export const words = (line: string): readonly string[] => line.split(' ')

const quiet = words('-hide_banner -nostdin -nostats -loglevel warning')

/** One end of a pipe. Errors of a pipe say only what `ended` says better: its process is gone. */
const socketOf = (child: ChildProcess, descriptor: number): Socket => {
  const socket = child.stdio[descriptor]
  if (!(socket instanceof Socket)) throw new TypeError(`descriptor ${descriptor} of ffmpeg is no pipe`)
  socket.on('error', () => socket.destroy())
  return socket
}
