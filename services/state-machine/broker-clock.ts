/** The broker's time as far as it is known: it may lag behind the truth, and never leads it. */
export type BrokerClock = {
  /** Epoch ms; undefined before the first reading. */
  readonly now: () => number | undefined
  /** An append time that the broker gave. */
  readonly read: (appendedAt: number) => void
}

/**
 * The newest append time plus what has passed since it was heard of. Hearing of it takes time, so the estimate lags by that;
 * as it never leads, no deadline fires before its time by the clock that stamped its room's inputs.
 * @param monotonicNow milliseconds that never go back
 */
export const createBrokerClock = (monotonicNow: () => number): BrokerClock => {
  let reading: { readonly time: number; readonly heardAt: number } | undefined
  const now = (): number | undefined =>
    reading === undefined ? undefined : Math.floor(reading.time + (monotonicNow() - reading.heardAt))
  return {
    now,
    read: (appendedAt) => {
      if (appendedAt > (now() ?? -Infinity)) reading = { time: appendedAt, heardAt: monotonicNow() }
    },
  }
}
