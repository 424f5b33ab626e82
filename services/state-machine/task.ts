import { topics } from '../../schemas/topics.ts'
import type { Room } from '../../schemas/types.generated.ts'
import { systemClock } from '../shared/clock.ts'
import { Fault } from '../shared/fault.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import type { Fetched, ReadingLag } from '../shared/kafka/reader.ts'
import type { Log } from '../shared/log.ts'
import type { Tracing } from '../shared/tracing/tracing.ts'
import type { BrokerClock } from './broker-clock.ts'
import { decide, type Decision, type Input, type Rules } from './domain/decide.ts'
import { createInputTraces } from './input-traces.ts'
import type { Derived, TaskMetrics } from './metrics.ts'
import { createLikeTotals } from './like-totals.ts'
import { createOutbox } from './outbox.ts'
import type { Appender, Commit, Journal, LikeLane, ReadInput } from './ports.ts'
import { createTimers } from './timers.ts'

/** One input partition: its rooms in memory, and the loop that decides and commits. */
export type Task = {
  /** Enqueues records; those below the task's own position are dropped. Returns false when the queue is full enough to pause. */
  readonly take: (fetched: Pick<Fetched, 'messages' | 'position'>) => boolean
  /** The first offset that was not taken yet. */
  readonly next: () => number
  /** The first offset that was not decided yet; markers of transactions behind the last input need no decision. */
  readonly decidedTo: () => number
  /** Stops; nothing more is committed. What was not committed is decided again by the next owner. */
  readonly close: () => Promise<void>
}

export type TaskOptions = {
  readonly partition: number
  readonly journal: Journal
  readonly readInput: (message: IncomingMessage, signal: AbortSignal) => ReadInput | Promise<ReadInput>
  /** Keeps an input on which the decision failed, so that it can be passed over; again until that has worked. */
  readonly giveUp: (message: IncomingMessage, why: string, signal: AbortSignal) => Promise<unknown>
  readonly appender: Appender
  readonly likeLane: LikeLane
  readonly clock: BrokerClock
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly rules: Rules
  readonly metrics: TaskMetrics
  /** Of room.input: told what is decided. */
  readonly lag: Pick<ReadingLag, 'processed'>
  /** Of the consumer group, for traces. */
  readonly groupId: string
  readonly tracing: Tracing
  readonly log: Log
  /** The queue has room again. */
  readonly onDrained: () => void
  /** The task cannot go on: its journal is unusable. */
  readonly onBroken: (error: unknown) => void
}

const maxBatch = 500
/** Above this the partition is paused, below the second it goes on. */
const fullAt = 2_000
const drainedAt = 500
/** Acknowledged messages leave the state, and inputs that changed nothing are passed, with the next commit or one after this. */
const housekeepingMs = 250
const longestSleepMs = 1_000
/** Of the spans of a batch that was not committed because the task was closed. */
const closedEarly = 'CLOSED'

/** Runs a partition from its restored journal on. */
export const createTask = (options: TaskOptions): Task => {
  const {
    partition,
    journal,
    readInput,
    giveUp,
    appender,
    likeLane,
    rules,
    metrics,
    lag,
    groupId,
    tracing,
    log,
    onDrained,
    onBroken,
  } = options
  const { rooms } = journal.restored
  const controller = new AbortController()
  const { signal } = controller
  const queue: IncomingMessage[] = []
  let taken = journal.restored.next
  /** One past the newest input that was taken: behind it, up to `taken`, is nothing to decide. */
  let enqueuedTo = taken
  /** One past the newest input that was decided, and committed where it changed anything. */
  let decidedTo = taken
  let isPaused = false
  let housekeeping: NodeJS.Timeout | undefined
  let isHousekeepingDue = false
  let wake = Promise.withResolvers<void>()
  const clock = options.clock
  const traces = createInputTraces({ tracing, topic: topics.roomInput.name, partition, group: groupId })
  const outbox = createOutbox({
    send: async (message) => {
      await appender.tellPeer(message, traces.contextOf(message.eventId))
      traces.sent(message.eventId)
    },
    onAcknowledged: () => planHousekeeping(),
    retryMs: 500,
    signal,
    log,
  })
  const timers = createTimers({
    partition,
    clock,
    roomOf: (roomId) => rooms.get(roomId),
    append: appender.fireTimer,
    onFired: metrics.fired,
    log,
  })
  const likes = createLikeTotals({ next: journal.restored.likesNext, now: options.now })
  const stopLikes = likeLane.follow(partition, journal.restored.likesNext, (taken, position) => {
    likes.take(taken, position, (roomId) => rooms.get(roomId))
    wake.resolve()
  })

  const planHousekeeping = (): void => {
    housekeeping ??= setTimeout(() => {
      isHousekeepingDue = true
      wake.resolve()
    }, housekeepingMs)
  }

  /** A fault of the decision itself must not stop every room of the partition: null, and the input is given up. */
  const decideSafely = (
    room: Room | null,
    input: Input,
    at: { readonly position: number; readonly timestamp: number },
  ): Decision | null => {
    try {
      return decide(room, input, at, rules)
    } catch (error) {
      log.error({ err: error, partition, position: at.position, type: input.type }, 'a decision failed')
      return null
    }
  }

  const decideBatch = async (
    batch: readonly IncomingMessage[],
  ): Promise<{ readonly commit: Commit; readonly derived: readonly Derived[] }> => {
    const derived: Derived[] = []
    const changed = new Map<string, Room | null>()
    for (const roomId of outbox.acknowledged()) {
      const room = rooms.get(roomId)
      if (room !== undefined) changed.set(roomId, outbox.strip(room))
    }
    for (const message of batch) {
      const pending = readInput(message, signal)
      const { input, position, timestamp } = pending instanceof Promise ? await pending : pending
      clock.read(timestamp)
      if (input === null) continue
      const traceparent = traces.begin(message, input)
      const { roomId } = input.record
      const before = changed.get(roomId) ?? (changed.has(roomId) ? null : (rooms.get(roomId) ?? null))
      const decision = decideSafely(before, input, { position, timestamp })
      metrics.decided(input.type, decision === null ? 'failed' : decision.ignored)
      if (decision === null) {
        traces.gaveUp()
        await giveUp(message, 'the decision failed on it', signal)
        continue
      }
      if (traceparent !== undefined) traces.follow(traceparent, input, decision)
      for (const output of decision.outputs) derived.push({ output, causedAt: input.record.occurredAt })
      if (decision.room !== before) changed.set(roomId, decision.room)
    }
    const folded = likes.fold((roomId) => (changed.has(roomId) ? changed.get(roomId) : rooms.get(roomId)))
    for (const room of folded) changed.set(room.roomId, room)
    const commit = {
      outputs: derived.map(({ output }) => output),
      traceparents: traces.contexts(),
      rooms: changed,
      next: (batch.at(-1)?.offset ?? decidedTo - 1) + 1,
      likesNext: likes.next(),
    }
    return { commit, derived }
  }

  const apply = (commit: Commit): void => {
    for (const [roomId, room] of commit.rooms) {
      const before = rooms.get(roomId)
      if (room === null) rooms.delete(roomId)
      else rooms.set(roomId, room)
      timers.settle(roomId, before, room)
      if (room !== null) outbox.take(room)
      outbox.settle(roomId, room)
      metrics.changed(partition, before, room)
    }
  }

  const settleTo = (next: number): void => {
    decidedTo = next
    // Of a partition that is somebody else's by now nothing is known.
    if (!signal.aborted) lag.processed(partition, next)
  }

  const sleep = async (): Promise<void> => {
    const dueInMs = Math.min(timers.msUntilDue() ?? Infinity, likes.msUntilDue() ?? Infinity, longestSleepMs)
    const timer = setTimeout(() => wake.resolve(), Math.max(1, dueInMs))
    await wake.promise
    clearTimeout(timer)
    wake = Promise.withResolvers()
  }

  const run = async (): Promise<void> => {
    metrics.entered(partition, rooms.values())
    for (const room of rooms.values()) {
      timers.settle(room.roomId, undefined, room)
      outbox.take(room)
    }
    clock.read(await appender.readClock(partition))
    while (!signal.aborted) {
      timers.fireDue()
      const isLikesDue = likes.msUntilDue() === 0
      if (queue.length === 0 && !isHousekeepingDue && !isLikesDue) {
        await sleep()
        continue
      }
      const batch = queue.splice(0, maxBatch)
      if (isPaused && queue.length <= drainedAt) {
        isPaused = false
        onDrained()
      }
      const { commit, derived } = await decideBatch(batch)
      if (signal.aborted) return traces.end(closedEarly)
      if (commit.outputs.length === 0 && commit.rooms.size === 0 && !isHousekeepingDue && !isLikesDue) {
        settleTo(commit.next)
        traces.end()
        planHousekeeping()
        continue
      }
      isHousekeepingDue = false
      clearTimeout(housekeeping)
      housekeeping = undefined
      const startedAt = performance.now()
      traces.commit({ inputs: batch.length, outputs: commit.outputs.length })
      await journal.commit(commit)
      settleTo(commit.next)
      traces.end()
      metrics.committed({
        seconds: (performance.now() - startedAt) / 1_000,
        inputs: batch.length,
        derived,
        nowMs: systemClock.now(),
      })
      apply(commit)
      // Acknowledged after this batch was decided: they wait for another.
      if (outbox.acknowledged().length > 0) planHousekeeping()
    }
  }

  const running = run().catch((error: unknown) => {
    traces.end(error)
    if (signal.aborted) return
    controller.abort()
    onBroken(error)
  })

  return {
    take: ({ messages, position }) => {
      for (const message of messages) {
        if (message.offset < taken) continue
        queue.push(message)
        enqueuedTo = taken = message.offset + 1
      }
      taken = Math.max(taken, position)
      wake.resolve()
      if (queue.length >= fullAt) isPaused = true
      return !isPaused
    },
    next: () => taken,
    decidedTo: () => (decidedTo >= enqueuedTo ? taken : decidedTo),
    close: async () => {
      controller.abort(new Fault('DEADLINE_PASSED', 'the task was closed'))
      clearTimeout(housekeeping)
      stopLikes()
      wake.resolve()
      await journal.close()
      await running
      metrics.left(partition, rooms.values())
      rooms.clear()
    },
  }
}
