import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks until the answer is true: resolves to true, or to false when the deadline has passed.
 * Rejects with what the condition throws, and with the signal's reason when it is aborted.
 */
export const waitUntil = async (
  condition: () => boolean | Promise<boolean>,
  { deadlineMs, everyMs = 50, signal }: { deadlineMs: number; everyMs?: number; signal?: AbortSignal | undefined },
): Promise<boolean> => {
  const endsAt = performance.now() + deadlineMs
  for (;;) {
    signal?.throwIfAborted()
    if (await condition()) return true
    if (performance.now() >= endsAt) return false
    await sleep(everyMs, undefined, { signal })
  }
}
