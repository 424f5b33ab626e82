import { Counter } from 'prom-client'
import { topics } from '../../../schemas/topics.ts'
import type { AnyRecord } from '../../../schemas/types.generated.ts'
import type { Codec, Decoded } from '../../shared/codec/codec.ts'
import type { DeadLetters } from '../../shared/dead-letter.ts'
import { Fault } from '../../shared/fault.ts'
import type { IncomingMessage } from '../../shared/kafka/message.ts'
import { partitionFor } from '../../shared/kafka/partitioner.ts'
import type { Log } from '../../shared/log.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Input } from '../domain/decide.ts'
import { pause } from '../pause.ts'
import type { ReadInput } from '../ports.ts'

const roomIdForm = /^[A-Za-z0-9]{1,64}$/
const firstPauseMs = 100
const longestPauseMs = 2_000
const inputTypes: ReadonlySet<string> = new Set(topics.roomInput.records)

const isInput = (record: AnyRecord): record is Input => inputTypes.has(record.type)

/**
 * Reads records of room.input. What cannot be an input goes to the dead-letter topic and is passed over; so is, counted, a type
 * that is not known here. A registry or a broker that does not answer is neither: it is asked again until the signal aborts.
 */
export const createInputReader = ({
  codec,
  deadLetters,
  partitions,
  metrics,
  log,
}: {
  codec: Codec
  deadLetters: DeadLetters
  /** Number of partitions of room.input. */
  partitions: number
  metrics: Metrics
  log: Log
}): ((message: IncomingMessage, signal: AbortSignal) => ReadInput | Promise<ReadInput>) => {
  const unknown = new Counter({
    name: 'roomcast_unknown_records_total',
    help: 'Records of a type that is not known here, passed over.',
    registers: [metrics],
  })

  const decode = (message: IncomingMessage): Decoded | Promise<Decoded> => {
    if (message.value === null) throw new Fault('RECORD_UNREADABLE', 'the record has no value')
    return codec.decode(message.value)
  }

  const accept = (message: IncomingMessage, decoded: Decoded): ReadInput => {
    const { offset: position, timestamp } = message
    if (!decoded.known || !isInput(decoded)) {
      unknown.inc()
      return { position, timestamp, input: null }
    }
    if (decoded.type === 'ClockRead') return { position, timestamp, input: null }
    const { roomId } = decoded.record
    if (!roomIdForm.test(roomId)) throw new Fault('RECORD_INVALID', 'roomId: expected 1 to 64 letters and digits')
    if (message.key?.toString() !== roomId) throw new Fault('RECORD_INVALID', 'the key is not the roomId')
    if (partitionFor(roomId, partitions) !== message.partition) {
      throw new Fault('RECORD_INVALID', 'wrong partition for this roomId: produce with murmur2 on the key')
    }
    return { position, timestamp, input: decoded }
  }

  /** Tries until it succeeds, fails in a way that is final, or the signal aborts. */
  const insist = async <T>(
    attempt: () => T | Promise<T>,
    {
      partition,
      waitingFor,
      isFinal,
      signal,
    }: { partition: number; waitingFor: string; isFinal: (error: unknown) => boolean; signal: AbortSignal },
  ): Promise<T> => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        return await attempt()
      } catch (error) {
        if (signal.aborted || isFinal(error)) throw error
        log.warn({ err: error, partition, waitingFor }, 'reading waits; trying again')
        await pause(pauseMs, signal)
      }
    }
  }

  const readSlowly = async (message: IncomingMessage, signal: AbortSignal): Promise<ReadInput> => {
    const { partition, offset: position, timestamp } = message
    try {
      return await insist(async () => accept(message, await decode(message)), {
        partition,
        waitingFor: 'schema registry',
        isFinal: (error) => error instanceof Fault && !error.retriable,
        signal,
      })
    } catch (error) {
      if (signal.aborted || !(error instanceof Fault)) throw error
      await insist(() => deadLetters.put(message, error), {
        partition,
        waitingFor: 'dead-letter topic',
        // The record must not be passed over before it is kept there.
        isFinal: () => false,
        signal,
      })
      return { position, timestamp, input: null }
    }
  }

  return (message, signal) => {
    try {
      const decoded = decode(message)
      if (!(decoded instanceof Promise)) return accept(message, decoded)
    } catch {
      // Told apart, and tried again or given up, below.
    }
    return readSlowly(message, signal)
  }
}
