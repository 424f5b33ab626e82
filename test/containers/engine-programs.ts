import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { PlatformError } from '../../deploy/local/error.ts'

/** A program → the package of Debian that has it. */
type Programs = Readonly<Record<string, string>>

const forEngine: Programs = {
  dockerd: 'docker.io',
  'docker-init': 'docker.io',
  docker: 'docker.io',
  ip: 'iproute2',
  unshare: 'util-linux',
}
/** The images in the places of official ones need one more. */
const forImages: Programs = { ...forEngine, mmdebstrap: 'mmdebstrap' }

/** Debian keeps what is for administrators where the PATH of others does not look. */
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']

const isThere = async (program: string): Promise<boolean> => {
  const looks = folders.map((folder) => access(join(folder, program), constants.X_OK))
  return (await Promise.allSettled(looks)).some(({ status }) => status === 'fulfilled')
}

/** What keeps an engine from being run here, or `images` from being made in it, with what to do; undefined where nothing does. */
export const findHindrance = async (wanted: 'engine' | 'images' = 'engine'): Promise<string | undefined> => {
  if (process.platform !== 'linux') return 'an engine of its own runs on Linux only: start one, and set DOCKER_HOST'
  if (process.getuid?.() !== 0) return 'an engine of its own needs root: run this as root, or set DOCKER_HOST'
  const missing = new Set<string>()
  for (const [program, name] of Object.entries(wanted === 'engine' ? forEngine : forImages)) {
    if (!(await isThere(program))) missing.add(name)
  }
  if (missing.size === 0) return undefined
  return `missing: apt-get install --no-install-recommends ${[...missing].join(' ')}`
}

/** Throws a PlatformError that says what is missing and how to install it. */
export const checkPrograms = async (wanted: 'engine' | 'images' = 'engine'): Promise<void> => {
  const hindrance = await findHindrance(wanted)
  if (hindrance !== undefined) throw new PlatformError(hindrance)
}
