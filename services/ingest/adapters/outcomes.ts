import { topics } from '../../../schemas/topics.ts'
import type { RequestDecided } from '../../../schemas/types.generated.ts'
import type { Clock } from '../../shared/clock.ts'
import { isFault } from '../../shared/fault.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import type { IncomingMessage } from '../../shared/kafka/message.ts'
import { readPartition, type ReadingLag } from '../../shared/kafka/reader.ts'
import type { Log } from '../../shared/log.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { RecordReader } from '../../shared/record-reader.ts'
import { createRecent } from '../domain/recent.ts'
import { followTopic } from '../follow-topic.ts'
import { createOutcomeMetrics } from '../metrics.ts'
import { takeTurns } from '../take-turns.ts'
import type { Outcomes } from '../ports.ts'

type Position = { readonly partition: number; readonly offset: number }

/** How long an outcome can be asked for. */
const keptMs = 10 * 60_000
/**
 * Positions kept, some 100 bytes each; enough for 1,600 requests a second. Past it the oldest is forgotten: a repeat of such a request is
 * written again under its old event id.
 */
const maxKept = 1_000_000
/** Requests that wait for their outcome; past it they are answered 202 without waiting. */
const maxAwaited = 20_000
/** Outcomes read back at the same time: each read brings what follows in the log, too, some MiB. */
const maxReads = 4
const readWithinMs = 5_000

/**
 * The outcomes of `request.outcome`, of all instances' requests. Kept is where each one is, by the header `eventId`, without decoding;
 * decoded is what somebody waits for, and what is read back when it is asked for. At the start the last 10 minutes are read.
 */
export const createOutcomes = async ({
  kafka,
  records,
  clock,
  metrics,
  lag,
  log,
  signal,
}: {
  kafka: Kafka
  records: RecordReader
  /** Epoch milliseconds. */
  clock: Clock
  metrics: Metrics
  lag: ReadingLag
  log: Log
  /** Gives up the start. */
  signal: AbortSignal
}): Promise<Outcomes & { readonly restored: () => Promise<void>; readonly close: () => Promise<void> }> => {
  const topic = topics.requestOutcome.name
  const positions = createRecent<Position>({ maxEntries: maxKept, maxAgeMs: keptMs })
  const awaited = new Map<string, (outcome: RequestDecided) => void>()

  const decodeOutcome = async (message: IncomingMessage): Promise<RequestDecided | undefined> => {
    const decoded = await records.read(message)
    return decoded?.type === 'RequestDecided' ? decoded.record : undefined
  }

  const take = async (message: IncomingMessage): Promise<void> => {
    const requestId = message.headers['eventId']?.toString()
    if (requestId === undefined) return
    const { partition, offset, timestamp } = message
    // the first outcome counts: a later one is that of a repeat
    if (positions.get(requestId, clock.now()) === undefined) positions.set(requestId, { partition, offset }, timestamp)
    const resolve = awaited.get(requestId)
    if (resolve === undefined) return
    const outcome = await decodeOutcome(message)
    if (outcome !== undefined) resolve(outcome)
  }

  const followed = await followTopic({
    kafka,
    topic,
    since: clock.now() - keptMs,
    // Somebody waits for each.
    fetch: { minBytes: 1, maxWaitMs: 500 },
    onMessages: async (messages) => {
      for (const message of messages) await take(message)
    },
    lag,
    log,
    signal,
  })

  const readBack = takeTurns(maxReads, async ({ partition, offset }: Position): Promise<RequestDecided | undefined> => {
    let outcome: RequestDecided | undefined
    try {
      await readPartition({
        kafka,
        topic,
        partition,
        from: offset,
        to: offset + 1,
        onMessages: async ([message]) => {
          if (message?.offset === offset) outcome = await decodeOutcome(message)
        },
        deadlineMs: readWithinMs,
      })
    } catch (error) {
      // the topic has let go of it
      if (!isFault(error, 'OFFSET_OUT_OF_RANGE')) throw error
    }
    return outcome
  })

  const find = async (requestId: string): Promise<RequestDecided | undefined> => {
    const position = positions.get(requestId, clock.now())
    return position && readBack(position)
  }

  const { waitSeconds } = createOutcomeMetrics(metrics, {
    known: () => positions.size(),
    awaited: () => awaited.size,
  })

  return {
    find,
    expect: (requestId) => {
      const decided = Promise.withResolvers<RequestDecided | undefined>()
      // nothing can come between this look and the wait: both are in one turn
      const isKnown = positions.get(requestId, clock.now()) !== undefined
      const isWaiting = !isKnown && awaited.size < maxAwaited
      if (isWaiting) awaited.set(requestId, decided.resolve)
      const cancel = (): void => {
        if (isWaiting) awaited.delete(requestId)
      }
      return {
        cancel,
        within: async (waitMs) => {
          if (isKnown) return find(requestId)
          const observe = waitSeconds.startTimer()
          const timer = setTimeout(() => decided.resolve(undefined), isWaiting ? waitMs : 0)
          const outcome = await decided.promise
          clearTimeout(timer)
          cancel()
          observe({ result: outcome === undefined ? 'late' : 'decided' })
          return outcome
        },
      }
    },
    caughtUp: (roomId) => followed.caughtUp(roomId),
    restored: followed.restored,
    close: followed.close,
  }
}
