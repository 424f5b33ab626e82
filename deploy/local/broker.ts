import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { probeBroker } from '../../services/shared/kafka/probe.ts'
import { silentLog } from '../../services/shared/log.ts'
import { isPresent, writeWhole } from './files.ts'
import { fenceFormerBroker, hasRun } from './former-broker.ts'
import { checkPortFree } from './ports.ts'
import { startProcess, type StartedProcess } from './processes.ts'
import { awaitReady } from './ready.ts'

const here = import.meta.dirname

/** The name of the broker's process, log and record. */
export const brokerName = 'kafka'

const readyWithinMs = 120_000

/**
 * One node that is broker and controller (KRaft), listening on loopback alone. One replica of everything; few partitions of the
 * internal topics, because they are created at first use, while somebody waits; no pause before the first join of a group, and none
 * in the group coordinator before it writes: each transaction waits for it twice. No controlled shutdown: there is nobody to hand the
 * leadership to, and between giving it up and the end the coordinator would forget the markers of transactions in flight.
 */
const properties = (dataDir: string, port: number, controllerPort: number): string => `\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${logDir(dataDir)}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.coordinator.append.linger.ms=0
controlled.shutdown.enable=false
log.cleaner.dedupe.buffer.size=16777216
`

const logDir = (dataDir: string): string => join(dataDir, 'kafka', 'data')

/** All jars, in one order: what `libs/*` would give, but the same on every file system. */
const classPath = async (kafkaDir: string): Promise<string> => {
  const jars = (await readdir(kafkaDir)).filter((name) => name.endsWith('.jar')).toSorted()
  return jars.map((name) => join(kafkaDir, name)).join(':')
}

/** A cluster id as Kafka writes its UUIDs: 16 bytes in base64url, not beginning with a dash. */
const newClusterId = (): string => {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? newClusterId() : id
}

/** Formats the log folder at first use. meta.properties comes last: without it nothing of value can be there. */
const formatOnce = async (dataDir: string, jars: string, config: string, signal?: AbortSignal): Promise<void> => {
  const folder = logDir(dataDir)
  if (await isPresent(join(folder, 'meta.properties'))) return
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const tool = ['kafka.tools.StorageTool', 'format', '-t', newClusterId(), '-c', config]
  await promisify(execFile)('java', ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', jars, ...tool], {
    signal,
  })
}

/**
 * Starts the broker of a DATA_DIR: it must not run already. Resolves as soon as the process is there; wait with
 * `awaitBroker`. Throws a PlatformError when the port is taken.
 */
export const startBroker = async ({
  dataDir,
  kafkaDir,
  port,
  controllerPort,
  jvm = [],
  onStart,
  signal,
}: {
  readonly dataDir: string
  readonly kafkaDir: string
  readonly port: number
  readonly controllerPort: number
  /** Further options of the JVM. */
  readonly jvm?: readonly string[]
  readonly onStart?: ((pid: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}): Promise<StartedProcess> => {
  await checkPortFree({ port, variable: 'KAFKA_PORT', user: 'Kafka' })
  const config = join(dataDir, 'kafka', 'server.properties')
  await writeWhole(config, properties(dataDir, port, controllerPort))
  const jars = await classPath(kafkaDir)
  await formatOnce(dataDir, jars, config, signal)
  signal?.throwIfAborted()
  const commandFor = (properties: string): readonly [string, ...string[]] => [
    'java',
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    ...jvm,
    `-Dlog4j2.configurationFile=${join(here, 'log4j2.properties')}`,
    '-cp',
    jars,
    'kafka.Kafka',
    properties,
  ]
  if (await hasRun(logDir(dataDir))) {
    await fenceFormerBroker({ dataDir, logDir: logDir(dataDir), controllerPort, commandFor, onStart, signal })
  }
  return startProcess({
    dataDir,
    name: brokerName,
    command: commandFor(config),
    ports: { KAFKA_PORT: port, KAFKA_CONTROLLER_PORT: controllerPort },
    onStart,
  })
}

/** Waits until the broker really works: groups can be joined and transactional producers get their ids. */
export const awaitBroker = ({
  dataDir,
  started,
  broker,
  signal,
}: {
  readonly dataDir: string
  readonly started: Parameters<typeof awaitReady>[0]['started']
  readonly broker: string
  readonly signal?: AbortSignal | undefined
}): Promise<void> =>
  awaitReady({
    dataDir,
    started,
    deadlineMs: readyWithinMs,
    signal,
    isReady: async (over) => {
      await probeBroker({ brokers: [broker], deadlineMs: readyWithinMs, log: silentLog, signal: over })
      return true
    },
  })
