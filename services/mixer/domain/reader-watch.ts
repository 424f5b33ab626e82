import type { ReaderEnd } from './media.ts'

/** What a mix knows of one of its two streams and of the process that reads it. Times: milliseconds of a monotonic clock. */
export type ReaderWatch = {
  /** What the media server says. */
  readonly isFlowing: boolean
  /** `awaited`: not seen in this mix yet; `lost`: its source broke. */
  readonly presence: 'awaited' | 'there' | 'lost'
  readonly reader: 'none' | 'running' | 'ending'
  /** Frames of this reader, since its source flows. */
  readonly frames: number
  readonly lastFrameAtMs: number | undefined
  readonly readerStartedAtMs: number
  /** Since when frames are to be expected. */
  readonly expectedSinceMs: number
  readonly hasHadFrames: boolean
  readonly failures: number
  readonly nextStartAtMs: number
}

export type WatchEvent =
  | { readonly kind: 'source'; readonly isFlowing: boolean }
  | { readonly kind: 'frame' }
  | { readonly kind: 'ended'; readonly why: ReaderEnd }
  /** Time has passed. */
  | { readonly kind: 'beat' }

/** What follows: a process to start or to kill, or something that the mix has to know. */
export type WatchAction = 'start' | 'kill' | 'there' | 'lost' | 'fail'

export type Watched = { readonly watch: ReaderWatch; readonly actions: readonly WatchAction[] }

/** A reader that ends gives what it still has, so one frame is no sign of life. */
const framesToBeThere = 3
/** Frames stay away though the source flows: the reader is replaced, */
const stalledMs = 3_000
/** and the mix given up. */
const failedMs = 10_000
/** The first frame is a key frame, and there are encoders that make one every ten seconds. */
const firstFrameMs = 20_000
/** A reader that has worked for so long has not failed in vain. */
const steadyMs = 10_000
const maxFailures = 7
const firstRetryMs = 200
const longestRetryMs = 3_000
const noStreamRetryMs = 1_000

/** The watch over a stream that flows, when a mix begins. */
export const startWatch = (nowMs: number): ReaderWatch => ({
  isFlowing: true,
  presence: 'awaited',
  reader: 'none',
  frames: 0,
  lastFrameAtMs: undefined,
  readerStartedAtMs: nowMs,
  expectedSinceMs: nowMs,
  hasHadFrames: false,
  failures: 0,
  nextStartAtMs: nowMs,
})

/**
 * What an event means for a stream. A reader is kept running while the source flows, with growing pauses between attempts. `lost` comes
 * once per break, `there` once per return, with new frames; `fail` when no reader can be kept alive although the source flows.
 */
export const watchReader = (watch: ReaderWatch, event: WatchEvent, nowMs: number): Watched => {
  switch (event.kind) {
    case 'source':
      return event.isFlowing ? onFlowing(watch, nowMs) : lose({ ...watch, isFlowing: false })
    case 'frame':
      return onFrame(watch, nowMs)
    case 'ended':
      return onEnded({ ...watch, reader: 'none' }, event.why, nowMs)
    case 'beat':
      return onBeat(watch, nowMs)
  }
}

const just = (watch: ReaderWatch): Watched => ({ watch, actions: [] })

const lose = (watch: ReaderWatch): Watched => ({
  watch: { ...watch, presence: 'lost' },
  actions: watch.presence === 'lost' ? [] : ['lost'],
})

const onFlowing = (watch: ReaderWatch, nowMs: number): Watched =>
  just(
    watch.isFlowing
      ? watch
      : {
          ...watch,
          isFlowing: true,
          frames: 0,
          expectedSinceMs: nowMs,
          hasHadFrames: false,
          failures: 0,
          nextStartAtMs: nowMs,
        },
  )

const onFrame = (watch: ReaderWatch, nowMs: number): Watched => {
  const seen = { ...watch, frames: watch.frames + 1, lastFrameAtMs: nowMs }
  if (!watch.isFlowing || seen.frames < framesToBeThere) return just(seen)
  return {
    watch: { ...seen, presence: 'there', expectedSinceMs: nowMs, hasHadFrames: true },
    actions: watch.presence === 'there' ? [] : ['there'],
  }
}

const onEnded = (watch: ReaderWatch, why: ReaderEnd, nowMs: number): Watched => {
  if (!watch.isFlowing) return just({ ...watch, frames: 0 })
  const wasSteady = watch.frames >= framesToBeThere && nowMs - watch.readerStartedAtMs >= steadyMs
  const failures = wasSteady ? 1 : watch.failures + 1
  const failed = { ...watch, frames: 0, failures, nextStartAtMs: nowMs + pauseMs(why, failures) }
  if (failures >= maxFailures) return { watch: failed, actions: ['fail'] }
  // The server knows better than its statistics, which are some moments old.
  return why === 'no-stream' ? lose(failed) : just(failed)
}

const pauseMs = (why: ReaderEnd, failures: number): number => {
  switch (why) {
    case 'no-audio':
    case 'no-video':
      return 0
    case 'no-stream':
      return noStreamRetryMs
    case 'failed':
      return Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1))
  }
}

const onBeat = (watch: ReaderWatch, nowMs: number): Watched => {
  if (!watch.isFlowing) return just(watch)
  const silentMs = nowMs - watch.expectedSinceMs
  if (silentMs > (watch.hasHadFrames ? failedMs : firstFrameMs)) return { watch, actions: ['fail'] }
  if (watch.reader === 'none' && nowMs >= watch.nextStartAtMs)
    return { watch: { ...watch, reader: 'running', frames: 0, readerStartedAtMs: nowMs }, actions: ['start'] }
  if (watch.reader === 'running' && watch.frames > 0 && nowMs - (watch.lastFrameAtMs ?? nowMs) > stalledMs)
    return { watch: { ...watch, reader: 'ending' }, actions: ['kill'] }
  return just(watch)
}
