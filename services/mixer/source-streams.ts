import type { Clock } from '../shared/clock.ts'
import type { Log } from '../shared/log.ts'
import type { SourceLook } from './domain/source-look.ts'
import { isFlowing, stepSource } from './domain/source-stream.ts'
import type { SourceEvent, SourceStream } from './domain/source-stream.ts'
import type { Callbacks, SourceChange, SourceStreams } from './ports.ts'
import { fromSourceJournal, toSourceJournal } from './source-journal.ts'
import type { SourceJournal } from './source-journal.ts'
import { createSourceReports } from './source-reports.ts'
import { createSourceWatch } from './source-watch.ts'

/** The media server's notifications, see adapters/nginx-notify.ts. */
export type Notifications = {
  /** False: refused. */
  readonly onPublish: (publisher: { readonly roomId: string; readonly client: number }) => boolean
  readonly onPublishDone: (publisher: { readonly roomId: string; readonly client: number }) => void
}

export type SourceStreamsOptions = {
  /** Begins to listen for notifications. */
  readonly listen: (notifications: Notifications) => Promise<{ readonly close: () => Promise<void> }>
  /** Looks at the statistics; rejects when they cannot be had. */
  readonly look: (signal: AbortSignal) => Promise<SourceLook>
  readonly callbacks: Callbacks
  readonly journal: {
    readonly read: () => Promise<SourceJournal | undefined>
    readonly write: (value: SourceJournal) => void
  }
  readonly onChanged: (change: SourceChange) => void
  /** Between two looks while somebody publishes, and while nobody does. */
  readonly pollMs?: number
  readonly idlePollMs?: number
  readonly lookTimeoutMs?: number
  /** Rooms that are known at the same time; the publishers of more are refused. */
  readonly maxStreams?: number
  /** Never goes back. */
  readonly clock: Clock
  readonly log: Log
}

export type OpenSourceStreams = SourceStreams & {
  readonly counts: () => { readonly published: number; readonly flowing: number }
  /** Resolves when nothing is under way here any more; callbacks and journal are to be closed afterwards, in this order. */
  readonly close: () => Promise<void>
}

/** A look costs about 0.2 ms a stream, in one piece: with many streams there are fewer looks. */
const pauseForStreamMs = 2
/** How long the start watches streams that are there already, until it is known which of them flow. */
const settleMs = 2_000

/**
 * Keeps what broadcasters push to the media server, and reports it to ingest as the video cloud does. What was missed while this
 * process or the media server was away is found out and made up for. Resolves when the streams that were there already are known.
 */
export const createSourceStreams = async (options: SourceStreamsOptions): Promise<OpenSourceStreams> => {
  const { clock, journal, log, onChanged } = options
  const { pollMs = 300, idlePollMs = 1_000, lookTimeoutMs = 1_000, maxStreams = 200 } = options
  const earlier = fromSourceJournal((await journal.read()) ?? [])
  const streams = new Map(earlier.streams)
  let lookedAtMs = clock.now()
  let failures = 0
  let isFull = false

  const persist = (): void => journal.write(toSourceJournal({ streams, untold: reports.untold() }))
  const reports = createSourceReports({ callbacks: options.callbacks, untold: earlier.untold, onTold: persist, log })

  const step = (roomId: string, event: SourceEvent): void => {
    const before = streams.get(roomId)
    const { stream, reports: made } = stepSource(before, event)
    if (stream === undefined) streams.delete(roomId)
    else streams.set(roomId, stream)
    reports.send(roomId, made)
    if (made.length > 0 || serverOf(before) !== serverOf(stream)) persist()
    if (isFlowing(before) !== isFlowing(stream)) onChanged({ roomId, isFlowing: isFlowing(stream) })
  }

  /** Whether a room can be known besides the others. */
  const hasPlace = (roomId: string): boolean => {
    const known = Math.max(streams.size, reports.untold().size)
    const isTaken = known < maxStreams || streams.has(roomId) || reports.untold().has(roomId)
    if (!isTaken && !isFull) log.warn({ maxStreams }, 'too many streams: new ones are refused')
    isFull = !isTaken
    return isTaken
  }

  const takeLook = (startedAtMs: number, { server, streams: seen }: SourceLook): void => {
    const atMs = clock.now()
    if (failures > 1) log.info({ failures }, 'the media server’s statistics are back')
    failures = 0
    lookedAtMs = atMs
    for (const roomId of new Set([...streams.keys(), ...seen.keys()])) {
      if (hasPlace(roomId)) step(roomId, { type: 'look', startedAtMs, atMs, server, seen: seen.get(roomId) })
    }
    tellAgain()
  }

  /** One failure may be our own fault: a process that was held up finds its look timed out. */
  const takeFailure = (error: unknown): void => {
    failures++
    if (failures === 2) log.warn({ err: error }, 'the media server’s statistics stay away')
    if (failures < 2) return
    for (const roomId of streams.keys()) step(roomId, { type: 'blind', sinceMs: lookedAtMs, atMs: clock.now() })
  }

  /** Says again what ingest has not taken: what is so now. A stream that was just missed may have ended. */
  const tellAgain = (): void => {
    for (const roomId of reports.failed()) {
      const stream = streams.get(roomId)
      if (stream?.status !== 'published') reports.send(roomId, ['publish_done'])
      else if (stream.missing === 0) reports.send(roomId, isFlowing(stream) ? ['publish', 'MixAvailable'] : ['publish'])
    }
  }

  const watch = createSourceWatch({
    look: async (signal) => {
      const startedAtMs = clock.now()
      return { startedAtMs, seen: await options.look(signal) }
    },
    onLook: ({ startedAtMs, seen }) => takeLook(startedAtMs, seen),
    onFailure: takeFailure,
    pauseMs: () => (streams.size > 0 ? pollMs + streams.size * pauseForStreamMs : idlePollMs),
    timeoutMs: lookTimeoutMs,
  })

  const settledAtMs = clock.now() + settleMs
  // Before anybody may publish: whom this look shows was there before.
  await watch.lookOnce()
  const listener = await options.listen({
    onPublish: ({ roomId, client }) => {
      if (!hasPlace(roomId)) return false
      step(roomId, { type: 'publish', client, atMs: clock.now() })
      watch.hurry()
      return true
    },
    onPublishDone: ({ roomId, client }) => step(roomId, { type: 'publish_done', client, atMs: clock.now() }),
  })
  while (clock.now() < settledAtMs && [...streams.values()].some((stream) => !isFlowing(stream))) {
    await watch.pause()
    await watch.lookOnce()
  }
  watch.start()

  return {
    isFlowing: (roomId) => isFlowing(streams.get(roomId)),
    // MixAvailable is reported in the very moment in which a stream begins to flow.
    isAvailable: (roomId) => isFlowing(streams.get(roomId)),
    counts: () => {
      const published = [...streams.values()].filter(({ status }) => status === 'published')
      return { published: published.length, flowing: published.filter(isFlowing).length }
    },
    close: async () => {
      await listener.close()
      await watch.close()
    },
  }
}

const serverOf = (stream: SourceStream | undefined): string | undefined =>
  stream?.status === 'published' ? stream.server : undefined
