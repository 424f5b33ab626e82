import { z } from 'zod'
import { whole } from '../config.ts'
import { Fault } from '../fault.ts'

/** Where spans go, which of them, and how many may wait. */
export type TracingSettings = {
  /** OTLP over HTTP: spans are posted here. */
  readonly url: string
  /** Secrets: they are logged nowhere. */
  readonly headers: Readonly<Record<string, string>>
  readonly sampler: SamplerName
  /** Of the traces that begin here, 0 to 1; for the samplers by ratio. */
  readonly ratio: number
  /** Undefined: `roomcast-` and the name of the service. */
  readonly serviceName: string | undefined
  readonly resourceAttributes: Readonly<Record<string, string>>
  readonly batch: {
    readonly maxQueued: number
    readonly maxExported: number
    readonly delayMs: number
    readonly exportTimeoutMs: number
  }
}

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const
export type SamplerName = (typeof samplers)[number]

/** `name=value` pairs with commas between them, percent-encoded; the complaint never shows them: some are secrets. */
const pairs = z
  .string()
  .default('')
  .transform((text, context): Readonly<Record<string, string>> => {
    const entries = text.split(',').filter((entry) => entry.trim() !== '')
    const read = entries.map(readPair)
    const known = read.filter((pair) => pair !== undefined)
    if (known.length === read.length) return Object.fromEntries(known)
    context.addIssue({ code: 'custom', message: 'expected name=value, comma separated and percent-encoded' })
    return z.NEVER
  })

const readPair = (entry: string): readonly [string, string] | undefined => {
  const [, name, value] = /^\s*([^=\s]+)\s*=(.*)$/s.exec(entry) ?? []
  if (name === undefined || value === undefined) return undefined
  try {
    return [decodeURIComponent(name), decodeURIComponent(value.trim())]
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

const httpUrl = z.url({ protocol: /^https?$/, error: 'expected an http or https URL' })

const oneOf = <const Words extends readonly string[]>(words: Words) =>
  z.enum(words, { error: `expected ${words.join(' or ')}` })

const ratio = z
  .string()
  .refine((text) => /^\d*\.?\d+$/.test(text) && Number(text) <= 1, 'expected a number from 0 to 1')
  .transform(Number)
  .default(1)

/**
 * The names, the forms and, but for OTEL_TRACES_EXPORTER, the defaults are those of OpenTelemetry
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
 */
export const tracingConfig = {
  /** Anything but true means false, in whatever case. */
  OTEL_SDK_DISABLED: z
    .string()
    .default('')
    .transform((text) => text.toLowerCase() === 'true')
    .describe('true: no traces'),
  OTEL_TRACES_EXPORTER: oneOf(['none', 'otlp']).default('none').describe('otlp: traces are exported; none: off'),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl
    .default('http://localhost:4318')
    .describe('of the collector; /v1/traces is added'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional().describe('of the collector for traces, as it stands'),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.string().optional().describe('http/json is what there is'),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z.string().optional().describe('http/json is what there is'),
  OTEL_EXPORTER_OTLP_HEADERS: pairs.meta({
    description: 'name=value, comma separated and percent-encoded',
    secret: true,
  }),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: pairs.meta({
    description: 'the same, for traces; these count first',
    secret: true,
  }),
  OTEL_EXPORTER_OTLP_COMPRESSION: oneOf(['none', 'gzip']).default('none').describe('none or gzip'),
  OTEL_SERVICE_NAME: z.string().optional().describe('unset: roomcast- and the name of the service'),
  OTEL_RESOURCE_ATTRIBUTES: pairs.describe('name=value, comma separated and percent-encoded'),
  OTEL_TRACES_SAMPLER: oneOf(samplers)
    .default('parentbased_always_on')
    .describe('always_on, always_off, traceidratio, and parentbased_ with each of them'),
  OTEL_TRACES_SAMPLER_ARG: ratio.describe('share of the traces that begin here, 0 to 1, for samplers by ratio'),
  OTEL_BSP_MAX_QUEUE_SIZE: whole(2_048, { min: 1, max: 1_000_000 }).describe(
    'spans that may wait; more are dropped and counted',
  ),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: whole(512, { min: 1, max: 1_000_000 }).describe('spans of one request'),
  OTEL_BSP_SCHEDULE_DELAY: whole(5_000, { min: 1, max: 2 ** 31 - 1 }).describe('milliseconds between requests'),
  OTEL_BSP_EXPORT_TIMEOUT: whole(30_000, { min: 1, max: 2 ** 31 - 1 }).describe('milliseconds of one request'),
}

type Values = z.infer<z.ZodObject<typeof tracingConfig>>

const ourProtocol = 'http/json'

/**
 * What to trace; null: nothing, which is the default. Throws the fault CONFIG_INVALID for what does not go together.
 * OTEL_EXPORTER_OTLP_COMPRESSION is only checked here: the exporter reads it itself, as it does OTEL_EXPORTER_OTLP_CERTIFICATE,
 * OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY.
 */
export const tracingSettings = (config: Values): TracingSettings | null => {
  if (config.OTEL_SDK_DISABLED || config.OTEL_TRACES_EXPORTER === 'none') return null
  for (const key of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'] as const) {
    const protocol = config[key]
    if (protocol === undefined) continue
    if (protocol !== ourProtocol) throw bad(`${key}: expected ${ourProtocol}, which is what is sent`)
    break
  }
  const { OTEL_BSP_MAX_QUEUE_SIZE: maxQueued, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: maxExported } = config
  if (maxExported > maxQueued) throw bad('OTEL_BSP_MAX_EXPORT_BATCH_SIZE: expected OTEL_BSP_MAX_QUEUE_SIZE at most')
  return {
    url: config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? tracesUnder(config.OTEL_EXPORTER_OTLP_ENDPOINT),
    headers: { ...config.OTEL_EXPORTER_OTLP_HEADERS, ...config.OTEL_EXPORTER_OTLP_TRACES_HEADERS },
    sampler: config.OTEL_TRACES_SAMPLER,
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
    serviceName: config.OTEL_SERVICE_NAME,
    resourceAttributes: config.OTEL_RESOURCE_ATTRIBUTES,
    batch: {
      maxQueued,
      maxExported,
      delayMs: config.OTEL_BSP_SCHEDULE_DELAY,
      exportTimeoutMs: config.OTEL_BSP_EXPORT_TIMEOUT,
    },
  }
}

const tracesUnder = (endpoint: string): string => `${endpoint.replace(/\/$/, '')}/v1/traces`

const bad = (complaint: string): Fault => new Fault('CONFIG_INVALID', `bad configuration: ${complaint}`)
