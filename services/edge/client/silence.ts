import type { CancelTimer, Environment } from './environment.ts'

/** Finds out when nothing comes any more. A browser shows no pings, so an edge with nothing to say has to be asked. */
export type Silence = {
  readonly heard: () => void
  /** From now on something should come at least so often. */
  readonly begin: (intervalMs: number) => void
  /** Asks at once; nothing before `begin`. */
  readonly probe: () => void
  readonly stop: () => void
}

const answerWithinMs = 5_000
/** Beyond the interval, and no two clients at the same moment. */
const marginMs = 1_000

export const createSilence = (
  { setTimer, nowMs, random }: Pick<Environment, 'setTimer' | 'nowMs' | 'random'>,
  { ask, onSilent }: { readonly ask: () => void; readonly onSilent: () => void },
): Silence => {
  let quietMs = Infinity
  let heardAt = nowMs()
  let isAsked = false
  let cancel: CancelTimer | null = null

  const watch = (): void => {
    const leftMs = heardAt + quietMs - nowMs()
    cancel?.()
    if (leftMs > 0) cancel = setTimer(watch, leftMs)
    else probe()
  }
  const probe = (): void => {
    if (quietMs === Infinity) return
    cancel?.()
    isAsked = true
    cancel = setTimer(() => {
      if (isAsked) onSilent()
      else watch()
    }, answerWithinMs)
    ask()
  }

  return {
    heard: () => {
      heardAt = nowMs()
      isAsked = false
    },
    begin: (intervalMs) => {
      quietMs = intervalMs + marginMs * random()
      watch()
    },
    probe,
    stop: () => cancel?.(),
  }
}
