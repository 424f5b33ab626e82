import { join } from 'node:path'
import { z } from 'zod'
import { readJson, writeJson } from './files.ts'

/** Environment variables with their effective values. */
export type Variables = Readonly<Record<string, string>>

/** Where a system that was started locally is to be found, and the keys that it takes. */
export type Environment = {
  readonly brokers: readonly string[]
  /** The Confluent API of the registry. */
  readonly registryUrl: string
  /** For example http://127.0.0.1:8080 */
  readonly ingestUrl: string
  /** For example ws://127.0.0.1:8081/v1/ws */
  readonly edgeUrl: string
  /** The first of INGEST_API_KEYS. */
  readonly ingestApiKey: string
  /** Undefined where the edge checks tokens by EDGE_JWKS_URL alone. */
  readonly edgeJwtSecret: string | undefined
  /** Every variable that was set for the services, as they got it; without the passwords of brokers and registry. */
  readonly variables: Variables
}

const file = (dataDir: string): string => join(dataDir, 'run', 'environment.json')

export const describeEnvironment = (variables: Variables): Environment => ({
  brokers: (variables['KAFKA_BROKERS'] ?? '').split(','),
  registryUrl: variables['SCHEMA_REGISTRY_URL'] ?? '',
  ingestUrl: `http://127.0.0.1:${variables['INGEST_PORT']}`,
  edgeUrl: `ws://127.0.0.1:${variables['EDGE_PORT']}/v1/ws`,
  ingestApiKey: (variables['INGEST_API_KEYS'] ?? '').split(',')[0] ?? '',
  edgeJwtSecret: variables['EDGE_JWT_SECRET'],
  variables,
})

/** The variables of the last start in a DATA_DIR, without the passwords of brokers and registry; undefined where there was none. */
export const readVariables = async (dataDir: string): Promise<Variables | undefined> =>
  z.record(z.string(), z.string()).safeParse(await readJson(file(dataDir))).data

/**
 * The environment of the last `run` or `up` in a DATA_DIR; undefined where there was none.
 * It says where the system is when it runs, not that it runs.
 */
export const readEnvironment = async (dataDir: string): Promise<Environment | undefined> => {
  const variables = await readVariables(dataDir)
  return variables === undefined ? undefined : describeEnvironment(variables)
}

export const writeVariables = (dataDir: string, variables: Variables): Promise<void> =>
  writeJson(file(dataDir), variables)
