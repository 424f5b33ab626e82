import { isAnswered } from '../../deploy/local/answers.ts'
import { PlatformError } from '../../deploy/local/error.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { probeBroker } from '../../services/shared/kafka/probe.ts'
import { silentLog } from '../../services/shared/log.ts'
import type { StartedTestContainer } from 'testcontainers'
import type { Environment } from './broker-settings.ts'
import type { Guard } from './guard.ts'
import { loadTestcontainers } from './runtime.ts'

const readyWithinMs = 120_000
const answersWithinMs = 5_000

const images = {
  kafka: process.env['KAFKA_IMAGE'] ?? 'apache/kafka:4.4.0',
  registry: process.env['REGISTRY_IMAGE'] ?? 'apicurio/apicurio-registry:3.0.9',
}

/** Starts a node of Kafka; resolves when it says that it has started. With `beside` it has the network of that container, else its own. */
export const startKafkaContainer = async ({
  env,
  ports,
  beside,
  guard,
}: {
  readonly env: Environment
  /** Published, under the same numbers. */
  readonly ports: readonly number[]
  readonly beside?: StartedTestContainer
  readonly guard: Guard
}): Promise<StartedTestContainer> => {
  const { GenericContainer, Wait } = await loadTestcontainers()
  const container = new GenericContainer(images.kafka)
    .withEnvironment({ ...env })
    .withLabels({ ...guard.labels })
    .withExposedPorts(...ports.map((port) => ({ container: port, host: port })))
    .withWaitStrategy(Wait.forLogMessage('Kafka Server started'))
    .withStartupTimeout(readyWithinMs)
  return (beside === undefined ? container : container.withNetworkMode(`container:${beside.getId()}`)).start()
}

/** Waits until brokers really work: the log line and the open port come up to a second before that. */
export const awaitBrokers = (brokers: readonly string[], signal?: AbortSignal): Promise<void> =>
  probeBroker({ brokers, deadlineMs: readyWithinMs, log: silentLog, ...(signal === undefined ? {} : { signal }) })

const registryPort = 8080
const api = '/apis/ccompat/v7'

/** Its schemas are in a file, written at each commit: they outlive a stop, as those of the local platform do. */
const registryEnvironment: Environment = {
  APICURIO_STORAGE_KIND: 'sql',
  APICURIO_STORAGE_SQL_KIND: 'h2',
  APICURIO_DATASOURCE_URL: 'jdbc:h2:file:./schemas;WRITE_DELAY=0',
  JAVA_OPTS_APPEND: '-Xmx192m -XX:TieredStopAtLevel=1',
}

/** The Confluent API of a registry at a port of this machine. */
export const registryUrlAt = (port: number): string => `http://127.0.0.1:${port}${api}`

/** Starts a registry that is reached at `port` of this machine; resolves when it answers. */
export const startRegistryContainer = async ({
  port,
  guard,
}: {
  readonly port: number
  readonly guard: Guard
}): Promise<StartedTestContainer> => {
  const { GenericContainer, Wait } = await loadTestcontainers()
  return new GenericContainer(images.registry)
    .withEnvironment({ ...registryEnvironment })
    .withLabels({ ...guard.labels })
    .withExposedPorts({ container: registryPort, host: port })
    .withWaitStrategy(Wait.forHttp(`${api}/subjects`, registryPort))
    .withStartupTimeout(readyWithinMs)
    .start()
}

/** Waits until a registry that was started again answers at its Confluent API. */
export const awaitRegistry = async (url: string, signal?: AbortSignal): Promise<void> => {
  const over = signal ?? AbortSignal.timeout(readyWithinMs * 2)
  const isReady = (): Promise<boolean> => isAnswered(`${url}/subjects`, { withinMs: answersWithinMs, signal: over })
  if (await waitUntil(isReady, { deadlineMs: readyWithinMs, signal: over })) return
  throw new PlatformError(`the registry at ${url} does not answer within ${readyWithinMs / 1_000} s`)
}
