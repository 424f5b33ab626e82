import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../chaos/random.ts'
import { createAnySignal } from './any-signal.ts'
import type { EdgeStage } from './edge-stage.ts'

/** Writes push messages of weights 4 and 5 to rooms, in transactions, until it is stopped. */
export type SignalWriter = {
  readonly written: () => number
  /** Resolves when what was begun is committed. */
  readonly stop: () => Promise<void>
}

/** In one transaction. */
const mostSignals = 5
/** An invite is good for longer than any test, or has expired when a client that was away comes back. */
const inviteTtlMs = { long: 600_000, short: 300 } as const
const shortShare = 0.2

/**
 * @param rooms room → the users that messages for one user name
 * @param pauseMs between two transactions, at most
 */
export const startSignalWriter = ({
  stage,
  rooms,
  random,
  pauseMs,
}: {
  readonly stage: Pick<EdgeStage, 'transact'>
  readonly rooms: ReadonlyMap<string, readonly [string, ...string[]]>
  readonly random: Random
  readonly pauseMs: number
}): SignalWriter => {
  const stopping = new AbortController()
  const anySignal = createAnySignal(random)
  const all = [...rooms].map(([roomId, uids]) => ({ roomId, uids }))
  const next = () => {
    const to = all[random.whole(0, all.length - 1)]
    if (to === undefined) throw new Error('there are no rooms to write to')
    return anySignal({ ...to, inviteTtlMs: random.chance(shortShare) ? inviteTtlMs.short : inviteTtlMs.long })
  }
  let written = 0
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const signals = Array.from({ length: random.whole(1, mostSignals) }, next)
      await stage.transact(...signals)
      written += signals.length
      await sleep(random.whole(0, pauseMs))
    }
  }
  const running = run()
  running.catch(() => undefined) // told by `stop`
  return {
    written: () => written,
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}
