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
  registryAddress,
  registryConfig,
  type KafkaSettings,
} from '../shared/config.ts'
import type { LogLevel } from '../shared/log.ts'
import type { MediaSettings } from '../shared/media.ts'
import { tracingConfig, tracingSettings, type TracingSettings } from '../shared/tracing/config.ts'

/** What the state-machine reads of the environment. */
export const stateMachineEnvironment = z.object({
  ...kafkaConfig,
  ...registryConfig,
  ...mediaConfig,
  ...logConfig,
  ...tracingConfig,
  STATE_MACHINE_ADMIN_PORT: adminPort(9465).describe('metrics and probes; 0: any free one'),
  STREAM_GRACE_MS: durationMs(180_000).describe('a room that does not push for so long has ended'),
  INVITE_TTL_MS: durationMs(30_000).describe('how long an invite lives; the same at edge and state-machine'),
  MIX_TIMEOUT_MS: durationMs(20_000).describe('a mix command without an answer has failed'),
  STATE_MACHINE_STALL_LIMIT_MS: durationMs(30_000).describe(
    'a partition that has something to do and does nothing for so long ends the process',
  ),
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
  const config = readConfig(stateMachineEnvironment, env)
  return {
    logLevel: config.LOG_LEVEL,
    adminPort: config.STATE_MACHINE_ADMIN_PORT,
    tracing: tracingSettings(config),
    kafka: kafkaSettings(config),
    registryUrl: registryAddress(config),
    media: mediaSettings(config),
    graceMs: config.STREAM_GRACE_MS,
    inviteTtlMs: config.INVITE_TTL_MS,
    mixTimeoutMs: config.MIX_TIMEOUT_MS,
    stallLimitMs: config.STATE_MACHINE_STALL_LIMIT_MS,
  }
}
