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
  registryAddress,
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

/** What the edge reads of the environment. */
export const edgeEnvironment = z.object({
  ...kafkaConfig,
  ...registryConfig,
  ...mediaConfig,
  ...logConfig,
  ...tracingConfig,
  EDGE_PORT: port(8081).describe('WebSocket and server-sent events; 0: any free one'),
  EDGE_ADMIN_PORT: adminPort(9466).describe('metrics and probes; 0: any free one'),
  ALLOW_INSECURE_LOCAL: flag.describe(
    '1: starts without the keys that it would insist on otherwise; for local runs alone',
  ),
  EDGE_JWT_SECRET: z
    .string()
    .optional()
    .meta({ description: 'checks tokens signed with HS256; this or EDGE_JWKS_URL is needed', secret: true }),
  EDGE_JWKS_URL: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .optional()
    .describe('where the keys are published for tokens signed with RS256 or ES256'),
  EDGE_MAX_CONNECTIONS: whole(100_000, { min: 1 }).describe('of this instance; a full one answers 503'),
  EDGE_MAX_CONNECTIONS_PER_USER: whole(10).describe('at this instance, then 4503; 0: any number'),
  EDGE_MAX_CONNECTIONS_PER_ADDRESS: whole(0).describe(
    'at this instance, then 4503; 0: any number (behind a proxy leave it so)',
  ),
  EDGE_MAX_ROOMS_PER_CONNECTION: whole(8, { min: 1 }).describe('then 429'),
  EDGE_ORIGINS: list
    .optional()
    .describe('origins of pages that may connect, comma separated; unset: any. A request without Origin passes'),
  EDGE_SUBSCRIBE_TIMEOUT_MS: durationMs(10_000).describe(
    'a connection that has not subscribed by then is closed with 4003',
  ),
  EDGE_SILENCE_TIMEOUT_MS: durationMs(30_000).describe('of a client, then 4002; it is pinged after a third of it'),
  EDGE_STATE_WAIT_MS: durationMs(10_000).describe('how long a subscribe waits for the state of its room, then 4004'),
  EDGE_DRAIN_MS: whole(10_000, { min: 1, max: maxDrainMs }).describe(
    'the time that a stopping edge takes to send its clients away',
  ),
  EDGE_MAX_OPS_PER_SECOND: whole(20, { min: 1 }).describe(
    'of one connection, five seconds’ worth at once; connect counts ten. Beyond it 429',
  ),
  EDGE_PRESENCE_EXPIRY_MS: durationMs(60_000).describe(
    'an edge that has not reported its viewers for so long is gone; it reports three times as often',
  ),
  EDGE_SIGNAL_RING_BYTES: whole(32 * mebibyte).describe(
    'recent signals of one partition, for resumes; at most 10 min of them',
  ),
  EDGE_COMMENT_RING_BYTES: whole(8 * mebibyte).describe(
    'recent comments of one partition, for resumes; at most 60 s of them',
  ),
  EDGE_LIKE_RING_BYTES: whole(8 * mebibyte).describe(
    'recent likes of one partition, for resumes; at most 30 s of them',
  ),
  EDGE_CATCH_UP_BYTES: whole(64 * mebibyte).describe('of one read for cursors older than the ring; four at once'),
  EDGE_CATCH_UP_MS: durationMs(10_000).describe('of one read for cursors older than the ring'),
  EDGE_MAX_QUEUED_BYTES: whole(256 * mebibyte, { min: 1 }).describe(
    'of what waits for all connections; beyond it comments and likes stay in Kafka',
  ),
  EDGE_MAX_LATENESS_MS: durationMs(500).describe('of the event loop; beyond it comments and likes stay in Kafka'),
  EDGE_COMPRESSION: z
    .enum(['off', 'shared'])
    .default('off')
    .describe('off, or shared: permessage-deflate with one compressor for all connections'),
  INVITE_TTL_MS: durationMs(30_000).describe('how long an invite lives; the same at edge and state-machine'),
})

/** With this anybody can make a token: for local runs alone, where ALLOW_INSECURE_LOCAL says so and no key is given. */
const insecureLocalSecret = 'roomcast-insecure-local'

/** A connection is looked at often enough for its shortest deadline, at least every second. */
const sweepsPerDeadline = 10

/** The configuration of the edge. Throws the fault CONFIG_INVALID, which names every bad key. */
export const readEdgeConfig = (env: Readonly<Record<string, string | undefined>>): EdgeConfig => {
  const config = readConfig(edgeEnvironment, env)
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
    registryUrl: registryAddress(config),
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
