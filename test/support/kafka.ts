import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers'
import { findFreePort } from '../../deploy/local/ports.ts'
import { startPlatform } from '../../deploy/local/platform.ts'
import { createTopics } from '../../services/shared/kafka/admin.ts'
import { createKafka, type Kafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'

/** A broker and a registry for tests. */
export type TestKafka = {
  readonly brokers: readonly string[]
  readonly registryUrl: string
  readonly kafka: Kafka
  /** Creates a topic whose name no other test has. */
  readonly createTopic: (options?: {
    readonly partitions?: number
    readonly config?: Readonly<Record<string, string>>
  }) => Promise<string>
  /** Stops what was started for this file; nothing when it was given. */
  readonly stop: () => Promise<void>
}

type Started = Pick<TestKafka, 'brokers' | 'registryUrl' | 'stop'>

const env = process.env

/** What the run was given: one broker and registry for all its files. */
const given = (): Started | null =>
  env['KAFKA_BROKERS'] && env['SCHEMA_REGISTRY_URL']
    ? { brokers: env['KAFKA_BROKERS'].split(','), registryUrl: env['SCHEMA_REGISTRY_URL'], stop: async () => {} }
    : null

const hasContainers = async (): Promise<boolean> => {
  try {
    await getContainerRuntimeClient()
    return true
  } catch {
    return false // no engine answers: that is the answer
  }
}

/** The port is chosen beforehand, because the broker has to tell it to its clients. */
const startContainers = async (): Promise<Started> => {
  const port = await findFreePort(new Set())
  const broker = await new GenericContainer(env['KAFKA_IMAGE'] ?? 'apache/kafka:4.4.0')
    .withExposedPorts({ container: port, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:29093',
      KAFKA_LISTENERS: `PLAINTEXT://0.0.0.0:${port},CONTROLLER://localhost:29093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    })
    .withWaitStrategy(Wait.forLogMessage('Kafka Server started'))
    .start()
  const registry = await new GenericContainer(env['REGISTRY_IMAGE'] ?? 'apicurio/apicurio-registry:3.0.9')
    .withExposedPorts(8080)
    .withWaitStrategy(Wait.forHttp('/apis/ccompat/v7/subjects', 8080))
    .start()
  return {
    brokers: [`127.0.0.1:${port}`],
    registryUrl: `http://${registry.getHost()}:${registry.getMappedPort(8080)}/apis/ccompat/v7`,
    stop: async () => {
      await registry.stop()
      await broker.stop()
    },
  }
}

const startLocal = async (): Promise<Started> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-test-'))
  const { brokers, registryUrl, stop } = await startPlatform({ dataDir, ownedByThisProcess: true })
  return {
    brokers,
    registryUrl,
    stop: async () => {
      await stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/**
 * A broker for a test file: the one that KAFKA_BROKERS and SCHEMA_REGISTRY_URL name, which all files of a run share; otherwise
 * containers (images by KAFKA_IMAGE and REGISTRY_IMAGE) where an engine answers, otherwise the local platform.
 */
export const startKafka = async (): Promise<TestKafka> => {
  const { brokers, registryUrl, stop } =
    given() ?? ((await hasContainers()) ? await startContainers() : await startLocal())
  const kafka = createKafka({ brokers, clientId: 'roomcast-test', log: silentLog })
  return {
    brokers,
    registryUrl,
    kafka,
    createTopic: async ({ partitions = 1, config = {} } = {}) => {
      const name = `test.${randomUUID()}`
      await createTopics({ kafka, topics: [{ name, partitions, replication: 1, config }] })
      return name
    },
    stop,
  }
}
