import { sampleRate } from './domain/audio-buffer.ts'
import { judgeFeed } from './domain/encoder-feed.ts'
import { advance, nextFrameAtMs, samplesOfFrame, startFrameClock } from './domain/frame-clock.ts'
import type { FrameClock } from './domain/frame-clock.ts'
import type { Layout } from './domain/layout.ts'
import type { StartEncoder, StartReader } from './domain/media.ts'
import { liveMix, newMix } from './domain/mix-life.ts'
import type { Half, MixEvent, MixReport } from './domain/mix-life.ts'
import type { MixFailure } from './domain/mix-messages.ts'
import { createMixHalf } from './mix-half.ts'
import type { HalfChange } from './mix-half.ts'
import type { Log } from '../shared/log.ts'

export type Mix = {
  /** The same mix was asked for again: Success is told again. */
  readonly startAgain: () => void
  readonly onSource: (half: Half, isFlowing: boolean) => void
  /** Ends everything that belongs to it; resolves when it is gone. Nothing is reported from then on. */
  readonly stop: () => Promise<void>
}

export type MixOptions = {
  readonly roomId: string
  readonly otherRoomId: string
  readonly layout: Layout
  readonly frameRate: number
  readonly maxMs: number
  readonly startReader: StartReader
  readonly startEncoder: StartEncoder
  readonly onReport: (code: MixReport) => void
  /** It cannot go on; `stop` is still to be called. At most once. */
  readonly onFailed: (failure: MixFailure) => void
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  readonly log: Log
}

/** How often a mix looks after its readers before its picture begins. */
const waitingBeatMs = 50

/**
 * One mix: a reader for each stream, a clock, and an encoder that publishes without a break from the first frame with every stream that
 * is not lost until the end, whatever happens to the streams.
 */
export const createMix = (options: MixOptions): Mix => {
  const { roomId, otherRoomId, layout, frameRate, startReader, now, log } = options
  const startedAtMs = now()
  let life = newMix
  const present: Record<Half, HalfChange | 'awaited'> = { main: 'awaited', other: 'awaited' }
  let clock: FrameClock | undefined
  let framesSent = 0
  let isOver = false

  const live = (event: MixEvent): void => {
    if (isOver) return
    const lived = liveMix(life, event)
    life = lived.life
    if (lived.report !== undefined) options.onReport(lived.report)
  }

  const fail = (failure: MixFailure): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    options.onFailed(failure)
  }

  const onChange = (half: Half, change: HalfChange): void => {
    present[half] = change
    if (change === 'fail') fail(half === 'main' ? 'main-unreadable' : 'other-unreadable')
    else live(change === 'there' ? { kind: 'there', half, framesSent } : { kind: 'lost', half })
  }

  const halfOf = (half: Half, id: string) =>
    createMixHalf({
      roomId: id,
      size: layout[half],
      startReader,
      onChange: (change) => onChange(half, change),
      now,
      log,
    })
  const main = halfOf('main', roomId)
  const other = halfOf('other', otherRoomId)

  const encoder = options.startEncoder({
    roomId,
    layout,
    onPublished: (frames) => live({ kind: 'published', frames }),
  })
  void encoder.ended.then((said) => {
    if (isOver) return
    log.warn({ roomId, said }, 'the encoder of a mix ended')
    fail('encoder-ended')
  })

  /** The sound of a dropped moment is dropped with it: picture and sound stay together. */
  const pass = (index: number): void => {
    const samples = samplesOfFrame(index, frameRate, sampleRate)
    const moment = {
      main: { frame: main.picture(), sound: main.sound(samples) },
      other: { frame: other.picture(), sound: other.sound(samples) },
    }
    const feed = { pending: encoder.pending(), lastTakenAtMs: encoder.lastTakenAtMs() }
    const verdict = judgeFeed(feed, frameRate, now())
    if (verdict === 'stalled') fail('encoder-stalled')
    if (verdict !== 'send') return
    framesSent += 1
    encoder.send(moment)
  }

  /** Once each stream is there or lost, and one of them there. */
  const canBegin = (): boolean =>
    present.main !== 'awaited' && present.other !== 'awaited' && (present.main === 'there' || present.other === 'there')

  const beat = (): void => {
    main.beat()
    other.beat()
    if (now() - startedAtMs > options.maxMs) fail('too-long')
    if (clock === undefined && canBegin()) clock = startFrameClock(frameRate, now())
    if (clock !== undefined) {
      const advanced = advance(clock, now())
      clock = advanced.clock
      for (let left = advanced.due; left > 0 && !isOver; left--) pass(framesSent)
    }
    if (!isOver) timer = setTimeout(beat, clock === undefined ? waitingBeatMs : nextFrameAtMs(clock) - now())
  }
  let timer = setTimeout(beat, 0)

  return {
    startAgain: () => live({ kind: 'started' }),
    onSource: (half, isFlowing) => (half === 'main' ? main : other).onSource(isFlowing),
    stop: async () => {
      isOver = true
      clearTimeout(timer)
      await Promise.all([main.close(), other.close(), encoder.finish()])
    },
  }
}
