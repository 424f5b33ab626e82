import { z } from 'zod'
import {
  kafkaConfig,
  kafkaSettings,
  logConfig,
  readConfig,
  registryAddress,
  registryConfig,
  whole,
  type KafkaSettings,
} from '../../services/shared/config.ts'
import { Fault } from '../../services/shared/fault.ts'
import type { LogLevel } from '../../services/shared/log.ts'
import { defaultMinInsync, type TopicSettings } from './wanted-topics.ts'

/** What the setup is told by its environment. */
export const setupEnvironment = z.object({
  ...kafkaConfig,
  ...registryConfig,
  ...logConfig,
  TOPIC_PARTITIONS: whole(12, { min: 1 }).describe('of each topic; fixed for life'),
  TOPIC_REPLICATION: whole(1, { min: 1 }).describe('replicas of each partition, at creation'),
  TOPIC_MIN_INSYNC_REPLICAS: whole(1, { min: 1 })
    .unwrap()
    .optional()
    .describe('so many have to have a record before it is acknowledged; unset: all replicas but one'),
})

export type SetupConfig = {
  readonly kafka: KafkaSettings
  /** Holds user and password where they are set. */
  readonly registryUrl: string
  readonly topics: TopicSettings
  readonly logLevel: LogLevel
}

/** Throws the fault CONFIG_INVALID that names what is wrong. */
export const readSetupConfig = (env: Readonly<Record<string, string | undefined>>): SetupConfig => {
  const config = readConfig(setupEnvironment, env)
  const { TOPIC_PARTITIONS: partitions, TOPIC_REPLICATION: replication } = config
  const minInsync = config.TOPIC_MIN_INSYNC_REPLICAS ?? defaultMinInsync(replication)
  if (minInsync > replication)
    throw new Fault(
      'CONFIG_INVALID',
      `bad configuration: TOPIC_MIN_INSYNC_REPLICAS is ${minInsync} of TOPIC_REPLICATION ${replication}: nothing could be written`,
    )
  return {
    kafka: kafkaSettings(config),
    registryUrl: registryAddress(config),
    topics: { partitions, replication, minInsync },
    logLevel: config.LOG_LEVEL,
  }
}
