import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../shared/clock.ts'
import { farewell } from './domain/drain.ts'

/** So many in one turn of the event loop: whoever still gets messages does not wait behind them all. */
const batch = 250
const stepMs = 20

/**
 * Asks every connection to come back elsewhere after a random time, and closes those that have not left by then.
 * Until it leaves or is closed, a connection is served as before. Resolves when none is left, at the latest after `withinMs`.
 */
export const drainConnections = async <C>({
  connections,
  withinMs,
  tell,
  close,
  clock,
  random,
}: {
  /** Those that are there; who ends disappears from it, and nobody comes. */
  connections: ReadonlySet<C>
  withinMs: number
  tell: (connection: C, afterMs: number) => void
  close: (connection: C) => void
  /** Monotonic. */
  clock: Clock
  /** 0 up to 1. */
  random: () => number
}): Promise<void> => {
  const startedAt = clock.now()
  const leftMs = (): number => Math.max(0, startedAt + withinMs - clock.now())
  const count = connections.size
  const open: { readonly connection: C; readonly closeAt: number }[] = []
  await inBatches([...connections], (connection) => {
    if (!connections.has(connection)) return
    const { afterMs, closeMs } = farewell({ count, withinMs: leftMs(), random: random() })
    tell(connection, afterMs)
    open.push({ connection, closeAt: clock.now() + closeMs })
  })
  open.sort((a, b) => b.closeAt - a.closeAt)
  while (connections.size > 0 && leftMs() > 0) {
    const due: C[] = []
    for (let next = open.at(-1); next !== undefined && next.closeAt <= clock.now(); next = open.at(-1)) {
      open.pop()
      if (connections.has(next.connection)) due.push(next.connection)
    }
    await inBatches(due, close)
    if (connections.size > 0) await sleep(Math.min(stepMs, leftMs()))
  }
  for (const connection of connections) close(connection)
}

const inBatches = async <T>(items: readonly T[], act: (item: T) => void): Promise<void> => {
  for (let from = 0; from < items.length; from += batch) {
    if (from > 0) await nextTurn()
    for (const item of items.slice(from, from + batch)) act(item)
  }
}
