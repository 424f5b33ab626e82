import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { fetchJars, sharedCacheDir, type Jars } from '../../deploy/local/jars.ts'
import type { Say } from '../../deploy/local/say.ts'
import { baseRecipe, makeBaseImage } from './base-image.ts'
import { createDocker, type Docker } from './docker.ts'

const here = import.meta.dirname

/** The official images whose places are taken. */
export const standIns = {
  base: 'debian:bookworm-slim',
  node: 'node:22-bookworm-slim',
  kafka: 'apache/kafka:4.4.0',
  registry: 'apicurio/apicurio-registry:3.0.9',
} as const

/** The npm that comes with the Node.js of this project. */
const npmVersion = '10.9.9'

/** On each image made here: what it was made of. */
const recipeLabel = 'roomcast.stand-in'

const hash = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)

/** The names and texts of a folder's files. */
const readFolder = async (folder: string): Promise<readonly string[]> => {
  const names = (await readdir(folder)).toSorted()
  return Promise.all(names.map(async (name) => `${name}\n${await readFile(join(folder, name), 'utf8')}`))
}

type Make = (to: { readonly tag: string; readonly labels: readonly string[]; readonly folder: string }) => Promise<void>

const build = (
  docker: Docker,
  folder: string,
  tag: string,
  labels: readonly string[],
  more: readonly string[] = [],
) => {
  const marked = labels.flatMap((label) => ['--label', label])
  return docker(['build', '--network', 'host', '--pull=false', '--force-rm', '--tag', tag, ...marked, ...more, folder])
}

const makeNode =
  (docker: Docker): Make =>
  async ({ tag, labels, folder }) => {
    await cp(join(here, 'node'), folder, { recursive: true })
    await cp(process.execPath, join(folder, 'node'))
    const quiet = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    await promisify(execFile)('npm', ['install', '--prefix', join(folder, 'fetched'), ...quiet, `npm@${npmVersion}`])
    await cp(join(folder, 'fetched', 'node_modules', 'npm'), join(folder, 'npm'), { recursive: true })
    await rm(join(folder, 'fetched'), { recursive: true })
    await build(docker, folder, tag, labels, ['--build-arg', `NODE_VERSION=${process.versions.node}`])
  }

/** Both in one folder: the classic builder goes through all stages up to the wanted one. */
const makePlatform =
  (docker: Docker, target: 'kafka' | 'registry', { kafkaDir, registryDir }: Jars): Make =>
  async (to) => {
    await cp(join(here, 'platform'), to.folder, { recursive: true })
    await cp(kafkaDir, join(to.folder, 'kafka'), { recursive: true })
    await cp(registryDir, join(to.folder, 'registry'), { recursive: true })
    await build(docker, to.folder, to.tag, to.labels, ['--target', target])
  }

/**
 * Makes the images that are missing, or were made otherwise than they are now. They stand in, under the same names, for those that
 * others take from a container registry; an official image of that name is left as it is.
 */
export const makeImages = async ({
  dockerHost,
  say,
}: {
  readonly dockerHost: string
  readonly say: Say
}): Promise<void> => {
  const docker = createDocker(dockerHost)
  const jars = await fetchJars({ say })

  /** The recipe by which an image was made; undefined where it is missing or official. */
  const inspect = async (tag: string): Promise<{ readonly id: string; readonly recipe: string } | undefined> => {
    if ((await docker(['images', '--quiet', tag])).trim() === '') return undefined
    const format = `{{.Id}} {{index .Config.Labels "${recipeLabel}"}}`
    const [id = '', recipe = ''] = (await docker(['image', 'inspect', '--format', format, tag])).trim().split(' ')
    return { id, recipe }
  }

  const make = async (tag: string, parts: readonly string[], how: Make): Promise<string> => {
    const recipe = hash(...parts)
    const present = await inspect(tag)
    if (present !== undefined && (present.recipe === recipe || present.recipe === '')) return present.id
    say(`making an image in the place of ${tag} …`)
    const folder = await mkdtemp(join(sharedCacheDir, 'image-'))
    try {
      await how({ tag, labels: [`${recipeLabel}=${recipe}`], folder })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    return (await inspect(tag))?.id ?? ''
  }

  const base = await make(standIns.base, baseRecipe, (to) => makeBaseImage({ docker, ...to }))
  await make(
    standIns.node,
    [base, process.versions.node, npmVersion, ...(await readFolder(join(here, 'node')))],
    makeNode(docker),
  )
  const { kafkaDir, registryDir } = jars
  const platformRecipe = [
    base,
    basename(kafkaDir),
    basename(registryDir),
    ...(await readFolder(join(here, 'platform'))),
  ]
  await make(standIns.kafka, platformRecipe, makePlatform(docker, 'kafka', jars))
  await make(standIns.registry, platformRecipe, makePlatform(docker, 'registry', jars))
}
