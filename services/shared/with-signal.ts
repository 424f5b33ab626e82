/**
 * Runs `work` with a signal that aborts as the first of `signals` does, or after `timeoutMs` with a TimeoutError. When the work is over
 * nothing of it is left at the signals. `AbortSignal.any` leaves an entry at each until it is collected, and looks through all
 * entries for each one that was: with thousands a minute at a signal that lives as long as the process, that takes seconds at a time.
 */
export const withSignal = async <Result>(
  { signals, timeoutMs }: { readonly signals: readonly AbortSignal[]; readonly timeoutMs?: number },
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const controller = new AbortController()
  const follow = (): void => controller.abort(signals.find(({ aborted }) => aborted)?.reason)
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => controller.abort(new DOMException(`not within ${timeoutMs} ms`, 'TimeoutError')), timeoutMs)
  for (const signal of signals) signal.addEventListener('abort', follow, { once: true })
  if (signals.some(({ aborted }) => aborted)) follow()
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    for (const signal of signals) signal.removeEventListener('abort', follow)
  }
}
