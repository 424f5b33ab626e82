import type { Log } from '../shared/log.ts'
import type { CloudCallback } from './domain/callback.ts'
import type { SourceReport } from './domain/source-stream.ts'
import type { Callbacks } from './ports.ts'

/** Tells ingest of the streams of rooms, and knows what it has taken. */
export type SourceReports = {
  readonly send: (roomId: string, reports: readonly SourceReport[]) => void
  /** Rooms whose newest report was not taken, or not yet. */
  readonly untold: () => ReadonlySet<string>
  /** Those of them for which nothing is under way. */
  readonly failed: () => readonly string[]
}

/** `onTold` is called when ingest has taken the newest report of a room; `untold` are the rooms of which it may not know. */
export const createSourceReports = ({
  callbacks,
  untold: earlier,
  onTold,
  log,
}: {
  readonly callbacks: Callbacks
  readonly untold: ReadonlySet<string>
  readonly onTold: () => void
  readonly log: Log
}): SourceReports => {
  const untold = new Set(earlier)
  // Room → how many of its callbacks are under way.
  const open = new Map<string, number>()

  const track = async (roomId: string, report: SourceReport): Promise<void> => {
    open.set(roomId, (open.get(roomId) ?? 0) + 1)
    const wasTaken = await callbacks.send(callbackOf(roomId, report))
    const left = (open.get(roomId) ?? 1) - 1
    if (left > 0) {
      open.set(roomId, left)
      return
    }
    // The newest one: they go out in order.
    open.delete(roomId)
    if (!wasTaken) return
    untold.delete(roomId)
    onTold()
  }

  return {
    send: (roomId, reports) => {
      for (const report of reports) {
        untold.add(roomId)
        log.info({ roomId, report }, 'a stream changed')
        // Nobody waits for it: what fails stays untold.
        void track(roomId, report)
      }
    },
    untold: () => untold,
    failed: () => [...untold].filter((roomId) => !open.has(roomId)),
  }
}

const callbackOf = (roomId: string, report: SourceReport): CloudCallback =>
  report === 'MixAvailable' ? { kind: 'availability', roomId } : { kind: 'stream', action: report, roomId }
