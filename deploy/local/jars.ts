import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isSystemError, PlatformError } from './error.ts'
import { isPresent } from './files.ts'
import { makeOnce } from './make-once.ts'
import { createMavenProgress } from './maven-progress.ts'
import { listProcesses, readStartTime, stopProcess } from './processes.ts'
import type { Say } from './say.ts'

/** Where the programs of the local platform are. */
export type Jars = {
  /** Where they are kept; every DATA_DIR of a checkout shares it. */
  readonly cacheDir: string
  /** What the Java that runs them says of itself: its exact version. */
  readonly java: string
  /** The folder with Apache Kafka's jars. */
  readonly kafkaDir: string
  /** The folder with Apicurio Registry, unpacked. */
  readonly registryDir: string
}

const here = import.meta.dirname
/** The checkout's own; git ignores it, every DATA_DIR shares it. */
export const sharedCacheDir = join(here, '../../.cache')

const orUseYourOwn = 'or set KAFKA_BROKERS and SCHEMA_REGISTRY_URL to use a broker and a registry that run elsewhere'

const oldestJava = 17

/** What the Java on the PATH says of itself; undefined without one. */
const askJava = async (): Promise<string | undefined> => {
  try {
    const { stdout, stderr } = await promisify(execFile)('java', ['-version'])
    return stderr + stdout
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EACCES')) return undefined
    throw error
  }
}

/**
 * What the Java on the PATH says of itself, its exact version. Throws a PlatformError that says what to install when broker and
 * registry would not run on it.
 */
const checkJava = async (): Promise<string> => {
  const java = await askJava()
  const version = Number(/version "(\d+)/.exec(java ?? '')?.[1] ?? 0)
  if (java !== undefined && version >= oldestJava) return java
  const found = java === undefined ? 'no Java on the PATH' : `Java ${version} on the PATH is too old`
  throw new PlatformError(
    `${found}: the local broker and registry need Java ${oldestJava} or later. ` +
      `Install it (Debian: apt-get install openjdk-${oldestJava}-jre-headless maven), ${orUseYourOwn}`,
  )
}

const isAbsent = async (path: string): Promise<boolean> => !(await isPresent(path))

/** Runs Maven; says how far it is every two seconds. */
const runMaven = async (what: string, args: readonly string[], say: Say, signal?: AbortSignal): Promise<void> => {
  const { read, progress } = createMavenProgress()
  const tell = (): void => {
    const { bytes, files } = progress()
    say(`  ${what}: ${(bytes / 1e6).toFixed(1)} MB, ${files} ${files === 1 ? 'file' : 'files'} downloaded so far`)
  }
  // Without --batch-mode, Maven tells how far a single file is; --strict-checksums refuses a file that came damaged.
  const maven = spawn('mvn', ['--strict-checksums', '-Dstyle.color=never', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  const ticker = setInterval(tell, 2000)
  let errors = ''
  const keep = (output: string): void => {
    errors = (errors + output.replaceAll(/[^\n]*\r/g, '')).slice(-4000)
    read(output)
  }
  maven.stdout.setEncoding('utf8').on('data', keep)
  maven.stderr.setEncoding('utf8').on('data', keep)
  try {
    const [code] = await once(maven, 'close')
    if (code === 0) return
    const reasons = errors.split('\n').filter((line) => line.includes('[ERROR]') && line.length > 10)
    throw new PlatformError(
      `Maven could not fetch ${what}: ${(reasons[0] ?? errors.slice(-300)).trim()}\n` +
        `Look at the network, the proxy and ~/.m2/settings.xml, ${orUseYourOwn}`,
    )
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
    throw new PlatformError(
      `no Maven on the PATH: it fetches ${what} once. Install it (Debian: apt-get install maven), ${orUseYourOwn}`,
    )
  } finally {
    clearInterval(ticker)
    tell()
  }
}

const draftName = /^\.new-(\d+)-/

/** Removes what was left behind by runs that were killed: half fetched things, and what they had started on a draft's data. */
export const removeDrafts = async (cacheDir: string): Promise<void> => {
  for (const name of await readdir(cacheDir)) {
    const pid = draftName.exec(name)?.[1]
    if (pid === undefined || Number(pid) === process.pid || (await readStartTime(Number(pid))) !== undefined) continue
    const draft = join(cacheDir, name)
    for (const left of await listProcesses(join(draft, 'data'))) {
      await stopProcess({ dataDir: join(draft, 'data'), name: left.name, graceMs: 0 })
    }
    await rm(draft, { recursive: true, force: true })
  }
}

/** Gives a complete folder its name. When another run was first with the same, its folder stays. */
export const publish = async (from: string, to: string): Promise<void> => {
  try {
    await rename(from, to)
  } catch (error) {
    if (!isSystemError(error, 'ENOTEMPTY', 'EEXIST')) throw error
  }
}

/**
 * Fetches one thing into a draft folder, and gives it its name when it is complete: a folder with that name is always whole.
 * The project file goes into the draft, too, because Maven leaves notes beside it. Throws a PlatformError that says what to install.
 */
export const fetchOnce = (
  {
    cacheDir = sharedCacheDir,
    what,
    to,
    goal,
    project = join(here, 'pom.xml'),
  }: { cacheDir?: string; what: string; to: string; goal: readonly string[]; project?: string },
  say: Say,
  signal?: AbortSignal,
): Promise<void> =>
  makeOnce(to, async () => {
    await mkdir(cacheDir, { recursive: true })
    await removeDrafts(cacheDir)
    const draft = join(cacheDir, `.new-${process.pid}-${what.replaceAll(/\W+/g, '-')}`)
    say(`fetching ${what}, once, into ${to} …`)
    try {
      await mkdir(draft)
      await cp(project, join(draft, 'pom.xml'))
      const output = join(draft, 'output')
      await runMaven(what, ['-f', join(draft, 'pom.xml'), ...goal, `-DoutputDirectory=${output}`], say, signal)
      if (await isAbsent(output)) throw new PlatformError(`Maven ended well but has not fetched ${what}`)
      await publish(output, to)
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  })

/**
 * Makes sure that Java, Apache Kafka and Apicurio Registry are there, and fetches the last two with Maven where they are not.
 * Throws a PlatformError that says what to install.
 */
export const fetchJars = async ({
  say,
  signal,
  cacheDir = sharedCacheDir,
}: {
  say: Say
  signal?: AbortSignal | undefined
  cacheDir?: string
}): Promise<Jars> => {
  const java = await checkJava()
  const kafka = {
    cacheDir,
    what: 'Apache Kafka 4.4.0',
    to: join(cacheDir, 'kafka-4.4.0'),
    goal: ['dependency:copy-dependencies', '-DincludeScope=runtime'],
  }
  const registry = {
    cacheDir,
    what: 'Apicurio Registry 3.0.9',
    to: join(cacheDir, 'apicurio-3.0.9'),
    goal: ['dependency:unpack', '-Dartifact=io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all'],
  }
  await fetchOnce(kafka, say, signal)
  await fetchOnce(registry, say, signal)
  return { cacheDir, java, kafkaDir: kafka.to, registryDir: registry.to }
}
