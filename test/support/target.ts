import { readEnvironment } from '../../deploy/local/environment.ts'
import { readDataDir } from '../../deploy/local/settings.ts'

/** A running roomcast, and what it asks of its callers. */
export type Target = {
  /** Of ingest, for example http://127.0.0.1:8080. */
  readonly url: string
  readonly apiKey: string
  readonly callbackKey: string | undefined
  readonly playHost: string
  readonly app: string
  /** Of the edge, for example ws://127.0.0.1:8081/v1/ws. */
  readonly edgeUrl: string
  /** Signs the clients' tokens. */
  readonly tokenSecret: string
}

/**
 * The system that INGEST_URL, EDGE_URL, INGEST_API_KEYS, EDGE_JWT_SECRET, ALI_CALLBACK_KEY, MEDIA_PLAY_HOST and MEDIA_APP name,
 * and for what is not set, the one that was started in DATA_DIR. Throws, with what to do, when nothing answers there.
 */
export const readTarget = async (env: Readonly<Record<string, string | undefined>>): Promise<Target> => {
  const dataDir = readDataDir(env)
  const local = await readEnvironment(dataDir)
  const need = (variable: string, value: string | undefined): string => {
    if (value !== undefined && value !== '') return value
    throw new Error(
      `no roomcast was started in ${dataDir}: run \`make run\` in another terminal (or \`make up\`), or set ${variable}`,
    )
  }
  const variable = (name: string): string | undefined => env[name] || local?.variables[name]
  const target = {
    url: need('INGEST_URL', env['INGEST_URL'] || local?.ingestUrl).replace(/\/$/, ''),
    apiKey: need('INGEST_API_KEYS', variable('INGEST_API_KEYS')).split(',')[0] ?? '',
    callbackKey: variable('ALI_CALLBACK_KEY'),
    playHost: variable('MEDIA_PLAY_HOST') ?? 'play.localhost',
    app: variable('MEDIA_APP') ?? 'DemoApp',
    edgeUrl: need('EDGE_URL', env['EDGE_URL'] || local?.edgeUrl),
    tokenSecret: need('EDGE_JWT_SECRET', variable('EDGE_JWT_SECRET')),
  }
  await checkAnswers('ingest', `${target.url}/openapi.json`)
  await checkAnswers('the edge', target.edgeUrl.replace(/^ws/, 'http'))
  return target
}

/** Whether anything answers there, whatever it says. */
const checkAnswers = async (name: string, url: string): Promise<void> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    await response.body?.cancel()
  } catch (error) {
    const { host } = new URL(url)
    throw new Error(
      `${name} does not answer at ${host}: start roomcast with \`make run\` in another terminal, or with \`make up\``,
      { cause: error },
    )
  }
}
