import type { Figures } from './part.ts'

/** The middle value, of an even number the mean of the middle two; 0 where there is nothing. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  const upper = sorted[Math.floor(half)] ?? 0
  return Number.isInteger(half) ? ((sorted[half - 1] ?? 0) + upper) / 2 : upper
}

/** The median of each figure over runs, to a hundredth. */
export const medianFigures = (runs: readonly Figures[]): Figures => {
  const names = Object.keys(runs[0] ?? {})
  return Object.fromEntries(names.map((name) => [name, round(median(runs.map((run) => run[name] ?? 0)))]))
}

/** To a hundredth. */
export const round = (value: number): number => Math.round(value * 100) / 100
