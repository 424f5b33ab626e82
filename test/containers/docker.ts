import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isSystemError, PlatformError } from '../../deploy/local/error.ts'

/** Runs Docker's command line program; resolves to what it prints. Rejects with a PlatformError that has the end of its output. */
export type Docker = (args: readonly string[], options?: { readonly cwd?: string }) => Promise<string>

const shownLines = 15
const atMostMs = 600_000

/** The program, told which engine to speak to. */
export const createDocker =
  (dockerHost: string): Docker =>
  async (args, { cwd } = {}) => {
    // The classic builder is part of every version of the program; the newer one is a plugin that may not be there.
    const env = { ...process.env, DOCKER_HOST: dockerHost, DOCKER_BUILDKIT: '0' }
    const options = { cwd, env, timeout: atMostMs, maxBuffer: 64 * 1024 * 1024 }
    try {
      return (await promisify(execFile)('docker', [...args], options)).stdout
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) throw new PlatformError('missing: apt-get install docker.io')
      if (!(error instanceof Error && 'stdout' in error && 'stderr' in error)) throw error
      const lines = `${String(error.stdout)}${String(error.stderr)}`.trimEnd().split('\n').slice(-shownLines)
      throw new PlatformError(`docker ${args[0]} failed:\n  ${lines.join('\n  ')}`, { cause: error })
    }
  }
