import { noFlow, observeFlow } from './flow.ts'
import type { Flow } from './flow.ts'
import type { SeenStream } from './source-look.ts'

/** What is known of a room's stream; undefined: nobody publishes it. Times are those of one clock that never goes back. */
export type SourceStream = PublishedStream | EndedStream

export type PublishedStream = {
  readonly status: 'published'
  /** Number of the publishing connection, which another one of the same name does not have. */
  readonly client: number
  /** The run of the media server; undefined until a look has told. */
  readonly server: string | undefined
  readonly sinceMs: number
  /** Looks in a row that did not show it. */
  readonly missing: number
  readonly flow: Flow
}

/** Remembered until a look that began later. */
export type EndedStream = { readonly status: 'ended'; readonly atMs: number }

export type SourceEvent =
  /** The media server's notifications. */
  | { readonly type: 'publish'; readonly client: number; readonly atMs: number }
  | { readonly type: 'publish_done'; readonly client: number; readonly atMs: number }
  /** What a look at its statistics showed of the room; undefined: nothing. */
  | {
      readonly type: 'look'
      readonly startedAtMs: number
      readonly atMs: number
      readonly server: string
      readonly seen: SeenStream | undefined
    }
  /** No look succeeded since then. */
  | { readonly type: 'blind'; readonly sinceMs: number; readonly atMs: number }

export type SourceReport = 'publish' | 'publish_done' | 'MixAvailable'

export type SourceStep = { readonly stream: SourceStream | undefined; readonly reports: readonly SourceReport[] }

/** So long a stream that was just notified may be missing in the statistics. */
const settleMs = 1_000
const maxMissing = 2
/** So long the statistics may stay away before nothing counts as flowing, and as published. */
const blindMs = 3_000
const goneMs = 10_000

/** A stream that an earlier process reported as published; the next look tells whether it still is. */
export const restoredStream = ({ client, server }: Pick<PublishedStream, 'client' | 'server'>): PublishedStream => ({
  status: 'published',
  client,
  server,
  sinceMs: Number.NEGATIVE_INFINITY,
  missing: 0,
  flow: noFlow,
})

export const isFlowing = (stream: SourceStream | undefined): boolean =>
  stream?.status === 'published' && stream.flow.isFlowing

/**
 * What an event makes of a room's stream, and what is to be reported, in that order. Whatever comes, and however late or often:
 * `publish` and `publish_done` alternate, `MixAvailable` comes between them only, once each time the stream begins to flow.
 * Notifications are believed at once; looks at the statistics make up for those that were missed.
 */
export const stepSource = (stream: SourceStream | undefined, event: SourceEvent): SourceStep => {
  switch (event.type) {
    case 'publish':
      // A second publisher of the name is refused by the media server, after it was notified. If it is the first one that has gone
      // unnoticed, the next look shows the second.
      if (stream?.status === 'published') return { stream, reports: [] }
      return { stream: begin(event.client, undefined, event.atMs), reports: ['publish'] }
    case 'publish_done':
      if (stream?.status !== 'published' || stream.client !== event.client) return { stream, reports: [] }
      return { stream: { status: 'ended', atMs: event.atMs }, reports: ['publish_done'] }
    case 'look':
      if (stream?.status === 'published') return lookAt(stream, event)
      if (stream !== undefined && event.startedAtMs <= stream.atMs) return { stream, reports: [] }
      if (event.seen === undefined) return { stream: undefined, reports: [] }
      return found(event.seen, event)
    case 'blind':
      return stream?.status === 'published' ? stayBlind(stream, event) : { stream, reports: [] }
  }
}

type Look = Extract<SourceEvent, { type: 'look' }>

const begin = (client: number, server: string | undefined, sinceMs: number): PublishedStream => ({
  ...restoredStream({ client, server }),
  sinceMs,
})

/** A stream whose notification we missed. */
const found = (seen: SeenStream, { server, atMs }: Look): SourceStep => ({
  stream: { ...begin(seen.client, server, atMs), flow: observeFlow(noFlow, seen, atMs) },
  reports: ['publish'],
})

const lookAt = (stream: PublishedStream, look: Look): SourceStep => {
  const { seen, server, startedAtMs, atMs } = look
  // It tells of a time before the stream.
  if (startedAtMs < stream.sinceMs) return { stream, reports: [] }
  if (seen === undefined) {
    const missing = startedAtMs - stream.sinceMs < settleMs ? 0 : stream.missing + 1
    if (missing < maxMissing) return { stream: { ...stream, missing }, reports: [] }
    return { stream: { status: 'ended', atMs }, reports: ['publish_done'] }
  }
  const isSame = seen.client === stream.client && (stream.server ?? server) === server
  if (!isSame) {
    const next = found(seen, look)
    return { ...next, reports: ['publish_done', ...next.reports] }
  }
  const flow = observeFlow(stream.flow, seen, atMs)
  return {
    stream: { ...stream, server, missing: 0, flow },
    reports: flow.isFlowing && !stream.flow.isFlowing ? ['MixAvailable'] : [],
  }
}

const stayBlind = (stream: PublishedStream, { sinceMs, atMs }: Extract<SourceEvent, { type: 'blind' }>): SourceStep => {
  const blindForMs = atMs - Math.max(sinceMs, stream.sinceMs)
  if (blindForMs >= goneMs) return { stream: { status: 'ended', atMs }, reports: ['publish_done'] }
  return { stream: blindForMs >= blindMs ? { ...stream, flow: noFlow } : stream, reports: [] }
}
