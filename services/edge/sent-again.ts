import type { Line } from './domain/line.ts'
import type { Resent } from './domain/snapshot.ts'
import type { Resumes } from './resumes.ts'
import type { SignalLog } from './adapters/signal-log.ts'

/** Messages that are looked up for one subscriber, by event id; undefined: it was not found. */
export type Looked = Map<string, Line | undefined>

/**
 * Finds the messages that a user is sent again, as they were: their original `id`, `time` and `pos` stand in the log alone. Most are
 * recent, and still in memory. Rejects only with the signal's reason.
 */
export type FindSentAgain = (
  where: { readonly roomId: string; readonly partition: number },
  wanted: readonly Resent[],
  looked: Looked,
  signal: AbortSignal,
) => Promise<void>

export const createSentAgain =
  ({ resumes, signalLog }: { resumes: Pick<Resumes, 'recent'>; signalLog: Pick<SignalLog, 'find'> }): FindSentAgain =>
  async ({ roomId, partition }, wanted, looked, signal) => {
    const eventIds = new Set(wanted.map(({ eventId }) => eventId))
    for (const { eventId, line } of await resumes.recent(partition, roomId, signal)) {
      if (line !== null && eventIds.delete(eventId)) looked.set(eventId, line)
    }
    if (eventIds.size === 0) return
    const writtenAfter = Math.min(...wanted.map((one) => one.writtenAfter))
    const found = await signalLog.find({ roomId, partition, eventIds, writtenAfter }, signal)
    for (const eventId of eventIds) looked.set(eventId, found.get(eventId))
  }
