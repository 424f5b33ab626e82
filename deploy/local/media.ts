import type { Ports } from './choose-ports.ts'
import type { Variables } from './environment.ts'
import { awaitMediaServer, isMediaServerReady, mediaPorts, mediaServerName, startMediaServer } from './media-server.ts'
import { findNginx } from './media-tools.ts'
import type { MediaPorts } from './nginx-configuration.ts'
import { checkPortFree } from './ports.ts'
import { findProcess, type ProcessRecord, type StartedProcess } from './processes.ts'
import type { Env, Settings } from './settings.ts'

type Media = NonNullable<Settings['media']>

const portsOf = (ports: Ports): MediaPorts => ({
  rtmp: ports['MEDIA_RTMP_PORT'] ?? 0,
  mix: ports['MEDIA_MIX_PORT'] ?? 0,
  http: ports['MEDIA_HTTP_PORT'] ?? 0,
})

/**
 * What the services are told of a media server on this machine: the hosts that clients get, as far as the environment does not give
 * others (where it is reached under another name), and the names in addresses.
 */
export const describeMedia = (env: Env, { app, mixSuffix }: Media, ports: Ports): Variables => {
  const { rtmp, mix, http } = portsOf(ports)
  return {
    MEDIA_PUSH_HOST: env['MEDIA_PUSH_HOST'] || `127.0.0.1:${rtmp}`,
    MEDIA_PLAY_HOST: env['MEDIA_PLAY_HOST'] || `127.0.0.1:${http}`,
    MEDIA_RTMP_PLAY_HOST: env['MEDIA_RTMP_PLAY_HOST'] || env['MEDIA_PLAY_HOST'] || `127.0.0.1:${mix}`,
    MEDIA_APP: app,
    MIX_SUFFIX: mixSuffix,
  }
}

/** Fails before anything is started when a program is missing or a port is taken. */
export const checkMedia = async (dataDir: string, ports: Ports): Promise<void> => {
  if ((await findProcess(dataDir, mediaServerName)) !== undefined) return
  await findNginx()
  for (const variable of Object.keys(mediaPorts)) {
    await checkPortFree({ port: ports[variable] ?? 0, variable, user: 'the media server' })
  }
}

/** Whether the media server with these ports works. */
export const isMediaReady = (ports: Ports, signal: AbortSignal): Promise<boolean> =>
  isMediaServerReady(portsOf(ports), signal)

/** Makes sure that the media server of a DATA_DIR runs and works. One that runs already is taken as it is. */
export const bringUpMedia = async ({
  dataDir,
  media,
  ports,
  onStart,
  signal,
}: {
  readonly dataDir: string
  readonly media: Media
  readonly ports: Ports
  readonly onStart?: ((pid: number) => void) | undefined
  readonly signal: AbortSignal
}): Promise<ProcessRecord | StartedProcess> => {
  const own = portsOf(ports)
  const notifyUrl = `http://127.0.0.1:${ports['MIXER_MEDIA_PORT']}/notify`
  const started =
    (await findProcess(dataDir, mediaServerName)) ??
    (await startMediaServer({ dataDir, ports: own, ...media, notifyUrl, onStart }))
  await awaitMediaServer({ dataDir, started, ports: own, signal })
  return started
}
