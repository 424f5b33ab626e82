import { z } from 'zod'
import { Fault } from './fault.ts'
import type { Sasl, TlsFiles } from './kafka/client.ts'
import type { MediaSettings } from './media.ts'

// Pieces of configuration that several services share; each is spread into a service's own `z.object({ … })`.
// The names of the keys are those of the environment, the same everywhere.

/** Comma separated, at least one entry; blanks around entries are dropped. */
export const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  )
  .refine((entries) => entries.length > 0, 'expected at least one entry')

/** `1` or `true`, `0` or `false`; default false. */
export const flag = z
  .enum(['1', 'true', '0', 'false'])
  .default('0')
  .transform((text) => text === '1' || text === 'true')

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'expected a whole number')
  .transform(Number)

/** A TCP port; 0: any free one. */
export const port = (byDefault: number) =>
  wholeNumber.refine((value) => value <= 65_535, 'expected a port, 0 to 65535').default(byDefault)

/** The port of `/metrics`, `/healthz` and `/readyz`; 0: any free one. */
export const adminPort = port

/** A whole number within bounds. */
export const whole = (byDefault: number, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) =>
  wholeNumber
    .refine((value) => value >= min && value <= max, `expected a whole number from ${min} to ${max}`)
    .default(byDefault)

/** A duration in milliseconds, 1 or more, at most what a timer of Node can wait (24.8 days). */
export const durationMs = (byDefault: number) => whole(byDefault, { min: 1, max: 2 ** 31 - 1 })

export const kafkaConfig = {
  KAFKA_BROKERS: list.default(['127.0.0.1:9092']).describe('host:port, comma separated'),
  KAFKA_SSL: flag.describe('1: TLS'),
  /** PEM: the authorities that are trusted, in the place of those of Node.js. */
  KAFKA_SSL_CA_FILE: z
    .string()
    .optional()
    .describe('PEM: the authorities that are trusted, in the place of those of Node.js'),
  /** PEM: a certificate of our own and its key, for brokers that ask for one. */
  KAFKA_SSL_CERT_FILE: z.string().optional().describe('PEM: a certificate of our own, for brokers that ask for one'),
  KAFKA_SSL_KEY_FILE: z.string().optional().describe('PEM: the key of KAFKA_SSL_CERT_FILE'),
  KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .describe('plain, scram-sha-256 or scram-sha-512; unset: none'),
  KAFKA_SASL_USERNAME: z.string().optional().describe('needed with KAFKA_SASL_MECHANISM'),
  KAFKA_SASL_PASSWORD: z
    .string()
    .optional()
    .meta({ description: 'needed with KAFKA_SASL_MECHANISM, unless it is in a file', secret: true }),
  /** In the place of KAFKA_SASL_PASSWORD. */
  KAFKA_SASL_PASSWORD_FILE: z
    .string()
    .optional()
    .describe('a file with the password, in the place of KAFKA_SASL_PASSWORD; read anew at each connection'),
}

export const registryConfig = {
  /** The Confluent API of the registry. */
  SCHEMA_REGISTRY_URL: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .default('http://127.0.0.1:8085/apis/ccompat/v7')
    .describe('the Confluent API of the registry'),
  /** HTTP basic authentication. */
  SCHEMA_REGISTRY_USERNAME: z.string().optional().describe('HTTP basic authentication'),
  SCHEMA_REGISTRY_PASSWORD: z.string().optional().meta({ description: 'HTTP basic authentication', secret: true }),
}

export const mediaConfig = {
  MEDIA_PUSH_HOST: z.string().default('push.localhost').describe('where streams are pushed'),
  MEDIA_PLAY_HOST: z.string().default('play.localhost').describe('where streams are played'),
  /** Of RTMP play addresses; default MEDIA_PLAY_HOST. */
  MEDIA_RTMP_PLAY_HOST: z.string().optional().describe('of RTMP play addresses; unset: MEDIA_PLAY_HOST'),
  MEDIA_APP: z.string().default('DemoApp').describe('the application in the addresses of streams'),
  MEDIA_AUTH_KEY: z
    .string()
    .optional()
    .meta({ description: 'signs push addresses; unset: they are not signed', secret: true }),
  MIX_SUFFIX: z.string().default('_mix').describe('what follows a room in the name of its transcoded stream'),
}

export const logConfig = {
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('debug, info, warn or error'),
}

type ValuesOf<Shape extends z.ZodRawShape> = z.infer<z.ZodObject<Shape>>

export type KafkaSettings = {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  readonly ssl: TlsFiles | boolean
  readonly sasl: Sasl | null
}

type KafkaValues = ValuesOf<typeof kafkaConfig>

const tlsSettings = (config: KafkaValues): TlsFiles | boolean => {
  const { KAFKA_SSL_CA_FILE: caFile, KAFKA_SSL_CERT_FILE: certFile, KAFKA_SSL_KEY_FILE: keyFile } = config
  const given = fileKeys.find((key) => config[key] !== undefined)
  if (given === undefined) return config.KAFKA_SSL
  if (!config.KAFKA_SSL) throw missing('KAFKA_SSL', `${given} is set`)
  if (certFile === undefined && keyFile !== undefined) throw missing('KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE is set')
  if (keyFile === undefined && certFile !== undefined) throw missing('KAFKA_SSL_KEY_FILE', 'KAFKA_SSL_CERT_FILE is set')
  return { caFile, certFile, keyFile }
}

const fileKeys = ['KAFKA_SSL_CA_FILE', 'KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE'] as const
const saslKeys = ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD', 'KAFKA_SASL_PASSWORD_FILE'] as const

const saslSettings = (config: KafkaValues): Sasl | null => {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username } = config
  const { KAFKA_SASL_PASSWORD: password, KAFKA_SASL_PASSWORD_FILE: passwordFile } = config
  if (mechanism === undefined) {
    const given = saslKeys.find((key) => config[key] !== undefined)
    // To go on without would be to talk to a cluster as nobody.
    if (given !== undefined) throw missing('KAFKA_SASL_MECHANISM', `${given} is set`)
    return null
  }
  if (username === undefined) throw missing('KAFKA_SASL_USERNAME', 'KAFKA_SASL_MECHANISM is set')
  if (passwordFile !== undefined && password !== undefined)
    throw new Fault(
      'CONFIG_INVALID',
      'bad configuration: KAFKA_SASL_PASSWORD and KAFKA_SASL_PASSWORD_FILE are set: one of them',
    )
  if (passwordFile !== undefined) return { mechanism, username, passwordFile }
  if (password === undefined)
    throw missing('KAFKA_SASL_PASSWORD', 'KAFKA_SASL_MECHANISM is set, and KAFKA_SASL_PASSWORD_FILE is not')
  return { mechanism, username, password }
}

/** How to reach Kafka. Throws the fault CONFIG_INVALID when settings of TLS or SASL lack what belongs to them. */
export const kafkaSettings = (config: KafkaValues): KafkaSettings => ({
  brokers: config.KAFKA_BROKERS,
  ssl: tlsSettings(config),
  sasl: saslSettings(config),
})

/**
 * The registry's address, with user and password in it where they are set: a secret then, not to be logged.
 * Throws the fault CONFIG_INVALID when one of the two is missing.
 */
export const registryAddress = (config: ValuesOf<typeof registryConfig>): string => {
  const { SCHEMA_REGISTRY_USERNAME: username, SCHEMA_REGISTRY_PASSWORD: password } = config
  if (username === undefined && password === undefined) return config.SCHEMA_REGISTRY_URL
  if (username === undefined) throw missing('SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_PASSWORD is set')
  if (password === undefined) throw missing('SCHEMA_REGISTRY_PASSWORD', 'SCHEMA_REGISTRY_USERNAME is set')
  const url = new URL(config.SCHEMA_REGISTRY_URL)
  url.username = encodeURIComponent(username)
  url.password = encodeURIComponent(password)
  return url.href
}

export const mediaSettings = (config: ValuesOf<typeof mediaConfig>): MediaSettings => ({
  pushHost: config.MEDIA_PUSH_HOST,
  playHost: config.MEDIA_PLAY_HOST,
  rtmpPlayHost: config.MEDIA_RTMP_PLAY_HOST,
  app: config.MEDIA_APP,
  authKey: config.MEDIA_AUTH_KEY,
  mixSuffix: config.MIX_SUFFIX,
})

/** The fault for a key that must be set because of something else. */
export const missing = (key: string, because: string): Fault =>
  new Fault('CONFIG_INVALID', `bad configuration: ${key} is missing (${because})`)

/**
 * Reads a configuration from an environment, frozen. A key that is set to nothing counts as not set.
 * Throws the fault CONFIG_INVALID that names every bad key, and no value: some are secrets.
 */
export const readConfig = <Schema extends z.ZodType>(
  schema: Schema,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<z.output<Schema>> => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = schema.safeParse(given)
  if (parsed.success) return Object.freeze(parsed.data)
  const complaints = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new Fault('CONFIG_INVALID', `bad configuration: ${complaints.join('; ')}`)
}
