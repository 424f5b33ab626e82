/** Runs jobs in order, `width` at a time, and starts none after the signal. Resolves when all that started are done. */
export const runPool = async (
  jobs: readonly (() => Promise<void>)[],
  { width, signal }: { width: number; signal: AbortSignal },
): Promise<void> => {
  const waiting = jobs.values()
  const lane = async (): Promise<void> => {
    for (const job of waiting) {
      if (signal.aborted) return
      await job()
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
}
