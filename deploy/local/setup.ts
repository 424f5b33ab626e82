import type { KafkaSettings } from '../../services/shared/config.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import type { Log } from '../../services/shared/log.ts'
import { setUp } from '../kafka/set-up.ts'
import { defaultMinInsync, wantedTopics } from '../kafka/wanted-topics.ts'

export type Setup = (options: {
  readonly kafka: KafkaSettings
  /** The Confluent API of the registry. */
  readonly registryUrl: string
  readonly partitions: number
  readonly replication: number
  /** Replicas that have to have a record before it is acknowledged; all but one, unless given. */
  readonly minInsync?: number
  readonly log: Log
  readonly signal: AbortSignal
}) => Promise<void>

/** Creates the topics and registers the schemas that are missing; throws as `setUp` does. */
export const setup: Setup = ({
  kafka,
  registryUrl,
  partitions,
  replication,
  minInsync = defaultMinInsync(replication),
  log,
  signal,
}) =>
  setUp({
    kafka: createKafka({ ...kafka, clientId: 'roomcast-setup', log }),
    registryUrl,
    topics: wantedTopics({ partitions, replication, minInsync }),
    log,
    signal,
  })
