/** Something that moves on, and those who wait until it has moved far enough. */
export type Progress = {
  /** To be called after each move: looks again at every condition that is waited for. */
  readonly moved: () => void
  /** Resolves as soon as the condition holds, at once if it does; rejects with the signal's reason when that aborts first. */
  readonly until: (holds: () => boolean, signal: AbortSignal) => Promise<void>
}

export const createProgress = (): Progress => {
  const waiting = new Set<() => void>()
  return {
    moved: () => {
      for (const look of waiting) look()
    },
    until: (holds, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        if (holds()) return resolve()
        const finish = (): void => {
          waiting.delete(look)
          signal.removeEventListener('abort', giveUp)
        }
        const look = (): void => {
          if (!holds()) return
          finish()
          resolve()
        }
        const giveUp = (): void => {
          finish()
          reject(signal.reason)
        }
        waiting.add(look)
        signal.addEventListener('abort', giveUp)
      }),
  }
}
