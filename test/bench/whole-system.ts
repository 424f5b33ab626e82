import { createAppServer, type AppServer } from '../support/app-server.ts'
import type { MeasuredService, Stage } from './stage.ts'

/** One process of each service, and how to reach them. */
export type WholeSystem = {
  readonly app: AppServer
  readonly edgeUrl: string
  readonly tokenSecret: string
  readonly services: Readonly<Record<'ingest' | 'stateMachine' | 'mixer' | 'edge', MeasuredService>>
}

const apiKey = 'an-api-key-as-long-as-real-ones-are'
const callbackKey = 'a key of callbacks as long as real ones are'
const tokenSecret = 'a secret for tokens that is long enough for HS256'

/** Starts ingest, state-machine, mixer and edge on a stage, which ends them; resolves when all are ready. */
export const startWholeSystem = async (
  stage: Stage,
  { cloudDelayMs }: { readonly cloudDelayMs: number },
): Promise<WholeSystem> => {
  const ingestPort = String(await stage.choosePort())
  const edgePort = String(await stage.choosePort())
  const url = `http://127.0.0.1:${ingestPort}`
  const env = { ALI_CALLBACK_KEY: callbackKey }
  const services = {
    ingest: await stage.createService('ingest', 'ingest', { ...env, INGEST_PORT: ingestPort, INGEST_API_KEYS: apiKey }),
    stateMachine: await stage.createStateMachine('state-machine'),
    mixer: await stage.createService('mixer', 'mixer', {
      ...env,
      MIXER_ADAPTER: 'simulated',
      MIXER_SIMULATED_DELAY_MS: String(cloudDelayMs),
      INGEST_URL: url,
    }),
    edge: await stage.createService('edge', 'edge', { EDGE_PORT: edgePort, EDGE_JWT_SECRET: tokenSecret }),
  }
  const all = Object.values(services)
  await Promise.all(all.map((service) => service.start()))
  await Promise.all(all.map((service) => service.ready()))
  return {
    app: createAppServer({ url, apiKey, callbackKey }),
    edgeUrl: `ws://127.0.0.1:${edgePort}/v1/ws`,
    tokenSecret,
    services,
  }
}
