import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokerName } from '../../deploy/local/cluster.ts'
import { createOwner } from '../../deploy/local/owner.ts'
import { bringUp, stopPlatform } from '../../deploy/local/platform.ts'
import { findFreePort } from '../../deploy/local/ports.ts'
import { findProcess, logFile } from '../../deploy/local/processes.ts'
import { registryUrlOf } from '../../deploy/local/registry.ts'
import type { Say } from '../../deploy/local/say.ts'
import { setup } from '../../deploy/local/setup.ts'
import { topics } from '../../schemas/topics.ts'
import { createCodec, type Codec } from '../../services/shared/codec/codec.ts'
import { createTopics } from '../../services/shared/kafka/admin.ts'
import { createBatchingProducer, type BatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { createKafka, type Kafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'
import { createServiceProcess, type ServiceProcess } from '../support/service-process.ts'

/** A process of a service, and what it says of itself. */
export type MeasuredService = ServiceProcess & {
  /** Rejects when it does not run. */
  readonly pid: () => Promise<number>
  /** Everything that it has written to its log, of all its starts. */
  readonly readLog: () => Promise<string>
}

export type StateMachine = MeasuredService

/** A broker and a registry of its own, with empty topics, and processes of the services that are asked for. */
export type Stage = {
  readonly kafka: Kafka
  /** Prepared for room.input, room.state and what clients are pushed. */
  readonly codec: Codec
  readonly producer: BatchingProducer
  readonly brokerPid: number
  /** Where the broker keeps its logs, and the services theirs. */
  readonly dataDir: string
  /** Not started yet. */
  readonly createStateMachine: (name: string) => Promise<StateMachine>
  /** Not started yet. `env` is added to what every service is told. */
  readonly createService: (
    service: string,
    name: string,
    env?: Readonly<Record<string, string>>,
  ) => Promise<MeasuredService>
  /** A port that nobody has; given once. */
  readonly choosePort: () => Promise<number>
}

/** Written by a stage: the requests of app servers, states of rooms, and everything that edges push. */
const writtenTopics = [topics.roomInput, topics.roomState, topics.pushSignal, topics.pushComment, topics.pushLike]

/** All topics of the project have so many. */
export const partitions = 12

/** No deadline of a room passes while something is measured. */
const unhurried = { STREAM_GRACE_MS: String(6 * 3_600_000), INVITE_TTL_MS: String(3_600_000) }

const setupWithinMs = 60_000
const maxBuffered = 100_000

/**
 * Starts a stage, runs `use`, and ends all processes by their pids whatever came of it; they end with this process, too, even when it is
 * killed. The broker is one that lives long: with the optimising compiler, unlike those of the tests.
 * push.signal and room.state have the broker's append time here, so that one clock tells when inputs and outputs were appended.
 */
export const withStage = async <T>(
  { say, signal }: { readonly say: Say; readonly signal: AbortSignal },
  use: (stage: Stage) => Promise<T>,
): Promise<T> => {
  say('starting a broker and a registry …')
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-bench-'))
  const owner = createOwner()
  const closers: (() => Promise<unknown>)[] = [
    () => rm(dataDir, { recursive: true, force: true }),
    () => stopPlatform(dataDir).then(owner.release),
  ]
  try {
    const taken = new Set<number>()
    const choosePort = async (): Promise<number> => {
      const port = await findFreePort(taken)
      taken.add(port)
      return port
    }
    const broker = { id: 1, port: await choosePort(), controllerPort: await choosePort() }
    const registry = { port: await choosePort() }
    await bringUp({ dataDir, ports: { brokers: [broker], registry }, say: () => {}, signal, onStart: owner.add })
    const brokers = [`127.0.0.1:${broker.port}`]
    const registryUrl = registryUrlOf(registry.port)
    const kafka = createKafka({ brokers, clientId: 'roomcast-bench', log: silentLog })
    const within = AbortSignal.any([signal, AbortSignal.timeout(setupWithinMs)])
    await createStampedTopics(kafka, within)
    const settings = { kafka: { brokers, ssl: false, sasl: null }, registryUrl, partitions, replication: 1 }
    await setup({ ...settings, log: silentLog, signal: within })

    const codec = createCodec({ registryUrl, timeoutMs: 5_000, log: silentLog })
    for (const topic of writtenTopics) await codec.prepare(topic, within)
    const producer = await createBatchingProducer({
      kafka,
      maxBufferedMessages: maxBuffered,
      maxBufferedBytes: 64 * 1024 * 1024,
      deliveryTimeoutMs: 60_000,
      log: silentLog,
    })
    closers.push(producer.close)

    const env = {
      ...process.env,
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
      ...unhurried,
      MEDIA_AUTH_KEY: 'a key as long as real ones are',
      LOG_LEVEL: 'info',
      DATA_DIR: dataDir,
    }
    const createService: Stage['createService'] = async (service, name, own = {}) => {
      const adminPort = await choosePort()
      const started = createServiceProcess({ dataDir, service, name, adminPort, env: { ...env, ...own } })
      closers.push(started.stop)
      return {
        ...started,
        pid: async () => {
          const found = await findProcess(dataDir, name)
          if (found === undefined) throw new Error(`${name} does not run`)
          return found.pid
        },
        readLog: () => readFile(logFile(dataDir, name), 'utf8'),
      }
    }
    return await use({
      kafka,
      codec,
      producer,
      brokerPid: (await findProcess(dataDir, brokerName))?.pid ?? 0,
      createStateMachine: (name) => createService('state-machine', name),
      createService,
      choosePort,
      dataDir,
    })
  } finally {
    for (const close of closers.toReversed()) await close()
  }
}

const createStampedTopics = (kafka: Kafka, signal: AbortSignal): Promise<void> =>
  createTopics({
    kafka,
    topics: [topics.pushSignal, topics.roomState].map(({ name, config }) => ({
      name,
      partitions,
      replication: 1,
      config: { ...config, 'message.timestamp.type': 'LogAppendTime' },
    })),
    signal,
  })
