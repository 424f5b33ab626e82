import { pause as waitFor } from '../shared/waiting.ts'
import { withSignal } from '../shared/with-signal.ts'

export type SourceWatch = {
  /** Looks again and again, until closed. */
  readonly start: () => void
  /** Looks soon, if the next look is far. */
  readonly hurry: () => void
  /** One look now, for the time before `start`. */
  readonly lookOnce: () => Promise<void>
  readonly pause: () => Promise<void>
  /** Resolves when no look is under way. */
  readonly close: () => Promise<void>
}

/** Looks at something regularly: one look at a time, each with a timeout. */
export const createSourceWatch = <Look>({
  look,
  onLook,
  onFailure,
  pauseMs,
  timeoutMs,
}: {
  readonly look: (signal: AbortSignal) => Promise<Look>
  readonly onLook: (look: Look) => void
  readonly onFailure: (error: unknown) => void
  /** Until the next look, as things are. */
  readonly pauseMs: () => number
  readonly timeoutMs: number
}): SourceWatch => {
  const closing = new AbortController()
  let hurrying = new AbortController()
  let watching: Promise<void> | undefined

  const lookOnce = async (): Promise<void> => {
    if (closing.signal.aborted) return
    const looked = await settle(withSignal({ signals: [closing.signal], timeoutMs }, look))
    if (closing.signal.aborted) return
    if ('value' in looked) onLook(looked.value)
    else onFailure(looked.error)
  }

  const pause = async (): Promise<void> => {
    hurrying = new AbortController()
    const signals = [closing.signal, hurrying.signal]
    await withSignal({ signals }, (signal) => waitFor(pauseMs(), signal))
  }

  const watch = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await pause()
      await lookOnce()
    }
  }

  return {
    start: () => {
      watching ??= watch()
    },
    hurry: () => hurrying.abort(),
    lookOnce,
    pause,
    close: async () => {
      closing.abort()
      await watching
    },
  }
}

const settle = async <Value>(promise: Promise<Value>): Promise<{ value: Value } | { error: unknown }> => {
  try {
    return { value: await promise }
  } catch (error) {
    return { error }
  }
}
