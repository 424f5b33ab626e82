import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isAnswered } from './answers.ts'
import { checkPortFree } from './ports.ts'
import { startProcess, type StartedProcess } from './processes.ts'
import { awaitReady } from './ready.ts'

/** The name of the registry's process, log and record. */
export const registryName = 'registry'

const readyWithinMs = 120_000

/** The Confluent API of a local registry. */
export const registryUrlOf = (port: number): string => `http://127.0.0.1:${port}/apis/ccompat/v7`

/**
 * Starts the registry of a DATA_DIR: it must not run already. Resolves as soon as the process is there; wait with
 * `awaitRegistry`. Throws a PlatformError when the port is taken.
 *
 * Its storage is an H2 file, written at each commit: by default H2 writes half a second later, and a registry that is killed would
 * give a schema id a second time, to another schema. Not Kafka: the journal topic of that storage forgets after seven days in this version.
 */
export const startRegistry = async ({
  dataDir,
  registryDir,
  port,
  jvm = [],
  onStart,
}: {
  readonly dataDir: string
  readonly registryDir: string
  readonly port: number
  /** Further options of the JVM. */
  readonly jvm?: readonly string[]
  readonly onStart?: ((pid: number) => void) | undefined
}): Promise<StartedProcess> => {
  await checkPortFree({ port, variable: 'REGISTRY_PORT', user: 'the schema registry' })
  const folder = join(dataDir, 'registry')
  await mkdir(folder, { recursive: true })
  return startProcess({
    dataDir,
    name: registryName,
    cwd: folder,
    command: [
      'java',
      '-Xmx192m',
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      ...jvm,
      // It does little after its start, and starts in half the time without the optimising compiler.
      '-XX:TieredStopAtLevel=1',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      '-Dquarkus.http.access-log.enabled=false',
      '-Dapicurio.storage.kind=sql',
      '-Dapicurio.storage.sql.kind=h2',
      `-Dapicurio.datasource.url=jdbc:h2:file:${join(folder, 'schemas')};WRITE_DELAY=0`,
      '-jar',
      join(registryDir, 'apicurio-registry-app-3.0.9-runner.jar'),
    ],
    ports: { REGISTRY_PORT: port },
    onStart,
  })
}

const answersWithinMs = 5000

/** Waits until the registry answers at its Confluent API. */
export const awaitRegistry = ({
  dataDir,
  started,
  registryUrl,
  signal,
}: {
  readonly dataDir: string
  readonly started: Parameters<typeof awaitReady>[0]['started']
  readonly registryUrl: string
  readonly signal?: AbortSignal | undefined
}): Promise<void> =>
  awaitReady({
    dataDir,
    started,
    deadlineMs: readyWithinMs,
    signal,
    isReady: (over) => isAnswered(`${registryUrl}/subjects`, { withinMs: answersWithinMs, signal: over }),
  })
