import type { Frame, FramePool } from './frames.ts'
import type { Layout, Size } from './layout.ts'

/** Why a reader ended. `no-audio` and `no-video`: the stream was read for a while and had none. */
export type ReaderEnd = 'no-stream' | 'no-audio' | 'no-video' | 'failed'

/** A process that reads one source and gives its raw pictures and sound, as they come. */
export type Reader = {
  /** Never rejects. */
  readonly ended: Promise<ReaderEnd>
  readonly kill: () => void
}

export type ReaderRequest = {
  readonly roomId: string
  readonly size: Size
  readonly pool: FramePool
  /** A reader that is to give sound ends with `no-audio` when there is none. */
  readonly withAudio: boolean
  /** For how long to look for pictures (and sound): at least from one key frame to the next. */
  readonly lookForMs: number
  /** Called as a holder of the frame. */
  readonly onFrame: (frame: Frame) => void
  /** Two channels, 16 bits, little endian, cut anywhere. */
  readonly onAudio: (chunk: Uint8Array) => void
}

export type StartReader = (request: ReaderRequest) => Reader

/** One moment of a mix: both pictures, and the sound of both until the next. */
export type Moment = {
  readonly main: { readonly frame: Frame; readonly sound: Uint8Array }
  readonly other: { readonly frame: Frame; readonly sound: Uint8Array }
}

/** A process that puts moments together and publishes the result. */
export type Encoder = {
  /** Holds the frames until it has taken them. */
  readonly send: (moment: Moment) => void
  /** Moments that it has not taken yet. */
  readonly pending: () => number
  /** When it took the last one, or was given one after it had taken all: milliseconds of a monotonic clock. */
  readonly lastTakenAtMs: () => number
  /** Resolves, when it has ended, to what it said last; never rejects. */
  readonly ended: Promise<string>
  /** Lets it publish what it has and say goodbye; ends it the hard way when that takes too long. Resolves when it is gone. */
  readonly finish: () => Promise<void>
  readonly kill: () => void
}

export type EncoderRequest = {
  /** Of the main stream; the mix is published under its name with the suffix. */
  readonly roomId: string
  readonly layout: Layout
  /** How many frames have been published so far; several times a second while that goes on. */
  readonly onPublished: (frames: number) => void
}

export type StartEncoder = (request: EncoderRequest) => Encoder
