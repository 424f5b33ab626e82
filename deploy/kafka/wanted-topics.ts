import { topics, type Topic } from '../../schemas/topics.ts'
import type { TopicToCreate } from '../../services/shared/kafka/admin.ts'

/** How a cluster's topics are to be made. */
export type TopicSettings = {
  /** The same for all topics, and fixed for life: a room must stay in its partition. */
  readonly partitions: number
  readonly replication: number
  /** So many replicas have to have a record before it is acknowledged. */
  readonly minInsync: number
}

/** One replica may be away without a word being lost or refused: 2 of 3, and where there is but one, that one. */
export const defaultMinInsync = (replication: number): number => Math.max(1, replication - 1)

/** Every topic of roomcast, with all that it is created with. */
export const wantedTopics = ({ partitions, replication, minInsync }: TopicSettings): readonly TopicToCreate[] =>
  Object.values<Topic>(topics).map(({ name, config }) => ({
    name,
    partitions,
    replication,
    config: { ...config, 'min.insync.replicas': String(minInsync) },
  }))
