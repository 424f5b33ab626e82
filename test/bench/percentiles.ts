/** A summary of durations in milliseconds, to a hundredth. */
export type Summary = {
  readonly count: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Percentiles by nearest rank; all zero where there is nothing. */
export const summarise = (durationsMs: readonly number[]): Summary => {
  const sorted = durationsMs.toSorted((a, b) => a - b)
  const at = (share: number): number => {
    const rank = Math.max(0, Math.ceil(share * sorted.length) - 1)
    return Math.round((sorted[rank] ?? 0) * 100) / 100
  }
  return { count: sorted.length, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) }
}
