import { Fault } from '../fault.ts'
import type { Kafka } from './client.ts'
import { shortRetry, withCluster } from './cluster.ts'
import { createAdmin } from './internals.ts'

/** A topic to be there. `config`: Kafka's topic configuration keys, set when the topic is created. */
export type TopicToCreate = {
  readonly name: string
  readonly partitions: number
  readonly replication: number
  readonly config: Readonly<Record<string, string>>
}

/** How long the controller may take for one topic. */
const createTimeoutMs = 5000

/**
 * Creates the topics that are missing and waits until every partition of all of them has a leader.
 * Topics that exist are left as they are.
 * @throws Fault CONFIG_INVALID when one exists with another number of partitions (it is fixed for life)
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 30 s)
 */
export const createTopics = ({
  kafka,
  topics,
  deadlineMs = 30_000,
  signal,
}: {
  kafka: Kafka
  topics: readonly TopicToCreate[]
  deadlineMs?: number
  signal?: AbortSignal
}): Promise<void> =>
  withCluster({ kafka, deadlineMs, signal }, async ({ cluster, logger }) => {
    const admin = createAdmin({ cluster, logger, retry: shortRetry })
    for (const { name, partitions, replication, config } of topics) {
      // One request each: it answers false for a topic that exists, and a refusal names its topic.
      await admin.createTopics({
        topics: [
          {
            topic: name,
            numPartitions: partitions,
            replicationFactor: replication,
            configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
          },
        ],
        waitForLeaders: false,
        timeout: createTimeoutMs,
      })
    }
    // Fails, and is tried again, as long as a topic is unknown to the broker asked or one of its partitions has no leader.
    await cluster.addMultipleTargetTopics(topics.map(({ name }) => name))
    for (const { name, partitions } of topics) {
      const actual = cluster.findTopicPartitionMetadata(name).length
      if (actual !== partitions) {
        throw new Fault(
          'CONFIG_INVALID',
          `topic ${name} exists with ${actual} partitions, not ${partitions}: the number is fixed for life, ` +
            'since a room must stay in its partition',
        )
      }
    }
  })

/**
 * The cluster's id: another one means another log, whatever the offsets look like.
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 10 s)
 */
export const fetchClusterId = ({
  kafka,
  deadlineMs = 10_000,
  signal,
}: {
  kafka: Kafka
  deadlineMs?: number
  signal?: AbortSignal
}): Promise<string> =>
  withCluster({ kafka, deadlineMs, signal }, async ({ cluster }) => {
    const id = cluster.brokerPool.metadata?.clusterId
    if (!id) throw new Fault('BROKER_REFUSED', 'the broker tells no cluster id')
    return id
  })

/**
 * Moves the start of a partition's log to an offset: what is before is gone for good, whatever the topic's retention.
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 10 s)
 */
export const deleteRecordsBefore = ({
  kafka,
  topic,
  partition,
  offset,
  deadlineMs = 10_000,
  signal,
}: {
  kafka: Kafka
  topic: string
  partition: number
  offset: number
  deadlineMs?: number
  signal?: AbortSignal
}): Promise<void> =>
  withCluster({ kafka, topics: [topic], deadlineMs, signal }, ({ cluster, logger }) =>
    createAdmin({ cluster, logger, retry: shortRetry }).deleteTopicRecords({
      topic,
      partitions: [{ partition, offset: String(offset) }],
    }),
  )
