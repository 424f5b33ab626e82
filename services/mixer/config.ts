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
  registryConfig,
  whole,
} from '../shared/config.ts'
import type { KafkaSettings } from '../shared/config.ts'
import type { LogLevel } from '../shared/log.ts'
import type { SimulatedFailures } from './adapters/simulated.ts'

const failure = /^(start|stop):([A-Za-z][\w.]*)$/

/** `start:InvalidArgument,stop:InternalError`: each action once at most. */
const simulatedFailures = z
  .string()
  .default('')
  .transform((text, context): SimulatedFailures => {
    const failures: Record<string, string> = {}
    for (const entry of text.split(',').map((part) => part.trim())) {
      if (entry === '') continue
      const [, action, error] = failure.exec(entry) ?? []
      if (action === undefined || error === undefined || action in failures) {
        context.addIssue('expected start:<error> or stop:<error>, each once, comma separated')
        return z.NEVER
      }
      failures[action] = error
    }
    return { start: failures['start'], stop: failures['stop'] }
  })

const schema = z.object({
  ...kafkaConfig,
  ...registryConfig,
  ...mediaConfig,
  ...logConfig,
  MIXER_ADMIN_PORT: adminPort(9467),
  MIXER_ADAPTER: z.literal('simulated', { error: 'expected simulated' }).default('simulated'),
  MIXER_SIMULATED_FAIL: simulatedFailures,
  MIXER_SIMULATED_DELAY_MS: durationMs(50),
  MIXER_SIMULATED_SEED: whole(1),
  INGEST_URL: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).optional(),
  INGEST_PORT: port(8080),
  ALI_CALLBACK_KEY: z.string().optional(),
  ALLOW_INSECURE_LOCAL: flag,
})

export type MixerConfig = {
  readonly logLevel: LogLevel
  readonly adminPort: number
  readonly kafka: KafkaSettings
  readonly registryUrl: string
  readonly simulated: {
    readonly ingestUrl: string
    readonly playHost: string
    readonly app: string
    readonly callbackKey: string | undefined
    readonly delayMs: number
    readonly seed: number
    readonly failures: SimulatedFailures
  }
}

/** The mixer's configuration. Throws the fault CONFIG_INVALID that names what is wrong. */
export const readMixerConfig = (env: Readonly<Record<string, string | undefined>>): MixerConfig => {
  const config = readConfig(schema, env)
  if (config.INGEST_URL === undefined && config.INGEST_PORT === 0)
    throw missing('INGEST_URL', 'INGEST_PORT is 0: any free one')
  if (config.ALI_CALLBACK_KEY === undefined && !config.ALLOW_INSECURE_LOCAL)
    throw missing('ALI_CALLBACK_KEY', 'ALLOW_INSECURE_LOCAL is not set')
  const { playHost, app } = mediaSettings(config)
  return {
    logLevel: config.LOG_LEVEL,
    adminPort: config.MIXER_ADMIN_PORT,
    kafka: kafkaSettings(config),
    registryUrl: config.SCHEMA_REGISTRY_URL,
    simulated: {
      ingestUrl: (config.INGEST_URL ?? `http://127.0.0.1:${config.INGEST_PORT}`).replace(/\/$/, ''),
      playHost,
      app,
      callbackKey: config.ALI_CALLBACK_KEY,
      delayMs: config.MIXER_SIMULATED_DELAY_MS,
      seed: config.MIXER_SIMULATED_SEED,
      failures: config.MIXER_SIMULATED_FAIL,
    },
  }
}
