import { resolve } from 'node:path'
import { z } from 'zod'
import {
  adminPort,
  durationMs,
  flag,
  kafkaConfig,
  kafkaSettings,
  logConfig,
  mediaConfig,
  mediaSettings,
  missing,
  port,
  readConfig,
  registryAddress,
  registryConfig,
  whole,
} from '../shared/config.ts'
import type { KafkaSettings } from '../shared/config.ts'
import { Fault } from '../shared/fault.ts'
import type { LogLevel } from '../shared/log.ts'
import type { MediaSettings } from '../shared/media.ts'
import { tracingConfig, tracingSettings, type TracingSettings } from '../shared/tracing/config.ts'
import { parseSimulatedFailures, type SimulatedFailures } from './domain/simulated-failures.ts'

const simulatedFailures = z
  .string()
  .default('')
  .transform((text, context): SimulatedFailures => {
    const parsed = parseSimulatedFailures(text)
    if (!('complaint' in parsed)) return parsed
    context.addIssue(parsed.complaint)
    return z.NEVER
  })

/** Values of DEBUG with which the HTTP client prints what it sends, keys and signatures included. */
const showsRequests = /\*|httpx/

const size = z
  .string()
  .regex(/^\d{2,4}x\d{2,4}$/, 'expected WIDTHxHEIGHT, for example 640x360')
  .default('640x360')
  .transform((text) => {
    const [width = 0, height = 0] = text.split('x').map(Number)
    return { width, height }
  })
  // Both halves of a picture side by side, and chroma at half the resolution, have to come out even.
  .refine(({ width, height }) => width % 8 === 0 && height % 8 === 0, 'expected width and height divisible by 8')
  .refine(({ width, height }) => width <= 1920 && height <= 1920, 'expected at most 1920x1920')

/** What the mixer reads of the environment. */
export const mixerEnvironment = z.object({
  ...kafkaConfig,
  ...registryConfig,
  ...mediaConfig,
  ...logConfig,
  ...tracingConfig,
  MIXER_ADMIN_PORT: adminPort(9467).describe('metrics and probes; 0: any free one'),
  MIXER_ADAPTER: z
    .enum(['simulated', 'aliyun', 'ffmpeg'], { error: 'expected simulated, aliyun or ffmpeg' })
    .default('simulated')
    .describe('the video cloud: simulated; aliyun: Alibaba Cloud; ffmpeg: a cloud in a box'),
  INGEST_URL: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .optional()
    .describe('where callbacks are sent (simulated, ffmpeg); unset: ingest at INGEST_PORT of this machine'),
  INGEST_PORT: port(8080).describe('of ingest on this machine, where INGEST_URL is unset'),
  ALI_CALLBACK_KEY: z
    .string()
    .optional()
    .meta({ description: 'signs the callbacks (simulated, ffmpeg)', secret: true }),
  ALLOW_INSECURE_LOCAL: flag.describe('1: takes an ALIYUN_ENDPOINT without TLS; for local runs alone'),

  MIXER_SIMULATED_FAIL: simulatedFailures.describe(
    'commands that the simulated cloud refuses, such as start:InvalidArgument or start:InternalError@0.1',
  ),
  MIXER_SIMULATED_DELAY_MS: durationMs(50).describe('until the simulated cloud answers'),
  MIXER_SIMULATED_SEED: whole(1).describe('of the shares in MIXER_SIMULATED_FAIL'),

  ALIYUN_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .default('https://live.aliyuncs.com')
    .describe('of the API of Alibaba Cloud'),
  ALIYUN_API_VERSION: z.string().default('2016-11-01').describe('of that API'),
  ALIYUN_ACCESS_KEY_ID: z
    .string()
    .optional()
    .meta({ description: 'of the account at Alibaba Cloud; needed with MIXER_ADAPTER=aliyun', secret: true }),
  ALIYUN_ACCESS_KEY_SECRET: z
    .string()
    .optional()
    .meta({ description: 'of the account at Alibaba Cloud; needed with MIXER_ADAPTER=aliyun', secret: true }),
  ALIYUN_SECURITY_TOKEN: z
    .string()
    .optional()
    .meta({ description: 'of a temporary key of Alibaba Cloud', secret: true }),
  ALIYUN_TIMEOUT_MS: durationMs(3_000).describe('of one attempt'),

  /** Of the packages that the client of Alibaba Cloud consists of. */
  DEBUG: z
    .string()
    .default('')
    .describe(
      'of the packages that the client of Alibaba Cloud consists of; refused where it would print signed requests',
    ),

  DATA_DIR: z.string().default('.data').describe('where the mixer keeps what it has to know after a restart (ffmpeg)'),
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin').describe('where ffmpeg is looked for'),
  MEDIA_RTMP_PORT: port(1935).describe('of the media server: streams that are pushed (ffmpeg)'),
  MEDIA_MIX_PORT: port(1936).describe('of the media server: mixes (ffmpeg)'),
  MEDIA_HTTP_PORT: port(8088).describe('of the media server: playing (ffmpeg)'),
  MIXER_MEDIA_PORT: port(9468).describe('where the media server tells the mixer of streams (ffmpeg)'),
  MIXER_FFMPEG_MAX_MIXES: whole(4, { min: 1, max: 1_000 }).describe('at once'),
  MIXER_FFMPEG_SIZE: size.describe('of a mixed picture, WIDTHxHEIGHT, both divisible by 8'),
  MIXER_FFMPEG_FRAME_RATE: whole(15, { min: 1, max: 60 }).describe('of a mixed picture'),
  MIXER_FFMPEG_MAX_MIX_MS: durationMs(4 * 60 * 60_000).describe('a mix ends after it'),
  MIXER_FFMPEG_MAX_MEMORY_MB: whole(512, { min: 16 }).describe('of one process of ffmpeg'),
})
type Values = z.output<typeof mixerEnvironment>

/** How callbacks reach ingest, from the clouds that are inside the mixer. */
export type CallbackSettings = {
  readonly ingestUrl: string
  /** Signs them; undefined: they are not signed. */
  readonly callbackKey: string | undefined
}

export type SimulatedSettings = {
  readonly kind: 'simulated'
  readonly callbacks: CallbackSettings
  readonly delayMs: number
  readonly seed: number
  readonly failures: SimulatedFailures
}

export type AliyunSettings = {
  readonly kind: 'aliyun'
  readonly endpoint: string
  readonly apiVersion: string
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly securityToken: string | undefined
  /** Of one attempt. */
  readonly timeoutMs: number
}

export type FfmpegSettings = {
  readonly kind: 'ffmpeg'
  readonly callbacks: CallbackSettings
  /** Where ffmpeg is looked for, as in PATH. */
  readonly searchPath: string
  /** Where the mixer keeps what it has to know after a restart. */
  readonly folder: string
  /** Of the media server, all on this machine; `notify` is where it tells the mixer of streams. */
  readonly ports: { readonly rtmp: number; readonly mix: number; readonly http: number; readonly notify: number }
  readonly maxMixes: number
  readonly size: { readonly width: number; readonly height: number }
  readonly frameRate: number
  readonly maxMixMs: number
  readonly maxMemoryBytes: number
}

export type MixerConfig = {
  readonly logLevel: LogLevel
  readonly adminPort: number
  readonly tracing: TracingSettings | null
  readonly kafka: KafkaSettings
  readonly registryUrl: string
  readonly media: MediaSettings
  readonly adapter: SimulatedSettings | AliyunSettings | FfmpegSettings
}

/** The mixer's configuration. Throws the fault CONFIG_INVALID that names what is wrong. */
export const readMixerConfig = (env: Readonly<Record<string, string | undefined>>): MixerConfig => {
  const config = readConfig(mixerEnvironment, env)
  return {
    logLevel: config.LOG_LEVEL,
    adminPort: config.MIXER_ADMIN_PORT,
    tracing: tracingSettings(config),
    kafka: kafkaSettings(config),
    registryUrl: registryAddress(config),
    media: mediaSettings(config),
    adapter: adapterSettings(config),
  }
}

const adapterSettings = (config: Values): MixerConfig['adapter'] => {
  switch (config.MIXER_ADAPTER) {
    case 'simulated':
      return {
        kind: 'simulated',
        callbacks: callbackSettings(config),
        delayMs: config.MIXER_SIMULATED_DELAY_MS,
        seed: config.MIXER_SIMULATED_SEED,
        failures: config.MIXER_SIMULATED_FAIL,
      }
    case 'aliyun':
      if (config.ALIYUN_ENDPOINT.startsWith('http:') && !config.ALLOW_INSECURE_LOCAL) {
        throw new Fault('CONFIG_INVALID', 'bad configuration: ALIYUN_ENDPOINT: expected https (http is for local runs)')
      }
      if (showsRequests.test(config.DEBUG)) {
        throw new Fault(
          'CONFIG_INVALID',
          'bad configuration: DEBUG must not include httpx: it would print signed requests',
        )
      }
      return {
        kind: 'aliyun',
        endpoint: config.ALIYUN_ENDPOINT.replace(/\/$/, ''),
        apiVersion: config.ALIYUN_API_VERSION,
        accessKeyId: needed(config, 'ALIYUN_ACCESS_KEY_ID'),
        accessKeySecret: needed(config, 'ALIYUN_ACCESS_KEY_SECRET'),
        securityToken: config.ALIYUN_SECURITY_TOKEN,
        timeoutMs: config.ALIYUN_TIMEOUT_MS,
      }
    case 'ffmpeg':
      return {
        kind: 'ffmpeg',
        callbacks: callbackSettings(config),
        searchPath: config.PATH,
        folder: resolve(config.DATA_DIR, 'mixer'),
        ports: {
          rtmp: config.MEDIA_RTMP_PORT,
          mix: config.MEDIA_MIX_PORT,
          http: config.MEDIA_HTTP_PORT,
          notify: config.MIXER_MEDIA_PORT,
        },
        maxMixes: config.MIXER_FFMPEG_MAX_MIXES,
        size: config.MIXER_FFMPEG_SIZE,
        frameRate: config.MIXER_FFMPEG_FRAME_RATE,
        maxMixMs: config.MIXER_FFMPEG_MAX_MIX_MS,
        maxMemoryBytes: config.MIXER_FFMPEG_MAX_MEMORY_MB * 1024 * 1024,
      }
  }
}

const needed = (config: Values, key: 'ALIYUN_ACCESS_KEY_ID' | 'ALIYUN_ACCESS_KEY_SECRET'): string => {
  const value = config[key]
  if (value === undefined) throw missing(key, 'MIXER_ADAPTER is aliyun')
  return value
}

/** A cloud inside the mixer calls ingest back, as the real one would. */
const callbackSettings = (config: Values): CallbackSettings => {
  if (config.INGEST_URL === undefined && config.INGEST_PORT === 0)
    throw missing('INGEST_URL', 'INGEST_PORT is 0: any free one')
  if (config.ALI_CALLBACK_KEY === undefined && !config.ALLOW_INSECURE_LOCAL)
    throw missing('ALI_CALLBACK_KEY', 'ALLOW_INSECURE_LOCAL is not set')
  return {
    ingestUrl: (config.INGEST_URL ?? `http://127.0.0.1:${config.INGEST_PORT}`).replace(/\/$/, ''),
    callbackKey: config.ALI_CALLBACK_KEY,
  }
}
