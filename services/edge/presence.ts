import type { Clock } from '../shared/clock.ts'
import { abortable } from '../shared/waiting.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import type { PresenceLog } from './adapters/presence-log.ts'
import { createPresenceRecords } from './metrics.ts'
import { createReports, type Report, type Reports } from './domain/reports.ts'
import { createViewers, type Count } from './domain/viewers.ts'

/**
 * How many users watch a room, added up over all edges. Best effort: nothing here waits for the broker. A number that cannot be
 * written is dropped and counted, and the next refresh repairs it; an edge that is killed counts until its reports expire.
 */
export type Presence = {
  /** Listens to the other edges about the rooms of a partition. Resolves when their numbers are known, or soon. Never rejects. */
  readonly open: (partition: number) => Promise<void>
  /** Forgets what the other edges report of a partition. */
  readonly close: (partition: number) => void
  /** Somebody has joined or left a room here. */
  readonly changed: (roomId: string) => void
  /** Users in a room at all edges, as far as is known here; who is at two edges counts twice. */
  readonly viewers: (roomId: string) => number
  /** To be called by the log with what it reads. */
  readonly take: (report: Report, ageMs: number) => void
  /** Writes and tells what is due; to be called a few times a second. */
  readonly tick: () => void
  /** Takes this edge's users off all rooms, within two seconds; never throws. To be called when all have left, or are to be forgotten. */
  readonly withdraw: () => Promise<void>
}

const withdrawMs = 2_000
/** Reports that wait for the broker: the producer's buffer is shared, so they take no more of it. */
const maxUnderWay = 500
/** Kept of one partition for rooms that nobody here watches: so a room's first user finds the right number. */
const maxReports = 20_000
/** An edge reports again three times before it is believed to be gone. */
const refreshesPerExpiry = 3
const changeMs = 2_000

export const createPresence = ({
  presenceLog,
  instance,
  partitionOf,
  viewersHere,
  onCount,
  expiryMs,
  metrics,
  clock,
  log,
}: {
  presenceLog: Pick<PresenceLog, 'open' | 'close' | 'isWritable' | 'write'>
  /** This process, unlike any other and unlike itself after a restart. */
  instance: string
  partitionOf: (roomId: string) => number
  /** Users in a room at this edge. */
  viewersHere: (roomId: string) => number
  /** The members of a room are to be told this number. */
  onCount: (roomId: string, viewers: number) => void
  /** An edge that has not reported for so long is gone. */
  expiryMs: number
  metrics: Metrics
  /** Monotonic. */
  clock: Clock
  log: Log
}): Presence => {
  const partitions = new Map<number, Reports>()
  const elsewhere = (roomId: string): number => partitions.get(partitionOf(roomId))?.sum(roomId) ?? 0
  const viewers = createViewers({ elsewhere, timing: { changeMs, refreshMs: expiryMs / refreshesPerExpiry } })
  const written = createPresenceRecords(metrics)
  let underWay = 0

  const write = async ({ room, count }: Count): Promise<void> => {
    underWay += 1
    try {
      await presenceLog.write({ room, instance, viewers: count })
      written.inc({ result: 'written' })
    } catch (error) {
      written.inc({ result: 'dropped' })
      log.debug({ err: error }, 'a number of viewers was not written')
    } finally {
      underWay -= 1
    }
  }

  return {
    open: (partition) => {
      if (!partitions.has(partition)) partitions.set(partition, createReports({ expiryMs, maxReports }))
      return presenceLog.open(partition)
    },
    close: (partition) => {
      partitions.delete(partition)
      presenceLog.close(partition)
    },
    changed: (roomId) => viewers.set(roomId, viewersHere(roomId), clock.now()),
    viewers: (roomId) => viewersHere(roomId) + elsewhere(roomId),
    take: (report, ageMs) => {
      if (report.instance === instance) return
      const now = clock.now()
      const about = { at: now - ageMs, now, isWanted: viewersHere(report.room) > 0 }
      if (partitions.get(partitionOf(report.room))?.take(report, about) === true) viewers.changed(report.room)
    },
    tick: () => {
      const now = clock.now()
      for (const reports of partitions.values()) for (const room of reports.expire(now)) viewers.changed(room)
      // Until it can be written nothing is: what is due stays due.
      if (presenceLog.isWritable()) for (const count of viewers.toWrite(now, maxUnderWay - underWay)) void write(count)
      for (const { room, count } of viewers.toTell(now)) onCount(room, count)
    },
    withdraw: async () => {
      const deadline = AbortSignal.timeout(withdrawMs)
      const zeros = viewers.toWithdraw()
      try {
        while (zeros.length > 0) await abortable(Promise.all(zeros.splice(0, maxUnderWay).map(write)), deadline)
      } catch (error) {
        log.warn({ err: error, rooms: zeros.length }, 'rooms keep the viewers of this edge until they expire')
      }
    },
  }
}
