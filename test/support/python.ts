import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../../deploy/local/services.ts'

const run = promisify(execFile)

/** Python with packages, or why there is none. */
export type Python = { readonly path: string } | { readonly missing: string }

const installDeadlineMs = 180_000

/**
 * A Python that has what a requirements file names, in an environment of its own under .cache/. It is made at first use, for
 * which python3 (with venv and pip) and a package index are needed.
 */
export const preparePython = async (requirements: string): Promise<Python> => {
  const wanted = await readFile(requirements, 'utf8')
  const digest = createHash('sha256').update(wanted).digest('hex').slice(0, 12)
  const folder = join(root, '.cache', `python-${digest}`)
  const path = join(folder, 'bin', 'python')
  const finished = join(folder, 'installed')
  if (existsSync(finished)) return { path }
  try {
    // A half-made one, of an attempt that was interrupted, is not worth repairing.
    await rm(folder, { recursive: true, force: true })
    await mkdir(join(root, '.cache'), { recursive: true })
    const options = { timeout: installDeadlineMs }
    await run('python3', ['-m', 'venv', folder], options)
    await run(path, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements], options)
    await writeFile(finished, wanted)
    return { path }
  } catch (error) {
    const reason = error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error)
    return { missing: `python3 with venv, pip and ${wanted.trim()} is not available: ${reason}` }
  }
}

/** Runs a script to its end; resolves with its standard output, rejects with its standard error. */
export const runPython = async (
  python: string,
  script: string,
  args: Readonly<Record<string, string>>,
  timeoutMs = 60_000,
): Promise<string> => {
  const { stdout } = await run(
    python,
    [script, ...Object.entries(args).flatMap(([name, value]) => [`--${name}`, value])],
    { timeout: timeoutMs },
  )
  return stdout
}
