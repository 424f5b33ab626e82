import { setTimeout as sleep } from 'node:timers/promises'
import type { MixPair } from './mix-pair.ts'
import type { ReportMix } from './running-mixes.ts'

/** What an earlier mixer was mixing when it ended, of which nobody has been told yet. */
export type ForgottenMixes = {
  readonly list: () => readonly MixPair[]
  /** A command has said what is to become of it: nobody has to be told any more. */
  readonly drop: (mainRoomId: string, mixRoomId?: string) => void
}

const lookEveryMs = 100

/**
 * Reports each mix of an earlier mixer as InternalError, so that it can be started again: when its sources flow, as a start would be
 * refused before, and at the latest when it is settled which sources do.
 */
export const createForgottenMixes = ({
  pairs,
  isReady,
  isSettled,
  report,
  onChanged,
  signal,
}: {
  readonly pairs: readonly MixPair[]
  readonly isReady: (pair: MixPair) => boolean
  readonly isSettled: () => boolean
  readonly report: ReportMix
  readonly onChanged: () => void
  readonly signal: AbortSignal
}): ForgottenMixes => {
  const forgotten = new Map(pairs.map((pair) => [pair.roomId, pair]))

  const tellAll = async (): Promise<void> => {
    while (forgotten.size > 0) {
      await sleep(lookEveryMs, undefined, { ref: false })
      if (signal.aborted) return
      for (const pair of forgotten.values()) {
        if (!isReady(pair) && !isSettled()) continue
        forgotten.delete(pair.roomId)
        // The callbacks look after what they were given.
        void report(pair, 'EventMix', 'InternalError', 'the mixer was restarted')
        onChanged()
      }
    }
  }
  // Nothing in it rejects.
  void tellAll()

  return {
    list: () => [...forgotten.values()],
    drop: (mainRoomId, mixRoomId) => {
      const known = forgotten.get(mainRoomId)
      if (known === undefined || (mixRoomId !== undefined && known.mixRoomId !== mixRoomId)) return
      forgotten.delete(mainRoomId)
      onChanged()
    },
  }
}
