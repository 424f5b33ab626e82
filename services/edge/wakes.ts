import type { Clock } from '../shared/clock.ts'

/** Calls back at wanted times, each time in a turn of the event loop of its own. */
export type Wakes = {
  /** Wants a call at that time (epoch milliseconds) or, when it has passed, as soon as this turn is over. */
  readonly wake: (atMs: number) => void
  readonly stop: () => void
}

/** One timer and one immediate serve any number of wishes: the callback finds out itself what is due. */
export const createWakes = ({ callback, clock }: { callback: () => void; clock: Clock }): Wakes => {
  let immediate: NodeJS.Immediate | undefined
  let timer: NodeJS.Timeout | undefined
  let timerAtMs = Infinity

  const now = (): void => {
    immediate = undefined
    callback()
  }
  const later = (): void => {
    timerAtMs = Infinity
    callback()
  }

  return {
    wake: (atMs) => {
      const inMs = atMs - clock.now()
      if (inMs <= 0) {
        immediate ??= setImmediate(now)
        return
      }
      if (atMs >= timerAtMs) return
      clearTimeout(timer)
      timerAtMs = atMs
      timer = setTimeout(later, inMs)
    },
    stop: () => {
      clearTimeout(timer)
      if (immediate !== undefined) clearImmediate(immediate)
      immediate = undefined
      timerAtMs = Infinity
    },
  }
}
