/** When the process has more to do than it can. */
export type OverloadLimits = {
  /** How late timers may be, on average over about a second. */
  readonly maxLatenessMs: number
  /** Bytes that may wait for all connections together. */
  readonly maxQueuedBytes: number
}

/** What is known of the load: `latenessMs` is smoothed; `calmSince`: since when it would be low enough again, null: it is not. */
export type Load = { readonly isOver: boolean; readonly latenessMs: number; readonly calmSince: number | null }

export const noLoad: Load = { isOver: false, latenessMs: 0, calmSince: null }

/** One late timer, a collection of garbage for example, is no overload. */
const smoothing = 0.2
/** It is over when both are below this share of their limits for so long: otherwise it would go on and off. */
const calmShare = 0.5
const calmMs = 1_000

/** Takes in one measurement at `nowMs`; to be called several times a second. */
export const measureLoad = (
  load: Load,
  { nowMs, latenessMs: measured, queuedBytes }: { nowMs: number; latenessMs: number; queuedBytes: number },
  { maxLatenessMs, maxQueuedBytes }: OverloadLimits,
): Load => {
  const latenessMs = load.latenessMs + (measured - load.latenessMs) * smoothing
  const use = Math.max(latenessMs / maxLatenessMs, queuedBytes / maxQueuedBytes)
  if (!load.isOver) return { isOver: use > 1, latenessMs, calmSince: null }
  if (use > calmShare) return { isOver: true, latenessMs, calmSince: null }
  const calmSince = load.calmSince ?? nowMs
  const isOver = nowMs - calmSince < calmMs
  return { isOver, latenessMs, calmSince: isOver ? calmSince : null }
}
