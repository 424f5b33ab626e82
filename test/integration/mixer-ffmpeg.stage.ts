// Real mixes for the tests beside it: a media server, broadcasters that push to it, and mixers on top.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createOwner } from '../../deploy/local/owner.ts'
import { createStartFfmpeg, markVariable, words } from '../../services/mixer/adapters/ffmpeg.ts'
import { createStartEncoder } from '../../services/mixer/adapters/ffmpeg-encoder.ts'
import { endLeftovers } from '../../services/mixer/adapters/ffmpeg-leftovers.ts'
import { createStartReader } from '../../services/mixer/adapters/ffmpeg-reader.ts'
import { createJournal } from '../../services/mixer/adapters/journal.ts'
import type { StatusCallback } from '../../services/mixer/domain/callback.ts'
import { mixPairs } from '../../services/mixer/mix-pair.ts'
import { createMixes } from '../../services/mixer/mixes.ts'
import type { Mixes, MixesOptions } from '../../services/mixer/mixes.ts'
import type { SourceChange } from '../../services/mixer/ports.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startTestMediaServer } from '../support/media-server.ts'
import type { TestMediaServer } from '../support/media-server.ts'
import { startTestSource } from '../support/test-source.ts'
import type { TestSignal, TestSource } from '../support/test-source.ts'
import { until } from '../support/until.ts'

const mixSuffix = '_mix'
const frameRate = 15
const now = (): number => performance.now()

/** The addresses of a media server, as a program of its own gets them. */
export type MixAddresses = { readonly sourceUrl: string; readonly mixUrl: string; readonly folder: string }

export type TestMixes = {
  readonly mixes: Mixes
  /** Every status callback that was sent. */
  readonly told: readonly StatusCallback[]
  /** Their events and codes, for example `EventMix Success`. */
  readonly codes: () => readonly string[]
  /** How many encoders were started. */
  readonly encoders: () => number
  readonly close: () => Promise<void>
}

export type TestMixesOptions = MixAddresses &
  Partial<Pick<MixesOptions, 'maxMixes' | 'maxMixMs' | 'settleMs' | 'sources'>> & { readonly maxMemoryBytes?: number }

const everythingFlows = { isFlowing: () => true, isAvailable: () => true }

/** A mixer's mixes with real processes, whose callbacks are kept. */
export const openMixes = async ({
  sourceUrl,
  mixUrl,
  folder,
  maxMemoryBytes = 512 * 2 ** 20,
  ...limits
}: TestMixesOptions): Promise<TestMixes> => {
  const told: StatusCallback[] = []
  let encoders = 0
  const searchPath = process.env['PATH'] ?? ''
  const startFfmpeg = createStartFfmpeg({ searchPath, mark: folder, maxMemoryBytes, maxCpuSeconds: 600 })
  const startEncoder = createStartEncoder({ startFfmpeg, mixUrl, mixSuffix, frameRate, now })
  const journal = createJournal({ file: join(folder, 'mixes.json'), schema: mixPairs, log: silentLog })
  const mixes = await createMixes({
    sources: everythingFlows,
    callbacks: {
      send: (callback) => {
        if (callback.kind === 'status') told.push(callback)
        return Promise.resolve(true)
      },
    },
    startReader: createStartReader({ startFfmpeg, sourceUrl, frameRate }),
    startEncoder: (request) => {
      encoders += 1
      return startEncoder(request)
    },
    endLeftovers: () => endLeftovers(folder, AbortSignal.timeout(10_000)),
    journal,
    mixSuffix,
    size: { width: 640, height: 360 },
    frameRate,
    maxMixes: 4,
    maxMixMs: 600_000,
    settleMs: 0,
    onMixes: () => {},
    onFailed: () => {},
    onWhole: () => {},
    now,
    log: silentLog,
    ...limits,
  })
  return {
    mixes,
    told,
    codes: () => told.map(({ event, code }) => `${event} ${code}`),
    encoders: () => encoders,
    close: async () => {
      await mixes.close()
      await journal.close()
    },
  }
}

/** The processes of the mixer whose folder this is, with their arguments. */
export const findProcesses = async (folder: string): Promise<readonly { pid: number; args: string }[]> => {
  const found = []
  for (const name of await readdir('/proc')) {
    const [environment, args] = await Promise.allSettled([
      readFile(`/proc/${name}/environ`, 'utf8'),
      readFile(`/proc/${name}/cmdline`, 'utf8'),
    ])
    if (environment.status === 'rejected' || args.status === 'rejected') continue
    if (!environment.value.split('\0').includes(`${markVariable}=${folder}`)) continue
    found.push({ pid: Number(name), args: args.value.replaceAll('\0', ' ') })
  }
  return found
}

const silentSource =
  '-re -f lavfi -i testsrc=size=320x180:rate=15 -c:v libx264 -preset ultrafast -tune zerolatency -threads 1 -g 15 -pix_fmt yuv420p -f flv'

/** An ffmpeg that runs until it has nothing more to do, or until `end`, or until this process ends. */
const runUntilEnded = (
  args: readonly string[],
): { readonly isRunning: () => boolean; readonly end: () => Promise<void> } => {
  const child = spawn('ffmpeg', [...words('-nostdin -loglevel error'), ...args], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const owner = createOwner()
  owner.add(child.pid ?? 0)
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  return {
    isRunning,
    end: async () => {
      child.kill('SIGKILL')
      await ended
      owner.release()
    },
  }
}

export type MixStage = {
  readonly server: TestMediaServer
  readonly addresses: MixAddresses
  /** What the media server said of its sources; a source flows from its publish to its publish_done. */
  readonly sources: {
    readonly isFlowing: (roomId: string) => boolean
    readonly isAvailable: (roomId: string) => boolean
  }
  /** Pushes a room's stream; resolves when the server has it. */
  readonly push: (roomId: string, signal: TestSignal) => Promise<TestSource>
  /** The same without sound; resolves to what ends it. */
  readonly pushSilently: (roomId: string) => Promise<() => Promise<void>>
  /** Plays a stream until its end. */
  readonly watch: (url: string) => { readonly isRunning: () => boolean }
  /** Mixes of a folder of their own that hear of every change; closed with the stage. */
  readonly openMixes: (options?: Partial<TestMixesOptions>) => Promise<TestMixes & { readonly folder: string }>
  readonly newFolder: () => Promise<string>
  readonly close: () => Promise<void>
}

/** Starts a media server; everything on it ends with the stage. */
export const startMixStage = async (): Promise<MixStage> => {
  const flowing = new Set<string>()
  const listeners = new Set<(change: SourceChange) => void>()
  const notified = createServer((request, response) => {
    void text(request).then((body) => {
      const fields = new URLSearchParams(body)
      const roomId = fields.get('name') ?? ''
      const isFlowing = fields.get('call') === 'publish'
      response.end()
      if (isFlowing) flowing.add(roomId)
      else flowing.delete(roomId)
      for (const listener of listeners) listener({ roomId, isFlowing })
    })
  })
  notified.listen(0, '127.0.0.1')
  await once(notified, 'listening')
  const address = notified.address()
  if (address === null || typeof address === 'string') throw new Error('there is no port for notifications')

  const server = await startTestMediaServer({ notifyUrl: `http://127.0.0.1:${address.port}/notify` })
  const folders: string[] = []
  const closers: (() => Promise<void>)[] = []
  const sources = { isFlowing: (id: string) => flowing.has(id), isAvailable: (id: string) => flowing.has(id) }
  const newFolder = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'roomcast-mixes-'))
    folders.push(folder)
    return folder
  }
  const addresses = { sourceUrl: server.sourceUrl('').slice(0, -1), mixUrl: server.mixUrl('').slice(0, -1), folder: '' }
  return {
    server,
    addresses,
    sources,
    newFolder,
    push: async (roomId, signal) => {
      const source = startTestSource({ ...signal, url: server.sourceUrl(roomId) })
      closers.push(source.kill)
      await until(`${roomId} is pushed`, () => flowing.has(roomId))
      return source
    },
    pushSilently: async (roomId) => {
      const end = runUntilEnded(words(`${silentSource} ${server.sourceUrl(roomId)}`)).end
      closers.push(end)
      await until(`${roomId} is pushed`, () => flowing.has(roomId))
      return end
    },
    watch: (url) => {
      const viewer = runUntilEnded(words(`-i ${url} -c copy -f null -`))
      closers.push(viewer.end)
      return viewer
    },
    openMixes: async (options) => {
      const folder = options?.folder ?? (await newFolder())
      const opened = await openMixes({ ...addresses, sources, ...options, folder })
      listeners.add(opened.mixes.onSourceChanged)
      const close = async (): Promise<void> => {
        listeners.delete(opened.mixes.onSourceChanged)
        await opened.close()
      }
      closers.push(close)
      return { ...opened, close, folder }
    },
    close: async () => {
      for (const close of closers.toReversed()) await close()
      await server.stop()
      notified.closeAllConnections()
      notified.close()
      for (const folder of folders) await rm(folder, { recursive: true, force: true })
    },
  }
}
