import { setTimeout as sleep } from 'node:timers/promises'

/** Settles like the promise, or rejects with the signal's reason as soon as it aborts; the promise is then left to itself. */
export const abortable = async <Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> => {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Waits so long, or until the signal aborts; never rejects. */
export const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Waits before the next try: from 20 ms doubling to 1 s, with a quarter of jitter. @throws the signal's reason */
export const backOff = async (failures: number, signal: AbortSignal): Promise<void> => {
  signal.throwIfAborted()
  const base = Math.min(1000, 20 * 2 ** Math.min(failures, 10))
  await abortable(sleep(base * (0.75 + Math.random() / 4), undefined, { signal }), signal)
}

/** A signal of its own that aborts with the outer one; `release` lets go of the outer one. */
export const linkedController = (outer?: AbortSignal): { controller: AbortController; release: () => void } => {
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(outer?.reason)
  if (outer?.aborted) onAbort()
  outer?.addEventListener('abort', onAbort, { once: true })
  return { controller, release: () => outer?.removeEventListener('abort', onAbort) }
}
