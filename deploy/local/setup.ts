import { topics, type Topic } from '../../schemas/topics.ts'
import { registerSchemas } from '../../services/shared/codec/register.ts'
import type { KafkaSettings } from '../../services/shared/config.ts'
import { createTopics } from '../../services/shared/kafka/admin.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import type { Log } from '../../services/shared/log.ts'

export type Setup = (options: {
  readonly kafka: KafkaSettings
  /** The Confluent API of the registry. */
  readonly registryUrl: string
  readonly partitions: number
  readonly replication: number
  readonly log: Log
  readonly signal: AbortSignal
}) => Promise<void>

const registryTimeoutMs = 5000
const registryWithinMs = 60_000

/**
 * Creates the topics and registers the schemas that are missing. What is there stays as it is, so it may run at every start.
 * Throws a fault when broker or registry does not answer in time, or refuses.
 */
export const setup: Setup = async ({
  kafka: { brokers, ssl, sasl },
  registryUrl,
  partitions,
  replication,
  log,
  signal,
}) => {
  const kafka = createKafka({ brokers, clientId: 'roomcast-setup', ssl, sasl, log })
  const all: readonly Topic[] = Object.values(topics)
  const controller = new AbortController()
  const within = AbortSignal.any([signal, controller.signal, AbortSignal.timeout(registryWithinMs)])
  const both = [
    createTopics({
      kafka,
      topics: all.map(({ name, config }) => ({ name, partitions, replication, config })),
      signal: within,
    }),
    registerSchemas({ registryUrl, timeoutMs: registryTimeoutMs, log, signal: within }),
  ]
  try {
    await Promise.all(both)
  } finally {
    // When one has failed, the other must not go on behind the caller's back.
    controller.abort()
    await Promise.allSettled(both)
  }
}
