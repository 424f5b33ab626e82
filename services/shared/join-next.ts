/**
 * Makes one run of `work` serve many callers, without giving anybody a result that is older than the call: who calls during a
 * run shares the run after it. So at most one is under way and one waits, whatever the load.
 */
export const joinNext = <Result>(work: () => Promise<Result>): (() => Promise<Result>) => {
  let running: Promise<Result> | undefined
  let next: Promise<Result> | undefined

  const start = (): Promise<Result> => {
    const run = work().finally(() => {
      if (running === run) running = undefined
    })
    running = run
    return run
  }
  const afterThis = async (current: Promise<Result>): Promise<Result> => {
    await Promise.allSettled([current])
    next = undefined
    return start()
  }
  return () => {
    if (running === undefined) return start()
    next ??= afterThis(running)
    return next
  }
}
