import { execFile } from 'node:child_process'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { probeBroker } from '../../services/shared/kafka/probe.ts'
import { fetchReplicas } from '../../services/shared/kafka/replicas.ts'
import { silentLog } from '../../services/shared/log.ts'
import { describeBroker } from './broker-properties.ts'
import { addressOf, isFormatted, logDirOf, nodeName, portVariables, type BrokerNode } from './cluster.ts'
import { writeWhole } from './files.ts'
import { fenceFormerBroker, hasRun } from './former-broker.ts'
import { checkPortFree } from './ports.ts'
import { startProcess, type StartedProcess } from './processes.ts'
import { awaitReady } from './ready.ts'

const here = import.meta.dirname

const readyWithinMs = 120_000
const aloneEveryMs = 50
/** Each look asks for all partitions, at each broker, while another one starts. */
const clusterEveryMs = 250

/** All jars, in one order: what `libs/*` would give, but the same on every file system. */
const classPath = async (kafkaDir: string): Promise<string> => {
  const jars = (await readdir(kafkaDir)).filter((name) => name.endsWith('.jar')).toSorted()
  return jars.map((name) => join(kafkaDir, name)).join(':')
}

/** Formats the log folder of a node at first use. */
const formatOnce = async (
  dataDir: string,
  { id, clusterId, jars, config }: { id: number; clusterId: string; jars: string; config: string },
  signal?: AbortSignal,
): Promise<void> => {
  if (await isFormatted(dataDir, id)) return
  const folder = logDirOf(dataDir, id)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', config]
  await promisify(execFile)('java', ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', jars, ...tool], {
    signal,
  })
}

/**
 * Starts one broker of a DATA_DIR: it must not run already. Resolves as soon as the process is there; wait with
 * `awaitBroker`. Throws a PlatformError when the port is taken.
 */
export const startBroker = async ({
  dataDir,
  kafkaDir,
  node,
  nodes,
  clusterId,
  jvm = [],
  onStart,
  signal,
}: {
  readonly dataDir: string
  readonly kafkaDir: string
  readonly node: BrokerNode
  /** The whole cluster, with this one. */
  readonly nodes: readonly BrokerNode[]
  /** With which it is formatted at its first start. */
  readonly clusterId: string
  /** Further options of the JVM. */
  readonly jvm?: readonly string[]
  readonly onStart?: ((pid: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}): Promise<StartedProcess> => {
  const { id, port, controllerPort } = node
  const name = nodeName(id)
  const variables = portVariables(id)
  await checkPortFree({ port, variable: variables.port, user: 'Kafka' })
  const config = join(dataDir, name, 'server.properties')
  await writeWhole(config, describeBroker(dataDir, node, nodes))
  const jars = await classPath(kafkaDir)
  await formatOnce(dataDir, { id, clusterId, jars, config }, signal)
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
  const logDir = logDirOf(dataDir, id)
  if (nodes.length === 1 && (await hasRun(logDir))) {
    await fenceFormerBroker({ dataDir, logDir, controllerPort, commandFor, onStart, signal })
  }
  return startProcess({
    dataDir,
    name,
    command: commandFor(config),
    ports: { [variables.port]: port, [variables.controllerPort]: controllerPort },
    onStart,
  })
}

/**
 * Waits until a broker really works: it knows the others that run, none of their replicas is out of sync, groups can be joined and
 * transactional producers get their ids.
 */
export const awaitBroker = ({
  dataDir,
  started,
  node,
  running,
  signal,
}: {
  readonly dataDir: string
  readonly started: Parameters<typeof awaitReady>[0]['started']
  readonly node: BrokerNode
  /** The ids of the brokers that run, with this one's. */
  readonly running: readonly number[]
  readonly signal?: AbortSignal | undefined
}): Promise<void> => {
  const brokers = [addressOf(node)]
  const kafka = createKafka({ brokers, clientId: 'roomcast-readiness', log: silentLog })
  const isWhole = async (over: AbortSignal): Promise<boolean> => {
    const { brokers: known, outOfSync } = await fetchReplicas({ kafka, deadlineMs: readyWithinMs, signal: over })
    const lacking = new Set(outOfSync.flatMap((partition) => partition.brokers))
    return running.every((id) => known.includes(id) && !lacking.has(id))
  }
  return awaitReady({
    dataDir,
    started,
    deadlineMs: readyWithinMs,
    everyMs: running.length > 1 ? clusterEveryMs : aloneEveryMs,
    signal,
    isReady: async (over) => {
      if (running.length > 1 && !(await isWhole(over))) return false
      // What is probed is the cluster's work: one broker is asked for all.
      if (node.id === running[0])
        await probeBroker({ brokers, deadlineMs: readyWithinMs, log: silentLog, signal: over })
      return true
    },
  })
}
