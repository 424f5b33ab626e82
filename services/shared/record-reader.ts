import { setTimeout as sleep } from 'node:timers/promises'
import type { AnyRecord } from '../../schemas/types.generated.ts'
import type { Codec, Decoded } from './codec/codec.ts'
import type { DeadLetters } from './dead-letter.ts'
import { Fault } from './fault.ts'
import type { IncomingMessage } from './kafka/message.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { createReadingMetrics, type WaitingFor } from './reading-metrics.ts'
import { withSignal } from './with-signal.ts'

/** Turns messages of Kafka into records, so that nothing is lost and nothing bad stops what comes behind it. */
export type RecordReader = {
  /**
   * The record in a message; undefined when it is passed over: its type is not known here (counted), or it cannot be read
   * (put to the dead-letter topic). At once when the writer's schema is known. While the registry, or for a bad record the
   * dead-letter topic, does not answer, it waits and asks again.
   * Rejects only when a signal has aborted (the service's, or the one given), with its reason.
   */
  readonly read: (
    message: IncomingMessage,
    signal?: AbortSignal,
  ) => AnyRecord | undefined | Promise<AnyRecord | undefined>
  /** Puts a message that was read, but makes no sense, to the dead-letter topic; again until that has it. */
  readonly putAside: (message: IncomingMessage, why: string, signal?: AbortSignal) => Promise<undefined>
  /** True while something is being tried again because the registry or the dead-letter topic does not answer. */
  readonly isWaiting: () => boolean
}

const firstPauseMs = 100
const longestPauseMs = 2_000

export const createRecordReader = ({
  codec,
  deadLetters,
  metrics,
  log,
  signal: stopping,
}: {
  codec: Pick<Codec, 'decode'>
  deadLetters: DeadLetters
  metrics: Metrics
  log: Log
  signal: AbortSignal
}): RecordReader => {
  const counted = createReadingMetrics(metrics)
  let waiting = 0

  const knownOnly = (topic: string, decoded: Decoded): AnyRecord | undefined => {
    if (decoded.known) return decoded
    counted.unknown(topic)
    return undefined
  }

  /** Tries until it succeeds, fails for good, or the signal aborts. */
  const insist = async <T>(
    attempt: () => T | Promise<T>,
    {
      waitingFor,
      isFinal,
      signal,
    }: { waitingFor: WaitingFor; isFinal: (error: unknown) => boolean; signal: AbortSignal },
  ): Promise<T> => {
    let hasFailed = false
    try {
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
        try {
          return await attempt()
        } catch (error) {
          signal.throwIfAborted()
          if (isFinal(error)) throw error
          if (!hasFailed) {
            hasFailed = true
            counted.waits(waitingFor, 1)
            log.warn({ err: error, waitingFor }, 'reading waits; trying again')
          }
          waiting += 1
          await sleep(pauseMs, undefined, { signal }).finally(() => (waiting -= 1))
        }
      }
    } finally {
      // Also while a try is under way: one that is not answered takes longer than the pauses.
      if (hasFailed) counted.waits(waitingFor, -1)
    }
  }

  const giveUp = async (message: IncomingMessage, fault: Fault, signal: AbortSignal): Promise<undefined> => {
    await insist(() => deadLetters.put(message, fault), {
      waitingFor: 'dead_letter',
      // The record must not be passed over before it is kept there.
      isFinal: () => false,
      signal,
    })
  }

  const readSlowly = async (
    message: IncomingMessage,
    begun: Promise<Decoded> | Fault,
    signal: AbortSignal,
  ): Promise<AnyRecord | undefined> => {
    let first: typeof begun | undefined = begun
    const attempt = async (): Promise<AnyRecord | undefined> => {
      const pending = first ?? codec.decode(message.value ?? Buffer.alloc(0))
      first = undefined
      if (pending instanceof Fault) throw pending
      return knownOnly(message.topic, await pending)
    }
    const isFinal = (error: unknown): boolean => !(error instanceof Fault) || !error.retriable
    try {
      return await insist(attempt, { waitingFor: 'registry', isFinal, signal })
    } catch (error) {
      if (signal.aborted || !(error instanceof Fault)) throw error
      return giveUp(message, error, signal)
    }
  }

  const decodeNow = ({ value }: IncomingMessage): Decoded | Promise<Decoded> | Fault => {
    if (value === null) return new Fault('RECORD_UNREADABLE', 'the record has no value')
    try {
      return codec.decode(value)
    } catch (error) {
      if (error instanceof Fault) return error
      throw error
    }
  }

  /** Runs `work` with a signal that also aborts when the service stops. */
  const within = <T>(signal: AbortSignal | undefined, work: (either: AbortSignal) => Promise<T>): Promise<T> =>
    signal === undefined ? work(stopping) : withSignal({ signals: [signal, stopping] }, work)

  return {
    read: (message, signal) => {
      const decoded = decodeNow(message)
      return decoded instanceof Promise || decoded instanceof Fault
        ? within(signal, (either) => readSlowly(message, decoded, either))
        : knownOnly(message.topic, decoded)
    },
    putAside: (message, why, signal) =>
      within(signal, (either) => giveUp(message, new Fault('RECORD_INVALID', why), either)),
    isWaiting: () => waiting > 0,
  }
}
