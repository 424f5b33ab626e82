import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../../deploy/local/ports.ts'
import { startPlatform } from '../../deploy/local/platform.ts'
import { createTopics } from '../../services/shared/kafka/admin.ts'
import { createKafka, type Kafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'
import { describeLoneBroker } from '../containers/broker-settings.ts'
import { choosePlatform } from '../containers/choose-platform.ts'
import { createGuard } from '../containers/guard.ts'
import {
  awaitBrokers,
  registryUrlAt,
  startKafkaContainer,
  startRegistryContainer,
} from '../containers/start-platform.ts'

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

export type StartedPlatform = Pick<TestKafka, 'brokers' | 'registryUrl' | 'stop'>

const env = process.env

/** What the run was given: one broker and registry for all files of a lane, one after the other. */
const given = (): StartedPlatform | null =>
  env['KAFKA_BROKERS'] && env['SCHEMA_REGISTRY_URL']
    ? { brokers: env['KAFKA_BROKERS'].split(','), registryUrl: env['SCHEMA_REGISTRY_URL'], stop: async () => {} }
    : null

/** The broker's port is chosen beforehand, because it has to tell it to its clients. */
const startContainers = async (): Promise<StartedPlatform> => {
  const port = await findFreePort()
  const registryPort = await findFreePort(new Set([port]))
  const guard = createGuard()
  const starts = [
    startKafkaContainer({ env: describeLoneBroker(port), ports: [port], guard }),
    startRegistryContainer({ port: registryPort, guard }),
  ]
  const stop = async (): Promise<void> => {
    const started = await Promise.allSettled(starts)
    for (const one of started) if (one.status === 'fulfilled') await one.value.stop()
    guard.release()
  }
  const brokers = [`127.0.0.1:${port}`]
  try {
    await Promise.all(starts)
    await awaitBrokers(brokers)
  } catch (error) {
    await stop()
    throw error
  }
  return { brokers, registryUrl: registryUrlAt(registryPort), stop }
}

const startLocal = async (): Promise<StartedPlatform> => {
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

/** A broker and a registry of one's own, on the platform that PLATFORM chooses; containers by KAFKA_IMAGE and REGISTRY_IMAGE. */
export const startOwnPlatform = (): Promise<StartedPlatform> =>
  choosePlatform(env) === 'containers' ? startContainers() : startLocal()

/**
 * A broker for a test file: the one that KAFKA_BROKERS and SCHEMA_REGISTRY_URL name, which the files before and after it in its lane have,
 * too; otherwise one of its own.
 */
export const startKafka = async (): Promise<TestKafka> => {
  const { brokers, registryUrl, stop } = given() ?? (await startOwnPlatform())
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
