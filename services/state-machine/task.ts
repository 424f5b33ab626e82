import type { Room } from '../../schemas/types.generated.ts'
import { Fault } from '../shared/fault.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import type { Log } from '../shared/log.ts'
import type { BrokerClock } from './broker-clock.ts'
import { decide, type Output, type Rules } from './domain/decide.ts'
import type { TaskMetrics } from './metrics.ts'
import { createOutbox } from './outbox.ts'
import type { Appender, Journal, ReadInput } from './ports.ts'
import { createTimerQueue } from './timer-queue.ts'

/** One input partition: its rooms in memory, and the loop that decides and commits. */
export type Task = {
  /** Enqueues records; those below the task's own position are dropped. Returns false when the queue is full enough to pause. */
  readonly take: (messages: readonly IncomingMessage[]) => boolean
  /** The first offset that was not taken yet. */
  readonly next: () => number
  /** Stops; nothing more is committed. What was not committed is decided again by the next owner. */
  readonly close: () => Promise<void>
}

export type TaskOptions = {
  readonly partition: number
  readonly journal: Journal
  readonly readInput: (message: IncomingMessage, signal: AbortSignal) => ReadInput | Promise<ReadInput>
  readonly appender: Appender
  readonly clock: BrokerClock
  readonly rules: Rules
  readonly metrics: TaskMetrics
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
const maxDueAtOnce = 500
const maxTimersUnderWay = 2_000
/** A timer record that was not consumed by then is appended again. */
const timerAgainMs = 2_000
/** Acknowledged messages leave the state, and inputs that changed nothing are passed, with the next commit or one after this. */
const housekeepingMs = 250
const longestSleepMs = 1_000

/** Runs a partition from its restored journal on. */
export const createTask = (options: TaskOptions): Task => {
  const { partition, journal, readInput, appender, clock, rules, metrics, log, onDrained, onBroken } = options
  const { rooms } = journal.restored
  const controller = new AbortController()
  const { signal } = controller
  const queue: IncomingMessage[] = []
  const timers = createTimerQueue()
  let taken = journal.restored.next
  /** One past the newest input that was decided. */
  let decidedTo = taken
  let isPaused = false
  let timersUnderWay = 0
  let housekeeping: NodeJS.Timeout | undefined
  let isHousekeepingDue = false
  let wake = Promise.withResolvers<void>()
  const outbox = createOutbox({
    send: appender.tellPeer,
    onAcknowledged: () => planHousekeeping(),
    retryMs: 500,
    signal,
    log,
  })

  const planHousekeeping = (): void => {
    housekeeping ??= setTimeout(() => {
      isHousekeepingDue = true
      wake.resolve()
    }, housekeepingMs)
  }

  const fireDueTimers = (): void => {
    const now = clock.now()
    if (now === undefined) return
    const limit = Math.min(maxDueAtOnce, maxTimersUnderWay - timersUnderWay)
    for (const { roomId, kind, subject, generation } of timers.takeDue(now, limit)) {
      const current = rooms.get(roomId)?.timers.find((timer) => timer.generation === generation)
      if (current === undefined) continue
      metrics.timerLateness((now - current.at) / 1_000)
      timersUnderWay += 1
      timers.add({ roomId, kind, subject, generation, at: now + timerAgainMs })
      const record = { eventId: `${roomId}.t${generation}`, roomId, occurredAt: now, timer: kind, subject, generation }
      void appender
        .fireTimer(record)
        .then(clock.read)
        .catch((error: unknown) => log.warn({ err: error, partition }, 'a timer could not be appended; trying again'))
        .finally(() => {
          timersUnderWay -= 1
        })
    }
  }

  const decideBatch = async (batch: readonly IncomingMessage[]): Promise<Parameters<Journal['commit']>[0]> => {
    const outputs: Output[] = []
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
      const { roomId } = input.record
      const before = changed.get(roomId) ?? (changed.has(roomId) ? null : (rooms.get(roomId) ?? null))
      const decision = decide(before, input, { position, timestamp }, rules)
      metrics.decided(input.type, decision.ignored)
      outputs.push(...decision.outputs)
      if (decision.room !== before) changed.set(roomId, decision.room)
    }
    return { outputs, rooms: changed, next: (batch.at(-1)?.offset ?? decidedTo - 1) + 1 }
  }

  const apply = (commit: Parameters<Journal['commit']>[0]): void => {
    for (const [roomId, room] of commit.rooms) {
      const known = rooms.get(roomId)?.timerGeneration ?? 0
      if (room === null) rooms.delete(roomId)
      else {
        rooms.set(roomId, room)
        timers.addNewer(room, known)
        outbox.take(room)
      }
      outbox.settle(roomId, room)
    }
    metrics.rooms(partition, rooms.size)
  }

  const sleep = async (): Promise<void> => {
    const now = clock.now()
    const dueAt = timers.nextAt()
    const dueInMs = now === undefined || dueAt === undefined ? longestSleepMs : Math.max(1, dueAt - now)
    const timer = setTimeout(() => wake.resolve(), Math.min(dueInMs, longestSleepMs))
    await wake.promise
    clearTimeout(timer)
    wake = Promise.withResolvers()
  }

  const run = async (): Promise<void> => {
    for (const room of rooms.values()) {
      timers.addNewer(room, 0)
      outbox.take(room)
    }
    clock.read(await appender.readClock(partition))
    while (!signal.aborted) {
      fireDueTimers()
      if (queue.length === 0 && !isHousekeepingDue) {
        await sleep()
        continue
      }
      const batch = queue.splice(0, maxBatch)
      if (isPaused && queue.length <= drainedAt) {
        isPaused = false
        onDrained()
      }
      const commit = await decideBatch(batch)
      if (signal.aborted) return
      decidedTo = commit.next
      if (commit.outputs.length === 0 && commit.rooms.size === 0 && !isHousekeepingDue) {
        planHousekeeping()
        continue
      }
      isHousekeepingDue = false
      clearTimeout(housekeeping)
      housekeeping = undefined
      const startedAt = performance.now()
      await journal.commit(commit)
      metrics.committed((performance.now() - startedAt) / 1_000, batch.length)
      apply(commit)
      // Acknowledged after this batch was decided: they wait for another.
      if (outbox.acknowledged().length > 0) planHousekeeping()
    }
  }

  const running = run().catch((error: unknown) => {
    if (signal.aborted) return
    controller.abort()
    onBroken(error)
  })

  return {
    take: (messages) => {
      for (const message of messages) {
        if (message.offset < taken) continue
        queue.push(message)
        taken = message.offset + 1
      }
      wake.resolve()
      if (queue.length >= fullAt) isPaused = true
      return !isPaused
    },
    next: () => taken,
    close: async () => {
      controller.abort(new Fault('DEADLINE_PASSED', 'the task was closed'))
      clearTimeout(housekeeping)
      wake.resolve()
      await journal.close()
      await running
    },
  }
}
