import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { awaitMediaServer, mediaServerName, startMediaServer } from '../../deploy/local/media-server.ts'
import type { MediaPorts } from '../../deploy/local/nginx-configuration.ts'
import { createOwner } from '../../deploy/local/owner.ts'
import { findFreePort } from '../../deploy/local/ports.ts'
import { logFile, stopProcess, type StartedProcess } from '../../deploy/local/processes.ts'

const graceMs = 5000

/** A media server of a test's own. */
export type TestMediaServer = {
  readonly ports: MediaPorts
  readonly app: string
  readonly dataDir: string
  /** Where a broadcaster pushes a room's stream to. */
  readonly sourceUrl: (room: string) => string
  /** Where a mix is published and read as RTMP; the name has its suffix. */
  readonly mixUrl: (stream: string) => string
  /** For example of `room.m3u8` or `room_mix`. */
  readonly playUrl: (name: string) => string
  readonly statUrl: string
  readonly pid: () => number
  /** What it has written to its log. */
  readonly readLog: () => Promise<string>
  /** Ends it, by the signal, and starts it again on the same ports; resolves when it works. */
  readonly restart: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>
  /** Ends it and removes its folder. */
  readonly stop: () => Promise<void>
}

/** Starts a media server on free ports in a folder of its own; resolves when it works. It ends with this process, even by a kill. */
export const startTestMediaServer = async ({
  notifyUrl,
  app = 'DemoApp',
  mixSuffix = '_mix',
}: {
  /** Asked with form POSTs before a source is taken, told of its end. */
  readonly notifyUrl: string
  readonly app?: string
  readonly mixSuffix?: string
}): Promise<TestMediaServer> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-media-'))
  const owner = createOwner()
  const taken = new Set<number>()
  const choose = async (): Promise<number> => {
    const port = await findFreePort(taken)
    taken.add(port)
    return port
  }
  const ports = { rtmp: await choose(), mix: await choose(), http: await choose() }

  const start = async (): Promise<StartedProcess> => {
    const next = await startMediaServer({ dataDir, ports, app, mixSuffix, notifyUrl, onStart: owner.add })
    await awaitMediaServer({ dataDir, started: next, ports })
    return next
  }
  const end = () => stopProcess({ dataDir, name: mediaServerName, graceMs })
  const stop = async (): Promise<void> => {
    await end()
    owner.release()
    await rm(dataDir, { recursive: true, force: true })
  }

  let started: StartedProcess
  try {
    started = await start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    ports,
    app,
    dataDir,
    sourceUrl: (room) => `rtmp://127.0.0.1:${ports.rtmp}/${app}/${room}`,
    mixUrl: (stream) => `rtmp://127.0.0.1:${ports.mix}/${app}/${stream}`,
    playUrl: (name) => `http://127.0.0.1:${ports.http}/${app}/${name}`,
    statUrl: `http://127.0.0.1:${ports.http}/stat`,
    pid: () => started.pid,
    readLog: () => readFile(logFile(dataDir, mediaServerName), 'utf8'),
    restart: async (signal = 'SIGTERM') => {
      process.kill(started.pid, signal)
      await started.ended
      started = await start()
    },
    stop,
  }
}
