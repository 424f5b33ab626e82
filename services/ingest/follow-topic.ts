import { Fault } from '../shared/fault.ts'
import type { Kafka } from '../shared/kafka/client.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { fetchOffsetsByTime, fetchWatermarks } from '../shared/kafka/offsets.ts'
import { partitionFor } from '../shared/kafka/partitioner.ts'
import { createReader, type ReadingLag } from '../shared/kafka/reader.ts'
import type { Log } from '../shared/log.ts'
import { joinNext } from '../shared/join-next.ts'

/** A topic that is read on all of its partitions, and how far. */
export type FollowedTopic = {
  /** The partition of a room, here as everywhere. */
  readonly partitionOf: (roomId: string) => number
  /**
   * Resolves when everything has been handled that the log had when this was called: of a room's partition, or of all.
   * @throws Fault DEADLINE_PASSED or BROKER_UNREACHABLE within `withinMs`
   */
  readonly caughtUp: (roomId?: string, withinMs?: number) => Promise<void>
  /** As caughtUp, however long it takes; rejects when the signal aborts. */
  readonly restored: () => Promise<void>
  readonly close: () => Promise<void>
}

const caughtUpWithinMs = 5_000
const restoreWithinMs = 60_000
const maxBytes = 8 * 1024 * 1024

/**
 * Follows a topic from its start, or from a point in time, without a group. `onMessages` may be called again with the same
 * records when it rejects. The start waits while the broker is away.
 * @param onReset the partition's log is no longer the one that was read: all of it comes again
 */
export const followTopic = async ({
  kafka,
  topic,
  since,
  fetch,
  onMessages,
  onReset = () => {},
  lag,
  log,
  signal,
}: {
  kafka: Kafka
  topic: string
  /** Epoch milliseconds. */
  since: 'start' | number
  /** The broker answers at once when it has so many bytes, else after so long. */
  fetch: { readonly minBytes: number; readonly maxWaitMs: number }
  onMessages: (messages: readonly IncomingMessage[]) => void | Promise<void>
  onReset?: (partition: number) => void
  lag: ReadingLag
  log: Log
  /** Gives up the start and `restored`; what runs goes on until `close`, so that requests under way can be answered. */
  signal: AbortSignal
}): Promise<FollowedTopic> => {
  /** Per partition: everything below is handled. */
  const handled = new Map<number, number>()
  /** Those who wait for a partition to be handled up to an offset. As many as there are HTTP requests at most. */
  const waiting = new Map<number, Set<{ readonly offset: number; readonly resolve: () => void }>>()

  const handledUpTo = (partition: number, position: number): void => {
    handled.set(partition, position)
    for (const wait of waiting.get(partition) ?? []) if (position >= wait.offset) wait.resolve()
  }

  /** Runs `work` again while Kafka does not answer. */
  const insist = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof Fault) || !error.retriable) throw error
        log.warn({ topic, code: error.code, cause: error.message }, 'the start waits for Kafka')
      }
    }
  }

  const starts = await insist(async () => {
    if (since !== 'start') return fetchOffsetsByTime({ kafka, topic, timestamp: since, signal })
    const watermarks = await fetchWatermarks({ kafka, topic, signal })
    return new Map([...watermarks].map(([partition, { earliest }]) => [partition, earliest]))
  })

  const reader = await createReader({
    kafka,
    topic,
    ...fetch,
    maxBytes,
    onMessages: async ({ partition, messages, position }) => {
      if (messages.length > 0) await onMessages(messages)
      handledUpTo(partition, position)
    },
    onOutOfRange: ({ partition, earliest }) => {
      handled.set(partition, earliest)
      onReset(partition)
      return 'earliest'
    },
    lag,
    log,
  })
  for (const [partition, offset] of starts) {
    handled.set(partition, offset)
    waiting.set(partition, new Set())
    reader.add(partition, offset)
  }

  const partitionOf = (roomId: string): number => partitionFor(roomId, starts.size)
  const endsNow = joinNext(() => fetchWatermarks({ kafka, topic, deadlineMs: caughtUpWithinMs }))

  const caughtUp: FollowedTopic['caughtUp'] = async (roomId, withinMs = caughtUpWithinMs) => {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      late.reject(
        new Fault('DEADLINE_PASSED', `${topic} not read to its end within ${withinMs} ms`, { retriable: true }),
      )
    }, withinMs)
    const leave: (() => void)[] = []
    const reached = async (partition: number, offset: number): Promise<void> => {
      if ((handled.get(partition) ?? 0) >= offset) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const wait = { offset, resolve }
      waiting.get(partition)?.add(wait)
      leave.push(() => waiting.get(partition)?.delete(wait))
      await promise
    }
    try {
      const ends = await Promise.race([endsNow(), late.promise])
      const wanted = [...ends].filter(([partition]) => roomId === undefined || partition === partitionOf(roomId))
      const all = Promise.all(wanted.map(([partition, { highWatermark }]) => reached(partition, highWatermark)))
      await Promise.race([all, late.promise])
    } finally {
      clearTimeout(timer)
      for (const stopWaiting of leave) stopWaiting()
    }
  }

  return {
    partitionOf,
    caughtUp,
    restored: () => insist(() => caughtUp(undefined, restoreWithinMs)),
    close: () => reader.close(),
  }
}
