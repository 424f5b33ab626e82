import { createAudioBuffer } from './domain/audio-buffer.ts'
import { isFresh } from './domain/frame-clock.ts'
import { blackFrame, createFramePool } from './domain/frames.ts'
import type { Frame } from './domain/frames.ts'
import type { Size } from './domain/layout.ts'
import type { Reader, ReaderEnd, StartReader } from './domain/media.ts'
import { startWatch, watchReader } from './domain/reader-watch.ts'
import type { WatchEvent } from './domain/reader-watch.ts'
import type { Log } from '../shared/log.ts'

/** What a mix has to know of one of its streams. */
export type HalfChange = 'there' | 'lost' | 'fail'

/** One stream of a mix: keeps a reader running while its source flows, and has the newest picture and the sound to play next. */
export type MixHalf = {
  /** Time has passed; to be called many times a second. */
  readonly beat: () => void
  readonly onSource: (isFlowing: boolean) => void
  /** The newest frame, or black. The caller does not hold it: it is good until the next event. */
  readonly picture: () => Frame
  /** So many samples; silence where there are none. */
  readonly sound: (samples: number) => Uint8Array
  /** Ends the reader; resolves when it is gone. */
  readonly close: () => Promise<void>
}

export type MixHalfOptions = {
  readonly roomId: string
  readonly size: Size
  readonly startReader: StartReader
  readonly onChange: (change: HalfChange) => void
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  readonly log: Log
}

/** Most sources have a key frame in that time; only one without sound makes its reader look for so long. */
const firstLookMs = 3_000
const longLookMs = 15_000

export const createMixHalf = ({ roomId, size, startReader, onChange, now, log }: MixHalfOptions): MixHalf => {
  const pool = createFramePool((size.width * size.height * 3) / 2)
  const black = blackFrame(size.width * size.height)
  let audio = createAudioBuffer()
  let watch = startWatch(now())
  let reader: Reader | undefined
  let withAudio = true
  let lookForMs = firstLookMs
  let newest: Frame | undefined
  let isClosed = false

  const apply = (event: WatchEvent): void => {
    const watched = watchReader(watch, event, now())
    watch = watched.watch
    for (const action of watched.actions) {
      if (action === 'start') start()
      else if (action === 'kill') reader?.kill()
      else onChange(action)
    }
  }

  const start = (): void => {
    audio = createAudioBuffer()
    try {
      reader = startReader({
        roomId,
        size,
        pool,
        withAudio,
        lookForMs,
        onFrame: (frame) => {
          newest?.release()
          newest = frame
          apply({ kind: 'frame' })
        },
        onAudio: (chunk) => audio.write(chunk),
      })
      // `ended` never rejects.
      void reader.ended.then(onEnded)
    } catch (error) {
      // The system has no process or descriptor to give just now.
      log.warn({ roomId, err: error }, 'cannot start a reader of a mixed stream')
      onEnded('failed')
    }
  }

  const onEnded = (why: ReaderEnd): void => {
    reader = undefined
    if (!isClosed) log.info({ roomId, why }, 'a reader of a mixed stream ended')
    if (why === 'no-audio') withAudio = false
    if (why === 'no-video') lookForMs = longLookMs
    apply({ kind: 'ended', why })
  }

  return {
    beat: () => apply({ kind: 'beat' }),
    onSource: (isFlowing) => {
      // What begins to flow now may be another encoder's, with sound.
      if (isFlowing && !watch.isFlowing) withAudio = true
      apply({ kind: 'source', isFlowing })
    },
    picture: () => (newest !== undefined && isFresh(watch.lastFrameAtMs, now()) ? newest : black),
    sound: (samples) => audio.read(samples),
    close: async () => {
      isClosed = true
      const closing = reader?.ended
      reader?.kill()
      await closing
    },
  }
}
