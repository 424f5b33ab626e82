import type { Kafka } from './client.ts'
import { withCluster } from './cluster.ts'

/** What a broker knows of the cluster's brokers and replicas. */
export type Replicas = {
  /** The ids of the brokers that are there. */
  readonly brokers: readonly number[]
  /** The partitions of all topics that lack a replica, and the brokers that should have it. */
  readonly outOfSync: readonly {
    readonly topic: string
    readonly partition: number
    readonly brokers: readonly number[]
  }[]
  /** How many partitions each broker leads. */
  readonly leaderships: ReadonlyMap<number, number>
}

/**
 * Asks a broker which brokers and which replicas there are, all topics together. Waits while a partition has no leader.
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 10 s)
 */
export const fetchReplicas = ({
  kafka,
  deadlineMs = 10_000,
  signal,
}: {
  kafka: Kafka
  deadlineMs?: number
  signal?: AbortSignal | undefined
}): Promise<Replicas> =>
  // No topics: that asks for all of them.
  withCluster({ kafka, topics: [], deadlineMs, signal }, async ({ cluster }) => {
    const { brokers = [], topicMetadata = [] } = cluster.brokerPool.metadata ?? {}
    const partitions = topicMetadata.flatMap(({ topic, partitionMetadata }) =>
      partitionMetadata.map((one) => ({ topic, ...one })),
    )
    const leaders = Map.groupBy(partitions, ({ leader }) => leader)
    return {
      brokers: brokers.map(({ nodeId }) => nodeId),
      outOfSync: partitions.flatMap(({ topic, partitionId, replicas, isr }) => {
        const missing = replicas.filter((broker) => !isr.includes(broker))
        return missing.length === 0 ? [] : [{ topic, partition: partitionId, brokers: missing }]
      }),
      leaderships: new Map([...leaders].map(([broker, led]) => [broker, led.length])),
    }
  })
