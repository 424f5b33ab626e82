import { z } from 'zod'
import {
  durationMs,
  kafkaConfig,
  kafkaSettings,
  readConfig,
  registryAddress,
  registryConfig,
  type KafkaSettings,
} from '../../services/shared/config.ts'
import type { Limits } from './replay/judge.ts'

const schema = z.object({
  ...kafkaConfig,
  ...registryConfig,
  STREAM_GRACE_MS: durationMs(180_000).describe('how long a created live may take to push'),
  INVITE_TTL_MS: durationMs(30_000).describe('how long an invite waits for its answer'),
})

export type DeadLettersConfig = {
  readonly kafka: KafkaSettings
  readonly registryUrl: string
  /** Those of the state-machine, by the same names. */
  readonly limits: Limits
}

type Env = Readonly<Record<string, string | undefined>>

/**
 * The command's configuration. Throws the fault CONFIG_INVALID that names what is wrong.
 * @param local variables of the system that was started in DATA_DIR; used where neither KAFKA_BROKERS nor SCHEMA_REGISTRY_URL is set
 */
export const readDeadLettersConfig = (env: Env, local: Env = {}): DeadLettersConfig => {
  const isNamed = Boolean(env['KAFKA_BROKERS'] || env['SCHEMA_REGISTRY_URL'])
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const config = readConfig(schema, isNamed ? given : { ...local, ...given })
  return {
    kafka: kafkaSettings(config),
    registryUrl: registryAddress(config),
    limits: { graceMs: config.STREAM_GRACE_MS, inviteTtlMs: config.INVITE_TTL_MS },
  }
}
