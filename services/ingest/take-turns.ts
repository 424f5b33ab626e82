/** Runs `work` for at most `maxRunning` inputs at the same time; the others wait in the order in which they came. */
export const takeTurns = <Input, Result>(
  maxRunning: number,
  work: (input: Input) => Promise<Result>,
): ((input: Input) => Promise<Result>) => {
  const waiting: (() => void)[] = []
  let running = 0
  return async (input) => {
    if (running >= maxRunning) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await work(input)
    } finally {
      const next = waiting.shift()
      // the turn is handed on, or given back
      if (next === undefined) running -= 1
      else next()
    }
  }
}
