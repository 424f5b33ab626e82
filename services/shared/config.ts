import { z } from 'zod'
import { Fault } from './fault.ts'
import type { Sasl } from './kafka/client.ts'
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
  KAFKA_BROKERS: list.default(['127.0.0.1:9092']),
  KAFKA_SSL: flag,
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
}

export const registryConfig = {
  /** The Confluent API of the registry. */
  SCHEMA_REGISTRY_URL: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .default('http://127.0.0.1:8085/apis/ccompat/v7'),
}

export const mediaConfig = {
  MEDIA_PUSH_HOST: z.string().default('push.localhost'),
  MEDIA_PLAY_HOST: z.string().default('play.localhost'),
  /** Of RTMP play addresses; default MEDIA_PLAY_HOST. */
  MEDIA_RTMP_PLAY_HOST: z.string().optional(),
  MEDIA_APP: z.string().default('DemoApp'),
  MEDIA_AUTH_KEY: z.string().optional(),
  MIX_SUFFIX: z.string().default('_mix'),
}

export const logConfig = {
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
}

type ValuesOf<Shape extends z.ZodRawShape> = z.infer<z.ZodObject<Shape>>

export type KafkaSettings = {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  readonly ssl: boolean
  readonly sasl: Sasl | null
}

/** How to reach Kafka. Throws the fault CONFIG_INVALID when a SASL mechanism lacks its user or password. */
export const kafkaSettings = (config: ValuesOf<typeof kafkaConfig>): KafkaSettings => {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = config
  const common = { brokers: config.KAFKA_BROKERS, ssl: config.KAFKA_SSL }
  if (mechanism === undefined) return { ...common, sasl: null }
  if (username === undefined) throw missing('KAFKA_SASL_USERNAME', 'KAFKA_SASL_MECHANISM is set')
  if (password === undefined) throw missing('KAFKA_SASL_PASSWORD', 'KAFKA_SASL_MECHANISM is set')
  return { ...common, sasl: { mechanism, username, password } }
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
