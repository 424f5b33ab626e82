import { registerSchemas } from '../../services/shared/codec/register.ts'
import { createTopics, type TopicToCreate } from '../../services/shared/kafka/admin.ts'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import type { Log } from '../../services/shared/log.ts'

const registryTimeoutMs = 5000
const withinMs = 60_000

/**
 * Creates the topics and registers the schemas that are missing. What is there stays as it is, so it may run at every start.
 * Throws a fault when broker or registry does not answer in time, or refuses; CONFIG_INVALID when a topic has another number of partitions.
 */
export const setUp = async ({
  kafka,
  registryUrl,
  topics,
  log,
  signal,
}: {
  readonly kafka: Kafka
  /** The Confluent API of the registry. */
  readonly registryUrl: string
  readonly topics: readonly TopicToCreate[]
  readonly log: Log
  readonly signal: AbortSignal
}): Promise<void> => {
  const controller = new AbortController()
  const within = AbortSignal.any([signal, controller.signal, AbortSignal.timeout(withinMs)])
  const both = [
    createTopics({ kafka, topics, signal: within }),
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
