import type { Log } from '../shared/log.ts'
import type { StatusCallback } from './domain/callback.ts'
import type { Layout } from './domain/layout.ts'
import type { StartEncoder, StartReader } from './domain/media.ts'
import { messageOf } from './domain/mix-messages.ts'
import type { MixFailure } from './domain/mix-messages.ts'
import { createMix } from './mix.ts'
import type { Mix } from './mix.ts'
import type { MixPair } from './mix-pair.ts'

/** Reports a status to ingest; resolves when it is there, or given up. */
export type ReportMix = (
  pair: MixPair,
  event: StatusCallback['event'],
  code: StatusCallback['code'],
  message: string,
) => Promise<boolean>

export type RunningMix = {
  readonly pair: MixPair
  readonly mix: Mix
  /** It is being ended, by a command or because it failed. */
  readonly isEnding: () => boolean
}

/** The mixes that run, at most one per main stream. One that ends counts until all its processes are gone. */
export type RunningMixes = {
  readonly of: (mainRoomId: string) => RunningMix | undefined
  readonly list: () => readonly RunningMix[]
  readonly begin: (pair: MixPair, layout: Layout) => void
  /** Resolves when it is gone. */
  readonly end: (entry: RunningMix) => Promise<void>
}

export type RunningMixesOptions = {
  readonly startReader: StartReader
  readonly startEncoder: StartEncoder
  readonly frameRate: number
  readonly maxMixMs: number
  readonly report: ReportMix
  /** What runs has changed. */
  readonly onChanged: () => void
  readonly onFailed: (failure: MixFailure) => void
  /** From an accepted start to the first frame with both streams. */
  readonly onWhole: (seconds: number) => void
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  readonly log: Log
}

export const createRunningMixes = (options: RunningMixesOptions): RunningMixes => {
  const { startReader, startEncoder, frameRate, maxMixMs, report, onChanged, now, log } = options
  const running = new Map<string, RunningMix>()
  const endings = new Map<RunningMix, Promise<void>>()

  const end = (entry: RunningMix): Promise<void> => {
    const ending =
      endings.get(entry) ??
      entry.mix.stop().then(() => {
        running.delete(entry.pair.roomId)
        endings.delete(entry)
        onChanged()
      })
    endings.set(entry, ending)
    return ending
  }

  const begin = (pair: MixPair, layout: Layout): void => {
    const startedAtMs = now()
    let isWhole = false
    const mix = createMix({
      roomId: pair.roomId,
      otherRoomId: pair.mixRoomId,
      layout,
      frameRate,
      maxMs: maxMixMs,
      startReader,
      startEncoder,
      onReport: (code) => {
        if (code === 'Success' && !isWhole) {
          isWhole = true
          options.onWhole((now() - startedAtMs) / 1000)
        }
        // The callbacks look after what they were given.
        void report(pair, 'EventMix', code, messageOf[code])
      },
      onFailed: (failure) => {
        options.onFailed(failure)
        // When this is heard the name is free for the next start.
        void end(entry).then(() => report(pair, 'EventMix', 'InternalError', messageOf[failure]))
      },
      now,
      log,
    })
    const entry: RunningMix = { pair, mix, isEnding: () => endings.has(entry) }
    running.set(pair.roomId, entry)
    onChanged()
  }

  return { of: (mainRoomId) => running.get(mainRoomId), list: () => [...running.values()], begin, end }
}
