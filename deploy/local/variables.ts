import type { Ports } from './choose-ports.ts'
import { addressOf, createNodes } from './cluster.ts'
import { readVariables, type Variables } from './environment.ts'
import { obtainKeys } from './keys.ts'
import { describeMedia } from './media.ts'
import { registryUrlOf } from './registry.ts'
import type { Say } from './say.ts'
import type { Env, Settings } from './settings.ts'

/** Keys to what is not of this system: the services get them from the environment, and nothing writes them down. */
const foreignSecrets = [
  'KAFKA_SASL_PASSWORD',
  'SCHEMA_REGISTRY_PASSWORD',
  'ALIYUN_ACCESS_KEY_SECRET',
  'ALIYUN_SECURITY_TOKEN',
]

/** The variables of the environment that are roomcast's. */
const isOurs = (name: string): boolean =>
  /^(KAFKA|SCHEMA_REGISTRY|REGISTRY|TOPIC|INGEST|EDGE|STATE_MACHINE|MIXER|MIX|MEDIA|ALI|ALIYUN|STREAM|INVITE)_/.test(
    name,
  ) || ['ALLOW_INSECURE_LOCAL', 'LOG_LEVEL', 'DATA_DIR'].includes(name)

/** A URL without user and password; any other text as it is. */
const withoutUser = (text: string): string => {
  const url = URL.parse(text)
  if (url === null || (url.username === '' && url.password === '')) return text
  url.username = ''
  url.password = ''
  return url.href
}

/** What may be written down and shown of the variables: not the keys to other systems, neither by themselves nor in a URL. */
export const withoutSecrets = (variables: Variables): Variables =>
  Object.fromEntries(
    Object.entries(variables)
      .filter(([name]) => !foreignSecrets.includes(name))
      .map(([name, value]) => [name, withoutUser(value)]),
  )

/** A registry's address by three variables, so that whoever reads them without secrets still sees that there is a user. */
const describeRegistry = (address: string): Readonly<Record<string, string>> => {
  const { username, password } = new URL(address)
  if (username === '' || password === '') return { SCHEMA_REGISTRY_URL: address }
  return {
    SCHEMA_REGISTRY_URL: withoutUser(address),
    SCHEMA_REGISTRY_USERNAME: decodeURIComponent(username),
    SCHEMA_REGISTRY_PASSWORD: decodeURIComponent(password),
  }
}

/** Everything that the services are told, every address and key resolved: secrets, too. */
export const resolveVariables = async (env: Env, settings: Settings, ports: Ports): Promise<Variables> => {
  const given = Object.entries(env).filter(([name, value]) => isOurs(name) && value !== undefined && value !== '')
  const keys = await obtainKeys(settings.dataDir)
  const secret = settings.edgeJwtSecret ?? (settings.edgeJwksUrl === undefined ? keys.edgeJwtSecret : undefined)
  const variables: Record<string, string | undefined> = {
    ALLOW_INSECURE_LOCAL: '1',
    ...Object.fromEntries(given),
    ...Object.fromEntries(Object.entries(ports).map(([variable, port]) => [variable, String(port)])),
    ...(settings.media === undefined ? {} : describeMedia(env, settings.media, ports)),
    DATA_DIR: settings.dataDir,
    TOPIC_PARTITIONS: String(settings.partitions),
    TOPIC_REPLICATION: String(settings.replication),
    KAFKA_BROKERS: (settings.kafka?.brokers ?? createNodes(settings.brokers, ports).map(addressOf)).join(','),
    ...describeRegistry(settings.registryUrl ?? registryUrlOf(ports['REGISTRY_PORT'] ?? 0)),
    INGEST_API_KEYS: settings.ingestApiKeys ?? keys.ingestApiKeys,
    EDGE_JWT_SECRET: secret,
  }
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** Says what the services that run already do not learn of, since they were started with other settings. `variables`: without secrets. */
export const tellDifferences = async (dataDir: string, variables: Variables, say: Say): Promise<void> => {
  const earlier = await readVariables(dataDir)
  if (earlier === undefined) return
  const names = new Set([...Object.keys(earlier), ...Object.keys(variables)])
  const different = [...names].filter((name) => earlier[name] !== variables[name]).toSorted()
  if (different.length === 0) return
  say(`what runs already keeps its earlier ${different.join(', ')}: \`make down\` first to change that`)
}
