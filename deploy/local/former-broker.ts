import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isPresent, readIfPresent, writeWhole } from './files.ts'
import { isPortFree } from './ports.ts'
import { logFile, startProcess, stopProcess } from './processes.ts'
import { waitUntil } from './wait.ts'

const controllerName = 'kafka-controller'
const noticedWithinMs = 10_000
const graceMs = 10_000

/** Whether the broker of that folder ran before: it never takes its registration back, not at an orderly end either. */
export const hasRun = (logDir: string): Promise<boolean> => isPresent(join(logDir, '__cluster_metadata-0'))

const properties = (logDir: string, controllerPort: number): string => `\
process.roles=controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=CONTROLLER://127.0.0.1:${controllerPort}
listener.security.protocol.map=CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=${logDir}
broker.session.timeout.ms=500
`

/**
 * Before a broker starts again: lets its node run as a controller alone until that has noticed that the former broker is gone, as other
 * nodes would have. Without it, a single node that comes back within its own session takes itself for the leader of everything
 * before it can be reached; then the session ends, nobody leads, and the transaction coordinator forgets the markers of transactions
 * that were being committed ("Couldn't find leader endpoint"): their partitions stand still for ever. Seen with Kafka 4.4.
 */
export const fenceFormerBroker = async ({
  dataDir,
  logDir,
  controllerPort,
  commandFor,
  onStart,
  signal,
}: {
  readonly dataDir: string
  readonly logDir: string
  readonly controllerPort: number
  /** The command that runs Kafka with a file of properties. */
  readonly commandFor: (config: string) => readonly [string, ...string[]]
  readonly onStart?: ((pid: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}): Promise<void> => {
  const config = join(dataDir, 'kafka', 'controller.properties')
  await writeWhole(config, properties(logDir, controllerPort))
  const log = logFile(dataDir, controllerName)
  await rm(log, { force: true })
  await startProcess({
    dataDir,
    name: controllerName,
    command: commandFor(config),
    ports: { KAFKA_CONTROLLER_PORT: controllerPort },
    onStart,
  })
  const hasNoticed = async (): Promise<boolean> => (await readIfPresent(log))?.includes('handleBrokerFenced') ?? false
  // One that had been noticed before is not noticed again: then nothing is left to wait for.
  try {
    await waitUntil(hasNoticed, { deadlineMs: noticedWithinMs, signal })
  } finally {
    await stopProcess({ dataDir, name: controllerName, graceMs })
  }
  await waitUntil(() => isPortFree(controllerPort), { deadlineMs: graceMs, signal })
}
