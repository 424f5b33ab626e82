import { resolve } from 'node:path'
import { z } from 'zod'
import {
  kafkaConfig,
  kafkaSettings,
  list,
  mediaConfig,
  port,
  readConfig,
  registryAddress,
  registryConfig,
  whole,
} from '../../services/shared/config.ts'
import type { KafkaSettings } from '../../services/shared/config.ts'
import { brokerCounts, portVariables } from './cluster.ts'
import { mediaPorts } from './media-server.ts'
import type { Service } from './services.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** What the local platform reads of the environment; the services read the rest themselves. */
export type Settings = {
  readonly dataDir: string
  /** Brokers that run elsewhere; undefined: start one here. */
  readonly kafka: KafkaSettings | undefined
  /** How many to start here; 0 when they run elsewhere. */
  readonly brokers: number
  /** A registry that runs elsewhere, with user and password where it has them; undefined: start one here. */
  readonly registryUrl: string | undefined
  readonly partitions: number
  readonly replication: number
  /** What runs, each with all the ports that it needs under these settings. */
  readonly services: readonly Service[]
  /** Real media, with a media server here (MIXER_ADAPTER=ffmpeg); undefined: none is needed. */
  readonly media: { readonly app: string; readonly mixSuffix: string } | undefined
  /** The ports asked for, by environment variable; 0: any free one. */
  readonly ports: Readonly<Record<string, number>>
  readonly ingestApiKeys: string | undefined
  readonly edgeJwtSecret: string | undefined
  /** With it the edge needs no secret. */
  readonly edgeJwksUrl: string | undefined
}

/** Where everything local is kept: DATA_DIR as an absolute path. */
export const readDataDir = (env: Env): string => resolve(env['DATA_DIR'] || '.data')

/** Whether the variables ask for real media. */
export const wantsMedia = (env: Env): boolean => env['MIXER_ADAPTER'] === 'ffmpeg'

/** The environment variables of the brokers' ports: the first one's broker port has a default, the others are any free ones. */
const brokerPorts = (count: number): Readonly<Record<string, number>> => {
  const variables = Array.from({ length: count }, (_, index) => Object.values(portVariables(index + 1))).flat()
  return { ...Object.fromEntries(variables.map((variable) => [variable, 0])), KAFKA_PORT: 9092 }
}

/**
 * Throws the fault CONFIG_INVALID that names every bad key.
 * @param made how many brokers the DATA_DIR has, which is how many there are unless BROKERS says otherwise
 */
export const readSettings = (env: Env, all: readonly Service[], made = 1): Settings => {
  const config = readConfig(
    z.object({
      ...kafkaConfig,
      KAFKA_BROKERS: list.optional(),
      ...registryConfig,
      SCHEMA_REGISTRY_URL: registryConfig.SCHEMA_REGISTRY_URL.unwrap().optional(),
      TOPIC_PARTITIONS: whole(12, { min: 1 }),
      BROKERS: whole(made).refine((count) => brokerCounts.includes(count), `expected ${brokerCounts.join(' or ')}`),
      TOPIC_REPLICATION: whole(1, { min: 1 }).unwrap().optional(),
      INGEST_API_KEYS: z.string().optional(),
      EDGE_JWT_SECRET: z.string().optional(),
      EDGE_JWKS_URL: z.string().optional(),
      MEDIA_APP: mediaConfig.MEDIA_APP,
      MIX_SUFFIX: mediaConfig.MIX_SUFFIX,
    }),
    env,
  )
  const hasMedia = wantsMedia(env)
  const services = hasMedia ? all.map((each) => ({ ...each, ports: { ...each.ports, ...each.mediaPorts } })) : all
  const brokersHere = config.KAFKA_BROKERS === undefined ? config.BROKERS : 0
  const wanted = { ...brokerPorts(config.BROKERS), REGISTRY_PORT: 8085, ...(hasMedia ? mediaPorts : {}) }
  const defaults = Object.assign({}, wanted, ...services.map((service) => service.ports))
  const shape = Object.entries<number>(defaults).map(([variable, byDefault]) => [variable, port(byDefault)] as const)
  const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry } = config
  return {
    dataDir: readDataDir(env),
    brokers: brokersHere,
    kafka: brokers === undefined ? undefined : kafkaSettings({ ...config, KAFKA_BROKERS: brokers }),
    registryUrl: registry === undefined ? undefined : registryAddress({ ...config, SCHEMA_REGISTRY_URL: registry }),
    partitions: config.TOPIC_PARTITIONS,
    replication: config.TOPIC_REPLICATION ?? Math.max(1, brokersHere),
    services,
    media: hasMedia ? { app: config.MEDIA_APP, mixSuffix: config.MIX_SUFFIX } : undefined,
    ports: readConfig(z.object(Object.fromEntries(shape)), env),
    ingestApiKeys: config.INGEST_API_KEYS,
    edgeJwtSecret: config.EDGE_JWT_SECRET,
    edgeJwksUrl: config.EDGE_JWKS_URL,
  }
}
