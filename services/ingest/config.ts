import { z } from 'zod'
import {
  adminPort,
  flag,
  kafkaConfig,
  kafkaSettings,
  list,
  logConfig,
  mediaConfig,
  mediaSettings,
  port,
  readConfig,
  registryAddress,
  registryConfig,
  whole,
} from '../shared/config.ts'
import { tracingConfig, tracingSettings } from '../shared/tracing/config.ts'
import { isAddressOrRange } from './adapters/http-addresses.ts'

const minApiKeyLength = 16
const withoutKeys = 'is missing; local runs may go without it: ALLOW_INSECURE_LOCAL=1'

/** IP addresses and CIDR ranges of both families, comma separated. */
const addresses = list.refine(
  (entries) => entries.every(isAddressOrRange),
  'every entry must be an IP address or a CIDR range, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32',
)

/** What ingest reads of the environment. */
export const ingestEnvironment = z
  .object({
    ...kafkaConfig,
    ...registryConfig,
    ...mediaConfig,
    ...logConfig,
    ...tracingConfig,
    INGEST_PORT: port(8080).describe('HTTP; 0: any free one'),
    INGEST_ADMIN_PORT: adminPort(9464).describe('metrics and probes; 0: any free one'),
    ALLOW_INSECURE_LOCAL: flag.describe(
      '1: starts without the keys that it would insist on otherwise; for local runs alone',
    ),
    INGEST_API_KEYS: list
      .refine(
        (keys) => keys.every((key) => key.length >= minApiKeyLength),
        `every key must have at least ${minApiKeyLength} characters`,
      )
      .optional()
      .meta({ description: 'of the app’s servers, comma separated, 16 characters or more each; needed', secret: true }),
    ALI_CALLBACK_KEY: z
      .string()
      .optional()
      .meta({ description: 'signs the callbacks of the video cloud; needed', secret: true }),
    ALI_CALLBACK_ALLOW: addresses
      .optional()
      .describe('addresses and CIDR ranges from which callbacks are taken, comma separated; unset: any'),
    INGEST_TRUSTED_PROXIES: addresses
      .optional()
      .describe(
        'addresses and CIDR ranges of the proxies whose X-Forwarded-For is believed, comma separated; unset: none',
      ),
    /** Per API key, or per address without a key; 0: no limit. */
    INGEST_RATE_LIMIT_PER_SECOND: whole(0).describe(
      'requests of one API key, or of one address without a key, at this instance; 0: any number',
    ),
    /** Each partition gets a marker so often; 0: none does. */
    INGEST_PROBE_MS: whole(5_000, { max: 60_000 })
      .refine((ms) => ms === 0 || ms >= 100, 'expected 0 or at least 100')
      .describe(
        'each partition gets a marker so often, by which edges measure what users feel; 0: none, or 100 to 60,000',
      ),
    INGEST_MAX_BODY_BYTES: whole(16_384, { min: 1, max: 16 * 1024 * 1024 }).describe('of a request, then 413'),
  })
  .superRefine((config, context) => {
    if (config.ALLOW_INSECURE_LOCAL) return
    for (const key of ['INGEST_API_KEYS', 'ALI_CALLBACK_KEY'] as const) {
      if (config[key] === undefined) context.addIssue({ code: 'custom', path: [key], message: withoutKeys })
    }
  })

/** The configuration of ingest. Throws the fault CONFIG_INVALID that names every bad or missing key. */
export const readIngestConfig = (env: Readonly<Record<string, string | undefined>>) => {
  const config = readConfig(ingestEnvironment, env)
  return {
    logLevel: config.LOG_LEVEL,
    adminPort: config.INGEST_ADMIN_PORT,
    tracing: tracingSettings(config),
    port: config.INGEST_PORT,
    kafka: kafkaSettings(config),
    registryUrl: registryAddress(config),
    media: mediaSettings(config),
    /** Undefined: requests need no key. */
    apiKeys: config.INGEST_API_KEYS,
    /** Undefined: callbacks need no signature. */
    callbackKey: config.ALI_CALLBACK_KEY,
    /** Undefined: callbacks may come from any address. */
    callbackAllow: config.ALI_CALLBACK_ALLOW,
    /** Undefined: the address of a caller is that of the connection. */
    trustedProxies: config.INGEST_TRUSTED_PROXIES,
    rateLimitPerSecond: config.INGEST_RATE_LIMIT_PER_SECOND,
    /** 0: no probes. */
    probeMs: config.INGEST_PROBE_MS,
    maxBodyBytes: config.INGEST_MAX_BODY_BYTES,
  } as const
}
