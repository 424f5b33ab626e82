import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findFreePort } from '../../deploy/local/ports.ts'
import { root } from '../../deploy/local/services.ts'
import { createAppServer, type AppServer } from './app-server.ts'
import { joinRooms, type EdgeClient } from './edge-client.ts'
import { createServiceProcess, type ServiceProcess } from './service-process.ts'

export type ServiceName = 'ingest' | 'state-machine' | 'mixer' | 'edge'

/** The four services, each with an environment of its own: one that no others share, as in production. */
export type SecuredSystem = {
  readonly services: Readonly<Record<ServiceName, ServiceProcess>>
  readonly app: AppServer
  /** A client that is connected and subscribed. */
  readonly join: (uid: string, room: string) => Promise<EdgeClient>
  /** The demo's whole conversation against them: its text. Rejects when anybody received anything else than was due. */
  readonly converse: () => Promise<string>
  readonly stop: () => Promise<void>
}

const apiKey = 'a-key-of-the-secured-test'
const jwtSecret = 'a-secret-of-the-secured-test-of-32-bytes'
const callbackKey = 'a-callback-key-of-the-secured-test'
const conversationWithinMs = 60_000

const run = promisify(execFile)

/**
 * Starts the four services against a cluster that is prepared; resolves when all of them are ready.
 * @param dataDir for their logs
 * @param environmentOf how each of them reaches Kafka and the registry
 */
export const startSecuredSystem = async ({
  dataDir,
  environmentOf,
}: {
  readonly dataDir: string
  readonly environmentOf: (service: ServiceName) => Readonly<Record<string, string>>
}): Promise<SecuredSystem> => {
  const taken = new Set<number>()
  const choose = async (): Promise<number> => {
    const port = await findFreePort(taken)
    taken.add(port)
    return port
  }
  const ingestPort = await choose()
  const edgePort = await choose()
  const { PATH } = process.env
  const common = {
    PATH,
    INGEST_PORT: String(ingestPort),
    EDGE_PORT: String(edgePort),
    INGEST_API_KEYS: apiKey,
    EDGE_JWT_SECRET: jwtSecret,
    ALI_CALLBACK_KEY: callbackKey,
  }
  const create = async (service: ServiceName): Promise<ServiceProcess> =>
    createServiceProcess({
      dataDir,
      service,
      name: service,
      adminPort: await choose(),
      env: { ...common, ...environmentOf(service) },
    })
  const services = {
    ingest: await create('ingest'),
    'state-machine': await create('state-machine'),
    mixer: await create('mixer'),
    edge: await create('edge'),
  }
  const all = Object.values(services)
  const stop = async (): Promise<void> => {
    await Promise.all(all.map((service) => service.stop()))
  }
  const ingestUrl = `http://127.0.0.1:${ingestPort}`
  const edgeUrl = `ws://127.0.0.1:${edgePort}/v1/ws`
  try {
    for (const service of all) await service.start()
    for (const service of all) await service.ready()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    services,
    app: createAppServer({ url: ingestUrl, apiKey, callbackKey }),
    join: (uid, room) => joinRooms({ url: edgeUrl, secret: jwtSecret, uid, rooms: [room] }),
    converse: async () => {
      const { stdout } = await run(process.execPath, [join(root, 'test/demo/demo.ts')], {
        timeout: conversationWithinMs,
        env: { ...common, INGEST_URL: ingestUrl, EDGE_URL: edgeUrl, DATA_DIR: dataDir },
      })
      return stdout
    },
    stop,
  }
}
