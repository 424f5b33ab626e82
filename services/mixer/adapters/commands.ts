import { setTimeout as sleep } from 'node:timers/promises'
import { topics } from '../../../schemas/topics.ts'
import { isFault } from '../../shared/fault.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import { createGroupConsumer } from '../../shared/kafka/group-consumer.ts'
import type { Assignment, GroupConsumer } from '../../shared/kafka/group-consumer.ts'
import type { IncomingMessage } from '../../shared/kafka/message.ts'
import { fetchCommittedOffset, fetchWatermarks } from '../../shared/kafka/offsets.ts'
import { openTransactionalProducer } from '../../shared/kafka/transactional-producer.ts'
import type { ReadingLag } from '../../shared/kafka/reader.ts'
import type { TransactionalProducer } from '../../shared/kafka/transactional-producer.ts'
import type { Log } from '../../shared/log.ts'

const groupId = 'mixer'
const topic = topics.mixCommand.name

/** One partition's worker, as this adapter needs it. */
export type PartitionWorker = {
  readonly add: (messages: readonly IncomingMessage[]) => void
  readonly open: () => number
  readonly drain: (deadlineMs: number) => Promise<void>
  readonly stop: () => void
}

export type CommandsOptions = {
  readonly kafka: Kafka
  /** Makes the worker of a partition that has been assigned. */
  readonly createWorker: (hooks: {
    readonly commit: (position: number) => Promise<void>
    readonly onFinished: () => void
    readonly onFailed: (error: unknown) => void
  }) => PartitionWorker
  /** A partition with so many open messages is not read on until half of them are finished. */
  readonly maxOpen: number
  /** Every assigned partition is being read, or not. */
  readonly onReady: (isReady: boolean) => void
  /** Reading has ended for good. */
  readonly onCrash: (error: unknown) => void
  /** Told of commands that are read, and that their results are committed. */
  readonly lag: ReadingLag
  readonly log: Log
}

export type Commands = {
  /** Finishes what has begun, at most `drainMs` of it, commits, and leaves the group. */
  readonly close: (drainMs: number) => Promise<void>
}

type Task = {
  readonly partition: number
  readonly controller: AbortController
  consumer: GroupConsumer | undefined
  producer: TransactionalProducer | undefined
  worker: PartitionWorker | undefined
  isPaused: boolean
}

/** Longer than a member that lost its session may believe that it still has it. */
const fencedPauseMs = 6_000
const reopenPauseMs = 500

/**
 * Reads `mix.command.v1` as a member of the group `mixer`. A partition's position is committed in transactions that hold
 * nothing but the offset: opening the producer of that partition fences a former owner which does not know yet that it is one,
 * and no other topic gets a transaction marker.
 */
export const createCommands = async (options: CommandsOptions): Promise<Commands> => {
  const { kafka, createWorker, maxOpen, onReady, onCrash, lag, log } = options
  const tasks = new Map<number, Task>()
  // The group may assign partitions before it has handed out its member.
  const joined = Promise.withResolvers<GroupConsumer>()

  const reportReady = (): void => onReady([...tasks.values()].every(({ worker }) => worker !== undefined))

  const discard = async (task: Task): Promise<void> => {
    if (tasks.get(task.partition) === task) tasks.delete(task.partition)
    task.controller.abort()
    task.worker?.stop()
    await task.producer?.close()
  }

  const open = (partition: number, afterMs = 0): void => {
    const task: Task = {
      partition,
      controller: new AbortController(),
      consumer: undefined,
      producer: undefined,
      worker: undefined,
      isPaused: false,
    }
    tasks.set(partition, task)
    take(task, afterMs).catch((error: unknown) => {
      if (!task.controller.signal.aborted) reopen(task, error)
    })
  }

  const reopen = (task: Task, error: unknown): void => {
    if (tasks.get(task.partition) !== task) return
    const cause = error instanceof Error ? error.message : String(error)
    log.warn(
      { partition: task.partition, cause },
      'a partition of mix commands is taken again from its committed position',
    )
    task.consumer?.pause(task.partition)
    void discard(task) // never rejects: closing a producer does not
    open(task.partition, isFault(error, 'PRODUCER_FENCED') ? fencedPauseMs : reopenPauseMs)
    reportReady()
  }

  /** Fence first, then ask where to begin: before that a former owner could still commit. */
  const take = async (task: Task, afterMs: number): Promise<void> => {
    const { partition } = task
    const { signal } = task.controller
    const consumer = await joined.promise
    task.consumer = consumer
    if (afterMs > 0) await sleep(afterMs, undefined, { signal })
    const producer = await openTransactionalProducer({ kafka, transactionalId: `mixer-${partition}`, signal, log })
    task.producer = producer
    const from = await startOf(partition, signal)
    if (signal.aborted) {
      await producer.close()
      return
    }
    task.worker = createWorker({
      commit: async (next) => {
        await producer.transact({ messages: [], consumed: { groupId, offsets: [{ topic, partition, next }] } })
        if (!signal.aborted) lag.processed(partition, next)
      },
      onFinished: () => resumeWhenDrained(task),
      onFailed: (error) => reopen(task, error),
    })
    consumer.seek(partition, from)
    consumer.resume(partition)
    log.debug({ partition, from }, 'reading a partition of mix commands')
    reportReady()
  }

  const startOf = async (partition: number, signal: AbortSignal): Promise<number> => {
    const committed = await fetchCommittedOffset({ kafka, groupId, topic, partition, signal })
    const bounds = (await fetchWatermarks({ kafka, topic, partitions: [partition], signal })).get(partition)
    const earliest = bounds?.earliest ?? 0
    if (committed === null) return earliest
    if (committed >= earliest && committed <= (bounds?.highWatermark ?? 0)) return committed
    log.error({ partition, committed, ...bounds }, 'the committed position is outside the log: reading from its start')
    return earliest
  }

  const resumeWhenDrained = (task: Task): void => {
    if (!task.isPaused || task.worker === undefined || task.worker.open() > maxOpen / 2) return
    task.isPaused = false
    task.consumer?.resume(task.partition)
  }

  const onAssigned = ({ partitions, added, removed }: Assignment): void => {
    for (const partition of removed) {
      const task = tasks.get(partition)
      if (task !== undefined) void discard(task) // never rejects
    }
    for (const partition of added) open(partition)
    log.info({ partitions: partitions.length, added: added.length, removed: removed.length }, 'mix commands assigned')
    reportReady()
  }

  const consumer = await createGroupConsumer({
    kafka,
    groupId,
    topic,
    onAssigned,
    onMessages: ({ partition, messages }) => {
      const task = tasks.get(partition)
      if (task?.worker === undefined) return
      task.worker.add(messages)
      if (task.worker.open() < maxOpen) return
      task.isPaused = true
      task.consumer?.pause(partition)
    },
    onCrash,
    lag,
    log,
  })
  joined.resolve(consumer)

  return {
    close: async (drainMs) => {
      const open = [...tasks.values()]
      for (const { partition } of open) consumer.pause(partition)
      await Promise.all(open.map(async ({ worker }) => worker?.drain(drainMs)))
      await consumer.close()
      await Promise.all(open.map(discard))
    },
  }
}
