import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createDocker } from './docker.ts'

/** The name of an image of a few megabytes that can do nothing but sleep. */
export const tinyImage = 'roomcast-tiny:test'

/** Makes it of this machine's own `sleep` and the libraries that that needs. */
export const makeTinyImage = async (dockerHost: string, folder: string): Promise<void> => {
  const run = promisify(execFile)
  const { stdout } = await run('ldd', ['/bin/sleep'])
  const libraries = [...stdout.matchAll(/(?:=> )?(\/\S+)/g)].map((match) => match[1] ?? '')
  const archive = join(folder, 'tiny.tar')
  const files = ['/bin/sleep', ...libraries].map((path) => path.slice(1))
  await run('tar', ['--create', '--dereference', '--file', archive, '--directory', '/', ...files])
  await createDocker(dockerHost)(['import', '--change', 'CMD ["/bin/sleep", "600"]', archive, tinyImage])
}
