import { setTimeout as sleep } from 'node:timers/promises'
import type { AnyRecord } from '../../schemas/types.generated.ts'
import type { Codec, Decoded } from '../shared/codec/codec.ts'
import type { DeadLetters } from '../shared/dead-letter.ts'
import { Fault, isFault } from '../shared/fault.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import type { Log } from '../shared/log.ts'

/** A record of Kafka that could be read, and what to do with one that makes no sense. */
export type Decode = {
  /**
   * The record in a message; undefined when it is of a kind that is not known here, or was put aside. At once when the
   * writer's schema is known. While the registry does not answer it waits and asks again, so that nothing is lost.
   * Rejects only when the signal has aborted.
   */
  readonly decode: (message: IncomingMessage) => AnyRecord | undefined | Promise<AnyRecord | undefined>
  /** Puts a message aside, to the dead-letter topic; again until that has it. */
  readonly putAside: (message: IncomingMessage, why: string) => Promise<undefined>
}

const firstPauseMs = 100
const longestPauseMs = 2_000

export const createDecode = ({
  codec,
  deadLetters,
  countUnknown,
  log,
  signal,
}: {
  codec: Codec
  deadLetters: DeadLetters
  /** Hears of each record whose kind is not known here. */
  countUnknown: (topic: string) => void
  log: Log
  signal: AbortSignal
}): Decode => {
  const knownOnly = (topic: string, decoded: Decoded): AnyRecord | undefined => {
    if (decoded.known) return decoded
    countUnknown(topic)
    return undefined
  }

  /** Tries until it succeeds, fails for good, or the signal aborts. */
  const insist = async <T>(attempt: () => T | Promise<T>, waitingFor: string): Promise<T> => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof Fault) || !error.retriable) throw error
        if (pauseMs === firstPauseMs) log.warn({ waitingFor, code: error.code }, 'reading waits')
        await sleep(pauseMs, undefined, { signal })
      }
    }
  }

  const putAsideFor = async (message: IncomingMessage, fault: Fault): Promise<undefined> => {
    await insist(() => deadLetters.put(message, fault), 'dead-letter topic')
    return undefined
  }

  const decodeSlowly = async (message: IncomingMessage, begun: Promise<Decoded>): Promise<AnyRecord | undefined> => {
    let attempt: Promise<Decoded> | undefined = begun
    const tryOnce = (): Decoded | Promise<Decoded> => {
      const pending = attempt ?? codec.decode(message.value ?? Buffer.alloc(0))
      attempt = undefined
      return pending
    }
    try {
      return knownOnly(message.topic, await insist(tryOnce, 'schema registry'))
    } catch (error) {
      if (isFault(error, 'RECORD_UNREADABLE')) return putAsideFor(message, error)
      throw error
    }
  }

  return {
    decode: (message) => {
      const { topic, value } = message
      if (value === null) return putAsideFor(message, new Fault('RECORD_UNREADABLE', 'the record has no value'))
      try {
        const decoded = codec.decode(value)
        if (!(decoded instanceof Promise)) return knownOnly(topic, decoded)
        return decodeSlowly(message, decoded)
      } catch (error) {
        if (isFault(error, 'RECORD_UNREADABLE')) return putAsideFor(message, error)
        throw error
      }
    },
    putAside: (message, why) => putAsideFor(message, new Fault('RECORD_INVALID', why)),
  }
}
