import type { Clock } from '../shared/clock.ts'
import type { Log } from '../shared/log.ts'
import { isFault, type Fault } from '../shared/fault.ts'
import type { Lanes } from './adapters/lanes.ts'
import type { SignalLog } from './adapters/signal-log.ts'
import type { CaughtUp } from './domain/resume.ts'
import { firstAfter } from './domain/ring.ts'
import type { Logged } from './logged.ts'
import type { ResumeMetrics } from './resume-metrics.ts'

export type CatchUpLimits = {
  /** Of one partition's read, for all that wait. */
  readonly maxBytes: number
  readonly deadlineMs: number
  /** In the whole process. */
  readonly maxAtOnce: number
}

/** Reads back the signals that the ring of a partition does not have, once for all who wait for them. */
export type CatchUp = {
  /**
   * All signals of a room from an offset on, up to the last one in the ring; null when that is too far back: not in the log any more, or
   * not to be read within the limits, or within twice their time for a turn.
   */
  readonly readBack: (partition: number, room: string, from: number) => Promise<CaughtUp<Logged> | null>
}

type Waiter = {
  readonly room: string
  readonly from: number
  readonly settle: (caught: CaughtUp<Logged> | null) => void
}

/** One stretch of the log that was read, by room. */
type Stretch = ReadonlyMap<string, readonly Logged[]>

/** Offsets of the first stretch that is read; every further one is twice as long. */
const firstStretch = 8_192

/**
 * A read goes backwards from the ring in stretches, so that whoever was away for a moment does not wait, or fail, for somebody
 * who names a cursor of yesterday. What was read goes to the ring, as far as that has room.
 */
export const createCatchUp = ({
  lanes,
  signalLog,
  limits,
  metrics,
  clock,
  log,
}: {
  lanes: Pick<Lanes, 'of'>
  signalLog: Pick<SignalLog, 'read'>
  limits: CatchUpLimits
  metrics: Pick<ResumeMetrics, 'caughtUp'>
  /** Monotonic. */
  clock: Clock
  log: Log
}): CatchUp => {
  /** By partition: those who wait for its next read. A partition is here while it is being read, or about to be. */
  const waiting = new Map<number, Waiter[]>()
  /** By partition: from there on it was too much to read. The log only grows, so nobody needs to try again. */
  const tooFar = new Map<number, number>()
  /** Partitions whose turn has not come. */
  const queue: number[] = []
  let running = 0

  const begin = (): void => {
    while (running < limits.maxAtOnce) {
      const partition = queue.shift()
      if (partition === undefined) return
      running += 1
      void serve(partition).finally(() => {
        running -= 1
        begin()
      })
    }
  }

  /** Serves all who wait for a partition, also those who come while it is being read. Never rejects. */
  const serve = async (partition: number): Promise<void> => {
    for (;;) {
      const waiters = waiting.get(partition)?.splice(0) ?? []
      if (waiters.length === 0) {
        waiting.delete(partition)
        return
      }
      const startedAt = clock.now()
      try {
        await readFor(partition, waiters)
        metrics.caughtUp('done', clock.now() - startedAt)
      } catch (error) {
        metrics.caughtUp(isTooFar(error) ? 'too_far' : 'failed', clock.now() - startedAt)
        log.info({ partition, err: error }, 'reading back ended early')
      }
      // Whoever was not served until here is not going to be.
      for (const { settle } of waiters) settle(null)
    }
  }

  const readFor = async (partition: number, waiters: readonly Waiter[]): Promise<void> => {
    const open = lanes.of(partition)
    if (open === undefined) return
    const ring = open.rings.signal
    const { from: end, next } = ring
    const deadline = clock.now() + limits.deadlineMs
    // With what the ring has now, since it may drop some of that while the rest is read.
    const inRing = new Map(waiters.map(({ room }) => [room, ring.after(room, end - 1)]))
    const stretches: Stretch[] = [inRing]
    const floor = tooFar.get(partition) ?? -1
    let pending: readonly Waiter[] = waiters.filter(({ from }) => from > floor).toSorted((a, b) => b.from - a.from)
    let start = end
    let bytesLeft = limits.maxBytes
    let failure: Fault | undefined
    for (let length = firstStretch; ;) {
      for (const { from, settle, room } of pending) {
        if (from >= start) settle({ start: from, end: next, messages: behind(stretches, room, from) })
      }
      pending = pending.filter(({ from }) => from < start)
      const lowest = pending.at(-1)?.from
      if (lowest === undefined) break
      const from = Math.max(lowest, start - length, 0)
      try {
        const deadlineMs = Math.max(1, deadline - clock.now())
        const messages = await signalLog.read({ partition, from, to: start }, { maxBytes: bytesLeft, deadlineMs })
        for (const { bytes } of messages) bytesLeft -= bytes
        stretches.unshift(Map.groupBy(messages, ({ room }) => room))
        // A ring that has dropped something meanwhile is not touched by this.
        ring.extend({ start: from, end: start, messages, nowMs: messages.at(-1)?.keptAt ?? 0 })
        start = from
        length *= 2
      } catch (error) {
        if (!isTooFar(error)) throw error
        if (isFault(error, 'BUFFER_FULL')) tooFar.set(partition, Math.max(from, tooFar.get(partition) ?? -1))
        failure = error
        // The nearer ones may still be served.
        length = Math.floor((start - from) / 2)
        pending = pending.filter((waiter) => waiter.from >= start - length)
      }
    }
    if (failure !== undefined) throw failure
  }

  return {
    readBack: (partition, room, from) =>
      new Promise((resolve) => {
        const giveUp = setTimeout(resolve, 2 * limits.deadlineMs, null)
        const settle: Waiter['settle'] = (caught) => {
          clearTimeout(giveUp)
          resolve(caught)
        }
        const waiter = { room, from, settle }
        const others = waiting.get(partition)
        if (others !== undefined) {
          others.push(waiter)
          return
        }
        waiting.set(partition, [waiter])
        queue.push(partition)
        begin()
      }),
  }
}

const behind = (stretches: readonly Stretch[], room: string, from: number): readonly Logged[] =>
  stretches.flatMap((stretch) => {
    const own = stretch.get(room) ?? []
    return own.slice(firstAfter(own, from - 1))
  })

const isTooFar = (error: unknown): error is Fault =>
  isFault(error, 'OFFSET_OUT_OF_RANGE') || isFault(error, 'BUFFER_FULL')
