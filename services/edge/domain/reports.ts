/** How many users one edge instance has in a room. */
export type Report = { readonly room: string; readonly instance: string; readonly viewers: number }

/**
 * What other instances report of the rooms of one partition. A report counts until the instance's next one for that room, and no
 * longer than `expiryMs`: who does not refresh has gone. Times are milliseconds of one clock that never goes back.
 */
export type Reports = {
  /**
   * Takes a report that was made at `at`, at or before `now`. True when the room's sum has changed. When there are `maxReports`, one
   * of an instance that is new to its room is not taken, unless `isWanted`: what somebody here watches is always counted.
   */
  readonly take: (
    report: Report,
    { at, now, isWanted }: { readonly at: number; readonly now: number; readonly isWanted: boolean },
  ) => boolean
  /** Users at the other instances, as far as it was reported and has not expired when `expire` was last called. */
  readonly sum: (room: string) => number
  /** Forgets what has expired; answers the rooms whose sums have changed. Costs what has expired, not what is there. */
  readonly expire: (now: number) => ReadonlySet<string>
  /** Reports that are kept. */
  readonly size: () => number
}

type Kept = Report & { viewers: number; expiresAt: number }
type Room = { sum: number; readonly byInstance: Map<string, Kept> }

/** The expiry is watched in so many steps. */
const stepsPerExpiry = 60

export const createReports = ({ expiryMs, maxReports }: { expiryMs: number; maxReports: number }): Reports => {
  const rooms = new Map<string, Room>()
  const stepMs = Math.max(1, expiryMs / stepsPerExpiry)
  /** Reports by the step in which they can expire at the earliest; one that was refreshed meanwhile moves on when it is met. */
  const steps = new Map<number, Kept[]>()
  let checkedStep = -Infinity
  let size = 0

  const watch = (kept: Kept): void => {
    const step = Math.ceil(kept.expiresAt / stepMs)
    const others = steps.get(step)
    if (others === undefined) steps.set(step, [kept])
    else others.push(kept)
  }

  const isKept = (kept: Kept): boolean => rooms.get(kept.room)?.byInstance.get(kept.instance) === kept

  const remove = ({ room, instance, viewers }: Kept): void => {
    const known = rooms.get(room)
    if (known === undefined) return
    known.byInstance.delete(instance)
    known.sum -= viewers
    size -= 1
    if (known.byInstance.size === 0) rooms.delete(room)
  }

  const add = (report: Report, expiresAt: number): void => {
    const kept = { ...report, expiresAt }
    const known = rooms.get(report.room)
    if (known === undefined) {
      rooms.set(report.room, { sum: report.viewers, byInstance: new Map([[report.instance, kept]]) })
    } else {
      known.byInstance.set(report.instance, kept)
      known.sum += report.viewers
    }
    size += 1
    watch(kept)
  }

  return {
    take: (report, { at, now, isWanted }) => {
      const { room, instance, viewers } = report
      const known = rooms.get(room)
      const before = known?.sum ?? 0
      const kept = known?.byInstance.get(instance)
      const isOver = viewers <= 0 || at + expiryMs <= now
      if (isOver) {
        if (kept !== undefined) remove(kept)
      } else if (known === undefined || kept === undefined) {
        if (size < maxReports || isWanted) add(report, at + expiryMs)
      } else {
        known.sum += viewers - kept.viewers
        kept.viewers = viewers
        kept.expiresAt = at + expiryMs
      }
      return (rooms.get(room)?.sum ?? 0) !== before
    },
    sum: (room) => rooms.get(room)?.sum ?? 0,
    expire: (now) => {
      const changed = new Set<string>()
      const step = Math.floor(now / stepMs)
      if (step <= checkedStep) return changed
      checkedStep = step
      for (const [due, all] of steps) {
        if (due > step) continue
        steps.delete(due)
        for (const kept of all) {
          if (!isKept(kept)) continue
          if (kept.expiresAt > now) {
            watch(kept)
          } else {
            remove(kept)
            changed.add(kept.room)
          }
        }
      }
      return changed
    },
    size: () => size,
  }
}
