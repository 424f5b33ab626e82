/** When the frames of a mix are due: a fixed number a second, counted from one moment, so that no error adds up. */
export type FrameClock = {
  readonly startedAtMs: number
  readonly frameRate: number
  /** Frames that were due until now, those that were skipped included. */
  readonly ticks: number
}

/** After a pause of the whole process no more than this is made up for; the rest is skipped in picture and sound alike. */
const maxCatchUpMs = 500

export const startFrameClock = (frameRate: number, nowMs: number): FrameClock => ({
  startedAtMs: nowMs,
  frameRate,
  ticks: 0,
})

/** When the next frame is due, by the same monotonic clock as the start. */
export const nextFrameAtMs = ({ startedAtMs, frameRate, ticks }: FrameClock): number =>
  startedAtMs + (ticks * 1000) / frameRate

/** How many frames are to be sent now, and the clock after them. */
export const advance = (clock: FrameClock, nowMs: number): { readonly clock: FrameClock; readonly due: number } => {
  const first = nextFrameAtMs(clock)
  if (nowMs < first) return { clock, due: 0 }
  const passed = Math.floor(((nowMs - first) * clock.frameRate) / 1000) + 1
  const due = Math.min(passed, Math.floor((maxCatchUpMs * clock.frameRate) / 1000) + 1)
  return { clock: { ...clock, ticks: clock.ticks + passed }, due }
}

/**
 * How many audio samples belong to frame `index` (from 0) of those that are sent: whole ones, and over a second exactly the sample
 * rate, also when the frame rate does not divide it.
 */
export const samplesOfFrame = (index: number, frameRate: number, sampleRate: number): number => {
  const until = (frames: number): number => Math.floor((frames * sampleRate) / frameRate)
  return until(index + 1) - until(index)
}

/** A stream whose newest frame is older is shown black: it stood still for long enough to be seen as broken. */
const blackAfterMs = 1500

/** Whether the newest frame of a stream is still to be shown. */
export const isFresh = (newestAtMs: number | undefined, nowMs: number): boolean =>
  newestAtMs !== undefined && nowMs - newestAtMs <= blackAfterMs
