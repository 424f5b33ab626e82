/** How far an encoder is behind what it was given. */
export type EncoderFeed = {
  /** Frames that it has not taken yet. */
  readonly pending: number
  /** When it took the last one, or was given one after it had taken all: milliseconds of a monotonic clock. */
  readonly lastTakenAtMs: number
}

/** A stop of half a second is waited for in memory; what comes then is dropped, in picture and sound alike. */
const maxPendingMs = 500
/** An encoder that takes nothing for so long does not come back: its server hangs, or it does itself. */
const stalledAfterMs = 5_000

/** What to do with the next frame: `send`, `drop`, or end everything, as the encoder is `stalled`. */
export const judgeFeed = (feed: EncoderFeed, frameRate: number, nowMs: number): 'send' | 'drop' | 'stalled' => {
  if (feed.pending > 0 && nowMs - feed.lastTakenAtMs > stalledAfterMs) return 'stalled'
  return feed.pending < Math.max(2, Math.ceil((maxPendingMs * frameRate) / 1000)) ? 'send' : 'drop'
}
