import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isSystemError, PlatformError } from './error.ts'
import { isPresent } from './files.ts'

const answersWithinMs = 10_000
/** Debian puts nginx where an ordinary user's PATH does not look. */
const nginxPaths = ['nginx', '/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/nginx/sbin/nginx']
/** For a build that does not say where its modules are. */
const debianModules = '/usr/lib/nginx/modules'
const rtmpModuleFile = 'ngx_rtmp_module.so'

/** An nginx that can do RTMP. */
export type Nginx = {
  readonly program: string
  /** The file of the rtmp module; undefined: it is built in. */
  readonly rtmpModule: string | undefined
}

/** What a program says of its version; undefined where there is no such program. */
const askVersion = async (program: string, flag: string): Promise<string | undefined> => {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, [flag], { timeout: answersWithinMs })
    return stdout + stderr
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EACCES', 'ENOTDIR')) return undefined
    throw error
  }
}

const look = async (): Promise<{ readonly nginx: Nginx | undefined; readonly missing: readonly string[] }> => {
  const missing = (await askVersion('ffmpeg', '-version')) === undefined ? ['ffmpeg'] : []
  for (const program of nginxPaths) {
    const version = await askVersion(program, '-V')
    if (version === undefined) continue
    if (/--add-module=\S*rtmp/.test(version)) return { nginx: { program, rtmpModule: undefined }, missing }
    const folder = /--modules-path=(\S+)/.exec(version)?.[1] ?? debianModules
    const rtmpModule = join(folder, rtmpModuleFile)
    if (await isPresent(rtmpModule)) return { nginx: { program, rtmpModule }, missing }
    return { nginx: undefined, missing: [...missing, "nginx's rtmp module"] }
  }
  return { nginx: undefined, missing: [...missing, 'nginx', "nginx's rtmp module"] }
}

/** What is missing of ffmpeg, nginx and nginx's rtmp module on this machine, by name; empty: real media can run. */
export const findMissingMediaTools = async (): Promise<readonly string[]> => (await look()).missing

/** The nginx of this machine. Throws a PlatformError that names all that is missing for real media, and how to get it. */
export const findNginx = async (): Promise<Nginx> => {
  const { nginx, missing } = await look()
  if (nginx !== undefined && missing.length === 0) return nginx
  throw new PlatformError(
    `not installed: ${missing.join(', ')}. MIXER_ADAPTER=ffmpeg needs them:` +
      ` apt-get install ffmpeg nginx-light libnginx-mod-rtmp (or run with MIXER_ADAPTER=simulated)`,
  )
}
