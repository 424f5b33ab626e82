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
import { tracingConfig, tracingSettings } from '../shared/tracing/config.ts'
import type { RosterLimits } from './roster.ts'
import type { CatchUpLimits } from './catch-up.ts'
import type { OverloadLimits } from './domain/overload.ts'
import type { RingLimits } from './domain/ring.ts'
import type { LaneName } from './logged.ts'
import type { SessionLimits } from './sessions.ts'

/** Within this the whole edge has stopped after SIGTERM; supervisors usually wait 30 s. */
export const closeDeadlineMs = 25_000

export type EdgeConfig = ServiceConfig & {
  readonly port: number
  readonly kafka: KafkaSettings
  readonly registryUrl: string
  readonly media: MediaSettings
  readonly jwtSecret: string | undefined
  readonly jwksUrl: string | undefined
  readonly limits: RosterLimits & SessionLimits
  readonly maxRoomsPerConnection: number
  /** How long a subscribe may wait for the state of its room. */
  readonly stateWaitMs: number
  readonly inviteTtlMs: number
  /** How often the connections are looked through for what is due. */
  readonly sweepMs: number
  /** The time that a stopping edge takes to send its clients away. */
  readonly drainMs: number
  /** An edge that did not report its viewers for so long is gone. */
  readonly presenceExpiryMs: number
  /** Of the recent messages of one partition, by lane. */
  readonly rings: Readonly<Record<LaneName, RingLimits>>
  /** Of what is read back for cursors older than that. */
  readonly catchUp: CatchUpLimits
  /** From when on comments and likes wait in Kafka. */
  readonly overload: OverloadLimits
  /** permessage-deflate: `shared` has one compressor for all connections. */
  readonly compression: 'off' | 'shared'
}

/** The longest that a service may take to stop, less what closing the rest takes. */
const maxDrainMs = closeDeadlineMs - 5_000

const mebibyte = 1024 * 1024

/** Rooms of one partition of which is remembered up to where their messages are gone. */
const maxForgottenRooms = 20_000
const maxCatchUpsAtOnce = 4

const Environment = z.object({
  ...kafkaConfig,
  ...registryConfig,
  ...mediaConfig,
  ...logConfig,
  ...tracingConfig,
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
  EDGE_DRAIN_MS: whole(10_000, { min: 1, max: maxDrainMs }),
  EDGE_MAX_OPS_PER_SECOND: whole(20, { min: 1 }),
  EDGE_PRESENCE_EXPIRY_MS: durationMs(60_000),
  EDGE_SIGNAL_RING_BYTES: whole(32 * mebibyte),
  EDGE_COMMENT_RING_BYTES: whole(8 * mebibyte),
  EDGE_LIKE_RING_BYTES: whole(8 * mebibyte),
  EDGE_CATCH_UP_BYTES: whole(64 * mebibyte),
  EDGE_CATCH_UP_MS: durationMs(10_000),
  EDGE_MAX_QUEUED_BYTES: whole(256 * mebibyte, { min: 1 }),
  EDGE_MAX_LATENESS_MS: durationMs(500),
  EDGE_COMPRESSION: z.enum(['off', 'shared']).default('off'),
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
    tracing: tracingSettings(config),
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
      maxOpsPerSecond: config.EDGE_MAX_OPS_PER_SECOND,
      origins: origins === undefined ? null : new Set(origins),
    },
    maxRoomsPerConnection: config.EDGE_MAX_ROOMS_PER_CONNECTION,
    stateWaitMs: config.EDGE_STATE_WAIT_MS,
    inviteTtlMs: config.INVITE_TTL_MS,
    sweepMs: Math.max(10, Math.min(1_000, Math.min(subscribeTimeoutMs, silenceTimeoutMs) / sweepsPerDeadline)),
    drainMs: config.EDGE_DRAIN_MS,
    presenceExpiryMs: config.EDGE_PRESENCE_EXPIRY_MS,
    rings: {
      signal: { maxBytes: config.EDGE_SIGNAL_RING_BYTES, maxAgeMs: 600_000, maxForgottenRooms },
      comment: { maxBytes: config.EDGE_COMMENT_RING_BYTES, maxAgeMs: 60_000, maxForgottenRooms },
      like: { maxBytes: config.EDGE_LIKE_RING_BYTES, maxAgeMs: 30_000, maxForgottenRooms },
    },
    catchUp: {
      maxBytes: config.EDGE_CATCH_UP_BYTES,
      deadlineMs: config.EDGE_CATCH_UP_MS,
      maxAtOnce: maxCatchUpsAtOnce,
    },
    overload: { maxLatenessMs: config.EDGE_MAX_LATENESS_MS, maxQueuedBytes: config.EDGE_MAX_QUEUED_BYTES },
    compression: config.EDGE_COMPRESSION,
  })
}
