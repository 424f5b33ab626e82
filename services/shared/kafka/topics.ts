import type { Kafka } from './client.ts'
import { shortRetry, withCluster } from './cluster.ts'
import { createAdmin } from './internals.ts'

/** A topic as the cluster has it. */
export type ExistingTopic = {
  readonly name: string
  readonly partitions: number
  /** Of the partition that has the fewest replicas. */
  readonly replication: number
  /** Every setting with its effective value, defaults of the cluster included. */
  readonly config: ReadonlyMap<string, string>
}

/** Kafka's number of a topic among the resources that have a configuration. */
const topicResource = 2

/**
 * Those of the named topics that exist, by name.
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 30 s)
 */
export const fetchTopics = ({
  kafka,
  names,
  deadlineMs = 30_000,
  signal,
}: {
  kafka: Kafka
  names: readonly string[]
  deadlineMs?: number
  signal?: AbortSignal
}): Promise<ReadonlyMap<string, ExistingTopic>> =>
  withCluster({ kafka, deadlineMs, signal }, async ({ cluster, logger }) => {
    const admin = createAdmin({ cluster, logger, retry: shortRetry })
    // All of them: to be asked for one that does not exist is an error to kafkajs.
    const { topics } = await admin.fetchTopicMetadata()
    const found = topics.filter(({ name }) => names.includes(name))
    if (found.length === 0) return new Map()
    const { resources } = await admin.describeConfigs({
      resources: found.map(({ name }) => ({ type: topicResource, name })),
      includeSynonyms: false,
    })
    const configOf = (topic: string): ReadonlyMap<string, string> =>
      new Map(
        resources
          .find(({ resourceName }) => resourceName === topic)
          ?.configEntries.flatMap(({ configName, configValue }) =>
            configValue === null ? [] : [[configName, configValue] as const],
          ),
      )
    return new Map(
      found.map(({ name, partitions }) => [
        name,
        {
          name,
          partitions: partitions.length,
          replication: Math.min(...partitions.map(({ replicas }) => replicas.length)),
          config: configOf(name),
        },
      ]),
    )
  })
