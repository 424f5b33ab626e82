import type { SeenStream } from './source-look.ts'

/** Whether the frames of a stream arrive, as far as looks at the statistics tell. Times are those of one clock that never goes back. */
export type Flow = {
  readonly isFlowing: boolean
  /** What the newest look saw. */
  readonly newest: (Pick<SeenStream, 'timestampMs' | 'bytesIn'> & { readonly atMs: number }) | undefined
  /** Since when it has been rising, without a longer stop; undefined: it is not. */
  readonly rising: { readonly fromMs: number; readonly untilMs: number } | undefined
}

/** Nothing has been seen yet. */
export const noFlow: Flow = { isFlowing: false, newest: undefined, rising: undefined }

/** So long a stream has to rise before it flows. */
const risesForMs = 1_000
/** So long it may stay away before it does not flow any more. */
const stallMs = 2_000

/**
 * A look more: a stream flows when its timestamp and its bytes rise over a second and a video codec is known; it flows no more
 * when they have not risen for two. (One look at which the timestamp has wrapped does not matter.) The statistics' own `bw_video` would not do: it is zero for streams that flow.
 */
export const observeFlow = (flow: Flow, seen: SeenStream, atMs: number): Flow => {
  const { timestampMs, bytesIn } = seen
  const newest = { timestampMs, bytesIn, atMs }
  const earlier = flow.newest
  const hasRisen =
    earlier !== undefined && bytesIn > earlier.bytesIn && timestampMs > earlier.timestampMs && atMs > earlier.atMs
  const wasRising = flow.rising !== undefined && atMs - flow.rising.untilMs < stallMs ? flow.rising : undefined
  const rising = hasRisen ? { fromMs: wasRising?.fromMs ?? earlier.atMs, untilMs: atMs } : wasRising
  const hasProof = rising !== undefined && (flow.isFlowing || rising.untilMs - rising.fromMs >= risesForMs)
  return { isFlowing: seen.hasVideo && hasProof, newest, rising }
}
