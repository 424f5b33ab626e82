import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PlatformError } from '../../deploy/local/error.ts'
import { isPresent } from '../../deploy/local/files.ts'
import type { Docker } from './docker.ts'

const run = promisify(execFile)

const suite = 'bookworm'
const certificates = '/etc/ssl/certs/ca-certificates.crt'

/** What a slim image leaves out. */
const excluded = ['doc', 'info', 'locale', 'man'].map((folder) => `/usr/share/${folder}/*`)

/** How it is made; another recipe makes another image. */
export const baseRecipe: readonly string[] = [
  '--quiet',
  '--variant=minbase',
  // Without these two the merge of /usr brings the whole of Perl along, 50 MB.
  '--include=usr-is-merged',
  '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
  '--aptopt=APT::Install-Recommends "false"',
  ...excluded.map((path) => `--dpkgopt=path-exclude=${path}`),
]

/** The lines for apt that lead to the suite where this machine gets its own packages from. */
const findSources = async (): Promise<string> => {
  const asked = ['indextargets', 'Created-By: Packages', 'Origin: Debian', 'Component: main']
  const { stdout } = await run('apt-get', [...asked, '--format', '$(REPO_URI) $(RELEASE)'])
  const sources = [...new Set(stdout.trim().split('\n'))].map((line) => line.split(' '))
  const ours = sources.filter(([, release]) => release?.startsWith(suite))
  const [anywhere] = sources[0] ?? []
  if (!anywhere)
    throw new PlatformError(`apt knows no source of Debian here, so there is no ${suite} to make an image of`)
  const chosen = ours.length > 0 ? ours : [[anywhere, suite]]
  return chosen.map(([uri, release]) => `deb ${uri} ${release} main\n`).join('')
}

/**
 * Makes a small Debian in the place of debian:bookworm-slim, and with the certificates that this machine trusts: behind a proxy that
 * signs what it passes on, nothing could be fetched without them.
 */
export const makeBaseImage = async ({
  docker,
  tag,
  labels,
  folder,
}: {
  readonly docker: Docker
  readonly tag: string
  readonly labels: readonly string[]
  /** For the archive in between. */
  readonly folder: string
}): Promise<void> => {
  const archive = join(folder, 'debian.tar')
  const hooks = (await isPresent(certificates))
    ? [`--customize-hook=mkdir -p "$1/etc/ssl/certs"`, `--customize-hook=copy-in ${certificates} /etc/ssl/certs`]
    : []
  const made = run('mmdebstrap', [...baseRecipe, ...hooks, suite, archive, '-'])
  made.child.stdin?.end(await findSources())
  await made
  const changes = ['CMD ["bash"]', ...labels.map((label) => `LABEL ${label}`)]
  await docker(['import', ...changes.flatMap((change) => ['--change', change]), archive, tag])
}
