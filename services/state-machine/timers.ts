import type { Room, TimerFired } from '../../schemas/types.generated.ts'
import type { Log } from '../shared/log.ts'
import type { BrokerClock } from './broker-clock.ts'
import { createTimerQueue } from './timer-queue.ts'

/**
 * The deadlines of one partition's rooms. A deadline is part of a room's committed state; when it is due by the broker's clock a
 * record of its firing is appended to room.input, where it takes its turn, and the decision ignores it when its generation has passed.
 */
export type Timers = {
  /** Takes up a committed state: its new deadlines, and those that have left it. `before` is what was committed until now. */
  readonly settle: (roomId: string, before: Room | undefined, committed: Room | null) => void
  /** Appends what is due, as far as the limits allow; the rest later. */
  readonly fireDue: () => void
  /** Milliseconds until `fireDue` has something to do; undefined when there is nothing, or the clock was not read yet. */
  readonly msUntilDue: () => number | undefined
}

/** Deadlines appended at once, and those appended but not consumed: what is live goes in between, also after a long outage. */
const maxAtOnce = 500
const maxUnderWay = 2_000
/** When an append has failed, which says nothing of whether the record is there. A repeat is recognised by its generation. */
const retryMs = 2_000

export const createTimers = ({
  partition,
  clock,
  roomOf,
  append,
  onFired,
  log,
}: {
  partition: number
  clock: BrokerClock
  /** The committed state of a room. */
  roomOf: (roomId: string) => Room | undefined
  /** Resolves with the broker's append time, epoch ms. */
  append: (timer: TimerFired) => Promise<number>
  /** A deadline is appended, so late in seconds by the broker's clock. */
  onFired: (lateSeconds: number, kind: string) => void
  log: Log
}): Timers => {
  const queue = createTimerQueue()
  /** Appended and not consumed yet: generations by room. */
  const underWay = new Map<string, Set<number>>()
  let underWayCount = 0

  const begin = (roomId: string, generation: number): void => {
    const generations = underWay.get(roomId) ?? new Set()
    underWay.set(roomId, generations.add(generation))
    underWayCount += 1
  }
  const end = (roomId: string, generation: number): void => {
    const generations = underWay.get(roomId)
    if (!generations?.delete(generation)) return
    underWayCount -= 1
    if (generations.size === 0) underWay.delete(roomId)
  }

  return {
    settle: (roomId, before, committed) => {
      if (committed !== null) queue.addNewer(committed, before?.timerGeneration ?? 0)
      for (const generation of underWay.get(roomId) ?? []) {
        if (!committed?.timers.some((timer) => timer.generation === generation)) end(roomId, generation)
      }
    },

    fireDue: () => {
      const now = clock.now()
      if (now === undefined) return
      for (const deadline of queue.takeDue(now, Math.min(maxAtOnce, maxUnderWay - underWayCount))) {
        const { roomId, kind, subject, generation } = deadline
        const current = roomOf(roomId)?.timers.find((timer) => timer.generation === generation)
        if (current === undefined) continue
        onFired((now - current.at) / 1_000, kind)
        begin(roomId, generation)
        append({ eventId: `${roomId}.t${generation}`, roomId, occurredAt: now, timer: kind, subject, generation })
          .then(clock.read)
          .catch((error: unknown) => {
            log.warn({ err: error, partition, retryMs }, 'a timer could not be appended; trying again')
            end(roomId, generation)
            queue.add({ ...deadline, at: now + retryMs })
          })
      }
    },

    msUntilDue: () => {
      const now = clock.now()
      const at = queue.nextAt()
      if (now === undefined || at === undefined || underWayCount >= maxUnderWay) return undefined
      return Math.max(0, at - now)
    },
  }
}
