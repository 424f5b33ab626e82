import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { PlatformError } from './error.ts'
import { isPresent, readJson, writeJson } from './files.ts'

/** One node of the local cluster, broker and controller at once. Nodes are numbered from 1. */
export type BrokerNode = { readonly id: number; readonly port: number; readonly controllerPort: number }

/** What a cluster of local nodes may have: one is enough to work with, three outlive the loss of one. */
export const brokerCounts: readonly number[] = [1, 3]

/** The name of the first broker's process, log and record. */
export const brokerName = 'kafka'

/** The name of a broker's process, log, record, and folder in DATA_DIR. */
export const nodeName = (id: number): string => (id === 1 ? brokerName : `${brokerName}-${id}`)

/** The names of the brokers, as many as there can be. */
export const brokerNames: readonly string[] = Array.from({ length: Math.max(...brokerCounts) }, (_, index) =>
  nodeName(index + 1),
)

/** The environment variables of a node's ports. */
export const portVariables = (id: number): { readonly port: string; readonly controllerPort: string } => {
  const suffix = id === 1 ? '' : `_${id}`
  return { port: `KAFKA_PORT${suffix}`, controllerPort: `KAFKA_CONTROLLER_PORT${suffix}` }
}

/** The nodes of a cluster of `count`, with their ports by environment variable. */
export const createNodes = (count: number, ports: Readonly<Record<string, number>>): readonly BrokerNode[] =>
  Array.from({ length: count }, (_, index) => {
    const { port, controllerPort } = portVariables(index + 1)
    return { id: index + 1, port: ports[port] ?? 0, controllerPort: ports[controllerPort] ?? 0 }
  })

export const addressOf = ({ port }: Pick<BrokerNode, 'port'>): string => `127.0.0.1:${port}`

/** What the nodes of a cluster of several have in common, written down before the first of them is formatted. */
const Cluster = z.object({ clusterId: z.string(), brokers: z.number().int().min(1) })
type Cluster = Readonly<z.infer<typeof Cluster>>

const clusterFile = (dataDir: string): string => join(dataDir, brokerName, 'cluster.json')

export const logDirOf = (dataDir: string, id: number): string => join(dataDir, nodeName(id), 'data')

/** meta.properties comes last when a node is formatted: without it nothing of value can be there. */
export const isFormatted = (dataDir: string, id: number): Promise<boolean> =>
  isPresent(join(logDirOf(dataDir, id), 'meta.properties'))

const readCluster = async (dataDir: string): Promise<Cluster | undefined> =>
  Cluster.safeParse(await readJson(clusterFile(dataDir))).data

/** How many brokers the cluster of a DATA_DIR has; undefined where there is none yet. */
export const readBrokerCount = async (dataDir: string): Promise<number | undefined> =>
  (await readCluster(dataDir))?.brokers ?? ((await isFormatted(dataDir, 1)) ? 1 : undefined)

/** Throws a PlatformError, which says what can be done, when a DATA_DIR has another number of brokers. */
export const checkBrokerCount = async (dataDir: string, wanted: number): Promise<void> => {
  const made = await readBrokerCount(dataDir)
  if (made === undefined || made === wanted) return
  throw new PlatformError(
    `${dataDir} holds a cluster of ${tell(made)}, not ${wanted}: their number is fixed when a cluster is made. Set BROKERS=${made}, ` +
      'or another DATA_DIR, or begin anew: `make down`, then remove that folder',
  )
}

const tell = (count: number): string => (count === 1 ? '1 broker' : `${count} brokers`)

/** A cluster id as Kafka writes its UUIDs: 16 bytes in base64url, not beginning with a dash. */
const newClusterId = (): string => {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? newClusterId() : id
}

/** The id with which the nodes of a DATA_DIR are formatted. Of several it is made at first use; one alone has no use for it later. */
export const obtainClusterId = async (dataDir: string, brokers: number): Promise<string> => {
  if (brokers === 1) return newClusterId()
  const kept = await readCluster(dataDir)
  if (kept !== undefined) return kept.clusterId
  const cluster = { clusterId: newClusterId(), brokers }
  await writeJson(clusterFile(dataDir), cluster)
  return cluster.clusterId
}
