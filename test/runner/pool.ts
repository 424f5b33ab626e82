/**
 * Runs jobs in order, `width` at a time, and starts none after the signal. Resolves when all that started are done.
 * A job is told which of the `width` lanes it runs in: no other runs there at the same time.
 */
export const runPool = async (
  jobs: readonly ((lane: number) => Promise<void>)[],
  { width, signal }: { width: number; signal: AbortSignal },
): Promise<void> => {
  const waiting = jobs.values()
  const run = async (lane: number): Promise<void> => {
    for (const job of waiting) {
      if (signal.aborted) return
      await job(lane)
    }
  }
  await Promise.all(Array.from({ length: width }, (_, lane) => run(lane)))
}
