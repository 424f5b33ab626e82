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
import { Fault, isFault } from '../../services/shared/fault.ts'
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

const read = (env: Env): DeadLettersConfig => {
  const config = readConfig(schema, env)
  return {
    kafka: kafkaSettings(config),
    registryUrl: registryAddress(config),
    limits: { graceMs: config.STREAM_GRACE_MS, inviteTtlMs: config.INVITE_TTL_MS },
  }
}

/**
 * The command's configuration. Throws the fault CONFIG_INVALID that names what is wrong.
 * @param local variables of the system that was started in DATA_DIR; used where neither KAFKA_BROKERS nor SCHEMA_REGISTRY_URL is set.
 *   The passwords of brokers and registry are not among them.
 */
export const readDeadLettersConfig = (env: Env, local: Env = {}): DeadLettersConfig => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  if ('KAFKA_BROKERS' in given || 'SCHEMA_REGISTRY_URL' in given) return read(given)
  try {
    return read({ ...local, ...given })
  } catch (error) {
    if (!isFault(error, 'CONFIG_INVALID') || Object.keys(local).length === 0) throw error
    const why = 'all else is taken from the system that was started here, and passwords are not written down'
    throw new Fault('CONFIG_INVALID', `${error.message}; ${why}`, { cause: error })
  }
}
