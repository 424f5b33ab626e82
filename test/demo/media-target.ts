import { randomUUID } from 'node:crypto'
import { findMissingMediaTools } from '../../deploy/local/media-tools.ts'
import { findProcess } from '../../deploy/local/processes.ts'
import { readEnvironment } from '../../deploy/local/environment.ts'
import { readDataDir } from '../../deploy/local/settings.ts'
import { startTestSystem } from '../support/system.ts'
import { readTarget } from '../support/target.ts'
import type { Target } from '../support/target.ts'
import type { Progress } from './progress.ts'

/** A roomcast with real media. */
export type MediaTarget = Pick<Target, 'url' | 'apiKey' | 'edgeUrl' | 'tokenSecret'> & {
  /** Whether it was there before. */
  readonly isOwn: boolean
  readonly stop: () => Promise<void>
}

const anyPorts = { MEDIA_RTMP_PORT: '0', MEDIA_MIX_PORT: '0', MEDIA_HTTP_PORT: '0', MIXER_MEDIA_PORT: '0' }

/**
 * The system that runs in DATA_DIR when it was started with MIXER_ADAPTER=ffmpeg; else one that is started for this, apart from every
 * other, on free ports. Throws when a program is missing, with how to get it.
 */
export const openMediaTarget = async (
  env: Readonly<Record<string, string | undefined>>,
  progress: Progress,
): Promise<MediaTarget> => {
  const missing = await findMissingMediaTools()
  if (missing.length > 0)
    throw new Error(
      `not installed: ${missing.join(', ')}. On Debian: apt-get install ffmpeg nginx-light libnginx-mod-rtmp`,
    )

  const dataDir = readDataDir(env)
  const isRunning = (await findProcess(dataDir, 'mixer')) !== undefined
  if (isRunning && (await readEnvironment(dataDir))?.variables['MIXER_ADAPTER'] === 'ffmpeg')
    return { ...(await readTarget(env)), isOwn: false, stop: async () => {} }

  const starting = startTestSystem({
    // A broker of its own as well.
    base: { ...env, KAFKA_BROKERS: undefined, SCHEMA_REGISTRY_URL: undefined },
    env: { MIXER_ADAPTER: 'ffmpeg', MEDIA_AUTH_KEY: randomUUID(), ...anyPorts },
  })
  const system = await progress.during(
    'Kafka, a media server and the services are started, apart from others',
    starting,
  )
  const { ingestUrl: url, ingestApiKey: apiKey, edgeUrl, edgeJwtSecret: tokenSecret = '' } = system.environment
  return { url, apiKey, edgeUrl, tokenSecret, isOwn: true, stop: system.stop }
}
