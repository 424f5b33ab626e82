import { z } from 'zod'
import {
  adminPort,
  durationMs,
  flag,
  kafkaConfig,
  kafkaSettings,
  list,
  logConfig,
  mediaConfig,
  mediaSettings,
  missing,
  port,
  readConfig,
  registryConfig,
  whole,
  type KafkaSettings,
} from '../shared/config.ts'
import type { MediaSettings } from '../shared/media.ts'
import type { ServiceConfig } from '../shared/service.ts'
import type { SessionLimits } from './sessions.ts'

export type EdgeConfig = ServiceConfig & {
  readonly port: number
  readonly kafka: KafkaSettings
  readonly registryUrl: string
  readonly media: MediaSettings
  readonly jwtSecret: string | undefined
  readonly jwksUrl: string | undefined
  readonly limits: SessionLimits
  readonly maxRoomsPerConnection: number
  /** How long a subscribe may wait for the state of its room. */
  readonly stateWaitMs: number
  readonly inviteTtlMs: number
  /** How often the connections are looked through for what is due. */
  readonly sweepMs: number
  /** Over which time a stopping edge spreads the end of its connections. */
  readonly drainMs: number
}

const Environment = z.object({
  ...kafkaConfig,
  ...registryConfig,
  ...mediaConfig,
  ...logConfig,
  EDGE_PORT: port(8081),
  EDGE_ADMIN_PORT: adminPort(9466),
  ALLOW_INSECURE_LOCAL: flag,
  EDGE_JWT_SECRET: z.string().optional(),
  EDGE_JWKS_URL: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).optional(),
  EDGE_MAX_CONNECTIONS: whole(100_000, { min: 1 }),
  EDGE_MAX_CONNECTIONS_PER_USER: whole(10),
  EDGE_MAX_CONNECTIONS_PER_ADDRESS: whole(0),
  EDGE_MAX_ROOMS_PER_CONNECTION: whole(8, { min: 1 }),
  EDGE_ORIGINS: list.optional(),
  EDGE_SUBSCRIBE_TIMEOUT_MS: durationMs(10_000),
  EDGE_SILENCE_TIMEOUT_MS: durationMs(30_000),
  EDGE_STATE_WAIT_MS: durationMs(10_000),
  EDGE_DRAIN_MS: durationMs(5_000),
  INVITE_TTL_MS: durationMs(30_000),
})

/** With this anybody can make a token: for local runs alone, where ALLOW_INSECURE_LOCAL says so and no key is given. */
const insecureLocalSecret = 'roomcast-insecure-local'

/** A connection is looked at often enough for its shortest deadline, at least every second. */
const sweepsPerDeadline = 10

/** The configuration of the edge. Throws the fault CONFIG_INVALID, which names every bad key. */
export const readEdgeConfig = (env: Readonly<Record<string, string | undefined>>): EdgeConfig => {
  const config = readConfig(Environment, env)
  const { EDGE_JWT_SECRET: secret, EDGE_JWKS_URL: jwksUrl, EDGE_ORIGINS: origins } = config
  const hasKey = secret !== undefined || jwksUrl !== undefined
  if (!hasKey && !config.ALLOW_INSECURE_LOCAL) {
    throw missing('EDGE_JWT_SECRET', 'or EDGE_JWKS_URL: one of them checks the tokens of clients')
  }
  const { EDGE_SUBSCRIBE_TIMEOUT_MS: subscribeTimeoutMs, EDGE_SILENCE_TIMEOUT_MS: silenceTimeoutMs } = config
  return Object.freeze({
    logLevel: config.LOG_LEVEL,
    adminPort: config.EDGE_ADMIN_PORT,
    port: config.EDGE_PORT,
    kafka: kafkaSettings(config),
    registryUrl: config.SCHEMA_REGISTRY_URL,
    media: mediaSettings(config),
    jwtSecret: hasKey ? secret : insecureLocalSecret,
    jwksUrl,
    limits: {
      subscribeTimeoutMs,
      silenceTimeoutMs,
      maxConnections: config.EDGE_MAX_CONNECTIONS,
      maxConnectionsPerUser: config.EDGE_MAX_CONNECTIONS_PER_USER,
      maxConnectionsPerAddress: config.EDGE_MAX_CONNECTIONS_PER_ADDRESS,
      origins: origins === undefined ? null : new Set(origins),
    },
    maxRoomsPerConnection: config.EDGE_MAX_ROOMS_PER_CONNECTION,
    stateWaitMs: config.EDGE_STATE_WAIT_MS,
    inviteTtlMs: config.INVITE_TTL_MS,
    sweepMs: Math.max(10, Math.min(1_000, Math.min(subscribeTimeoutMs, silenceTimeoutMs) / sweepsPerDeadline)),
    drainMs: config.EDGE_DRAIN_MS,
  })
}
