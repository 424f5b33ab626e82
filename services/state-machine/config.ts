import { z } from 'zod'
import {
  adminPort,
  durationMs,
  kafkaConfig,
  kafkaSettings,
  logConfig,
  mediaConfig,
  mediaSettings,
  readConfig,
  registryConfig,
  type KafkaSettings,
} from '../shared/config.ts'
import type { LogLevel } from '../shared/log.ts'
import type { MediaSettings } from '../shared/media.ts'
import { tracingConfig, tracingSettings, type TracingSettings } from '../shared/tracing/config.ts'

const schema = z.object({
  ...kafkaConfig,
  ...registryConfig,
  ...mediaConfig,
  ...logConfig,
  ...tracingConfig,
  STATE_MACHINE_ADMIN_PORT: adminPort(9465),
  STREAM_GRACE_MS: durationMs(180_000),
  INVITE_TTL_MS: durationMs(30_000),
  MIX_TIMEOUT_MS: durationMs(20_000),
  STATE_MACHINE_STALL_LIMIT_MS: durationMs(30_000),
})

export type StateMachineConfig = {
  readonly logLevel: LogLevel
  readonly adminPort: number
  readonly tracing: TracingSettings | null
  readonly kafka: KafkaSettings
  readonly registryUrl: string
  readonly media: MediaSettings
  readonly graceMs: number
  readonly inviteTtlMs: number
  readonly mixTimeoutMs: number
  /** A partition that has something to do and does nothing for so long ends the process. */
  readonly stallLimitMs: number
}

/** The state-machine's configuration. Throws the fault CONFIG_INVALID that names what is wrong. */
export const readStateMachineConfig = (env: Readonly<Record<string, string | undefined>>): StateMachineConfig => {
  const config = readConfig(schema, env)
  return {
    logLevel: config.LOG_LEVEL,
    adminPort: config.STATE_MACHINE_ADMIN_PORT,
    tracing: tracingSettings(config),
    kafka: kafkaSettings(config),
    registryUrl: config.SCHEMA_REGISTRY_URL,
    media: mediaSettings(config),
    graceMs: config.STREAM_GRACE_MS,
    inviteTtlMs: config.INVITE_TTL_MS,
    mixTimeoutMs: config.MIX_TIMEOUT_MS,
    stallLimitMs: config.STATE_MACHINE_STALL_LIMIT_MS,
  }
}
