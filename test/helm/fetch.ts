import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isSystemError, PlatformError } from '../../deploy/local/error.ts'
import { isPresent } from '../../deploy/local/files.ts'
import { publish, sharedCacheDir } from '../../deploy/local/jars.ts'
import type { Say } from '../../deploy/local/say.ts'

/** A program that this machine does not have, and which no package here brings. */
export class MissingTool extends PlatformError {}

export type Fetching = { readonly say: Say; readonly signal?: AbortSignal | undefined }

const runDeadlineMs = 180_000
const maxOutputBytes = 16 * 1024 * 1024

/**
 * Runs a program to its end; resolves with what it printed. Throws MissingTool with `install` where there is no such program, else a
 * PlatformError with the end of what it said.
 */
export const runTool = async (
  command: string,
  args: readonly string[],
  options: {
    /** What to do where there is no such program. */
    readonly install: string
    /** What a program says that is there, but too old or not whole. */
    readonly unfit?: RegExp
    readonly env?: NodeJS.ProcessEnv
    readonly signal?: AbortSignal | undefined
  },
): Promise<string> => {
  const { install, unfit, env, signal } = options
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      ...(env === undefined ? {} : { env }),
      ...(signal === undefined ? {} : { signal }),
      timeout: runDeadlineMs,
      maxBuffer: maxOutputBytes,
    })
    return stdout
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) throw new MissingTool(`no ${command} on the PATH: ${install}`)
    const said = saidBy(error)
    if (unfit?.test(said) === true) throw new MissingTool(`${command} on the PATH does not do: ${install} (${said})`)
    throw new PlatformError(`${command} ${args[0] ?? ''} failed: ${said}`)
  }
}

/** The end of what a program said that failed, on either output. */
const saidBy = (error: unknown): string => {
  if (!(error instanceof Error) || !('stderr' in error) || !('stdout' in error)) return String(error)
  const said = `${String(error.stdout)}\n${String(error.stderr)}`.trim()
  return said === '' ? error.message : said.slice(-4_000)
}

/** Makes a thing in a draft folder and gives it its name in .cache/ when it is complete: a folder with that name is always whole. */
export const fetchOnce = async (
  { what, name, say }: { readonly what: string; readonly name: string; readonly say: Say },
  make: (draft: string) => Promise<void>,
): Promise<string> => {
  const to = join(sharedCacheDir, name)
  if (await isPresent(to)) return to
  const draft = join(sharedCacheDir, `.new-${process.pid}-${name}`)
  say(`fetching ${what}, once, into ${to} …`)
  try {
    await mkdir(draft, { recursive: true })
    await make(draft)
    await publish(draft, to)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return to
}
