import type { Figures } from './part.ts'
import { summarise } from './percentiles.ts'

/** The way of one input through the state-machine; all times are epoch ms. */
export type Passage = {
  readonly partition: number
  /** By the broker, in whole ms. */
  readonly appendedAt: number
  /** Of the push that followed, by the broker, in whole ms. Undefined: none came. */
  readonly pushAppendedAt: number | undefined
  /** When a reader of committed records, without a group, had that push; by this process, on the same machine. */
  readonly arrivedAt: number | undefined
}

/** Percentiles of what passed: to the arrival of the push, and to its append at the broker. */
export const latencyFigures = (passages: readonly Passage[]): Figures => {
  const durations = (end: (passage: Passage) => number | undefined): readonly number[] =>
    passages.flatMap((passage) => {
      const at = end(passage)
      return at === undefined ? [] : [at - passage.appendedAt]
    })
  const arrival = summarise(durations(({ arrivedAt }) => arrivedAt))
  const append = summarise(durations(({ pushAppendedAt }) => pushAppendedAt))
  return {
    inputs: passages.length,
    missing: passages.length - arrival.count,
    arrivalP50Ms: arrival.p50Ms,
    arrivalP90Ms: arrival.p90Ms,
    arrivalP99Ms: arrival.p99Ms,
    arrivalMaxMs: arrival.maxMs,
    appendP50Ms: append.p50Ms,
    appendP99Ms: append.p99Ms,
  }
}

/** From the append of an input to that of what follows; the longest of each partition, in ms. An input without an answer counts as endless. */
export const longestByPartition = (passages: readonly Passage[]): readonly number[] =>
  [...Map.groupBy(passages, ({ partition }) => partition).values()].map((some) =>
    Math.max(...some.map(({ appendedAt, pushAppendedAt = Infinity }) => pushAppendedAt - appendedAt)),
  )
