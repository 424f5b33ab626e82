import { mkdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { isAnswered } from './answers.ts'
import { writeWhole } from './files.ts'
import { findNginx } from './media-tools.ts'
import { describeNginx, type MediaPorts } from './nginx-configuration.ts'
import { checkPortFree } from './ports.ts'
import { startProcess, type StartedProcess } from './processes.ts'
import { awaitReady } from './ready.ts'

/** The name of the media server's process, log and record. */
export const mediaServerName = 'media-server'

/** The environment variables of its ports, with their defaults. */
export const mediaPorts = { MEDIA_RTMP_PORT: 1935, MEDIA_MIX_PORT: 1936, MEDIA_HTTP_PORT: 8088 } as const

const readyWithinMs = 30_000
const answersWithinMs = 2000
const script = join(import.meta.dirname, 'media-server.sh')

/**
 * Starts the media server of a DATA_DIR: it must not run already. Resolves as soon as the process is there; wait with
 * `awaitMediaServer`, stop by `stopProcess`. Everything of it is in DATA_DIR/media, and what a former one left there of streams is gone.
 * Throws a PlatformError when a program is missing or a port is taken.
 */
export const startMediaServer = async ({
  dataDir,
  ports,
  app,
  mixSuffix,
  notifyUrl,
  onStart,
}: {
  readonly dataDir: string
  readonly ports: MediaPorts
  readonly app: string
  readonly mixSuffix: string
  /** Asked before a broadcaster's stream is taken, told of its end. */
  readonly notifyUrl: string
  readonly onStart?: ((pid: number) => void) | undefined
}): Promise<StartedProcess> => {
  const { program, rtmpModule } = await findNginx()
  const recorded = { MEDIA_RTMP_PORT: ports.rtmp, MEDIA_MIX_PORT: ports.mix, MEDIA_HTTP_PORT: ports.http }
  for (const [variable, port] of Object.entries(recorded)) {
    await checkPortFree({ port, variable, user: 'the media server' })
  }
  const folder = join(dataDir, 'media')
  const hls = join(folder, 'hls')
  const configuration = join(folder, 'nginx.conf')
  await writeWhole(configuration, describeNginx({ folder, hls, rtmpModule, ports, app, mixSuffix, notifyUrl }))
  await rm(hls, { recursive: true, force: true })
  for (const part of ['hls/source', 'hls/mix', 'tmp']) await mkdir(join(folder, part), { recursive: true })
  return startProcess({
    dataDir,
    name: mediaServerName,
    cwd: folder,
    command: ['bash', script, program, folder, configuration, hls],
    ports: recorded,
    onStart,
  })
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: answersWithinMs })
    const settle = (is: boolean): void => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', () => settle(true)).once('timeout', () => settle(false))
    socket.once('error', () => settle(false))
  })

/** Where the statistics are. */
const statUrl = (http: number): string => `http://127.0.0.1:${http}/stat`

/** Whether the statistics answer and both RTMP servers take connections. */
export const isMediaServerReady = async ({ rtmp, mix, http }: MediaPorts, signal: AbortSignal): Promise<boolean> =>
  (await isAnswered(statUrl(http), { withinMs: answersWithinMs, signal })) &&
  (await isListening(rtmp)) &&
  (await isListening(mix))

/** Waits until the media server takes streams and serves them. */
export const awaitMediaServer = ({
  dataDir,
  started,
  ports,
  signal,
}: {
  readonly dataDir: string
  readonly started: Parameters<typeof awaitReady>[0]['started']
  readonly ports: MediaPorts
  readonly signal?: AbortSignal | undefined
}): Promise<void> =>
  awaitReady({
    dataDir,
    started,
    deadlineMs: readyWithinMs,
    signal,
    isReady: (over) => isMediaServerReady(ports, over),
  })
