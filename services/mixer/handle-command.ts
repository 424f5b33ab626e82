import { setTimeout as sleep } from 'node:timers/promises'
import type { MixCommandAnswered } from '../../schemas/types.generated.ts'
import type { Codec, Decoded } from '../shared/codec/codec.ts'
import { Fault, isFault } from '../shared/fault.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import type { Log } from '../shared/log.ts'
import type { ReadingMetrics } from '../shared/reading-metrics.ts'
import { traceparentIn } from '../shared/tracing/context.ts'
import type { Cause, Tracing } from '../shared/tracing/tracing.ts'
import type { CarryOut } from './carry-out.ts'

export type HandleCommand = (message: IncomingMessage, signal: AbortSignal) => Promise<void>

export type HandleCommandOptions = {
  readonly codec: Pick<Codec, 'decode'>
  readonly carryOut: CarryOut
  readonly putResult: (answered: MixCommandAnswered, cause: Cause) => Promise<void>
  readonly putDeadLetter: (message: IncomingMessage, fault: Fault) => Promise<void>
  readonly reading: ReadingMetrics
  readonly onAnswered: (answered: MixCommandAnswered, seconds: number) => void
  readonly tracing: Tracing
  readonly log: Log
}

const retryMs = 500
/** Of the consumers of mix commands. */
const group = 'mixer'

/**
 * One record of `mix.command.v1` from bytes to an answer that is durable on `room.input.v1`. Resolves only then: the record
 * may be committed. A registry or a broker that does not answer is waited for, for as long as it takes.
 */
export const createHandleCommand =
  ({
    codec,
    carryOut,
    putResult,
    putDeadLetter,
    reading,
    onAnswered,
    tracing,
    log,
  }: HandleCommandOptions): HandleCommand =>
  async (message, signal) => {
    const insist = <T>(act: () => T | Promise<T>, onWait?: (change: 1 | -1) => void): Promise<T> =>
      insistUntil({ act, onWait, signal, log })

    const decoded = await insist(
      () => decodeOrFault(codec, message),
      (change) => reading.waits('registry', change),
    )
    if (decoded instanceof Fault) {
      await insist(
        () => putDeadLetter(message, decoded),
        (change) => reading.waits('dead_letter', change),
      )
      return
    }
    if (!decoded.known || (decoded.type !== 'StartMix' && decoded.type !== 'StopMix')) {
      reading.unknown(message.topic)
      return
    }
    const startedMs = performance.now()
    const came = traceparentIn(message.headers)
    const { type, record } = decoded
    const span = tracing.isOn ? tracing.process(message, { type, roomId: record.roomId, group }, came) : undefined
    try {
      const answered = await carryOut(decoded, signal, span)
      await insist(() => putResult(answered, span ?? came))
      onAnswered(answered, (performance.now() - startedMs) / 1000)
      span?.end()
    } catch (error) {
      span?.end(error)
      throw error
    }
  }

/** The record, or the fault for which its bytes are put aside. */
const decodeOrFault = async (codec: Pick<Codec, 'decode'>, { value }: IncomingMessage): Promise<Decoded | Fault> => {
  if (value === null) return new Fault('RECORD_UNREADABLE', 'a tombstone is no mix command')
  try {
    return await codec.decode(value)
  } catch (error) {
    if (isFault(error, 'RECORD_UNREADABLE')) return error
    throw error
  }
}

/** `onWait` hears 1 when something has to be tried again, and -1 when that is over, whatever its end. */
const insistUntil = async <T>({
  act,
  onWait,
  signal,
  log,
}: {
  act: () => T | Promise<T>
  onWait: ((change: 1 | -1) => void) | undefined
  signal: AbortSignal
  log: Log
}): Promise<T> => {
  let isWaiting = false
  try {
    for (;;) {
      signal.throwIfAborted()
      try {
        return await act()
      } catch (error) {
        if (!(error instanceof Fault && error.retriable)) throw error
        log.warn({ code: error.code }, 'a mix command waits for a registry or broker that does not answer')
      }
      if (!isWaiting) onWait?.(1)
      isWaiting = true
      await sleep(retryMs, undefined, { signal })
    }
  } finally {
    if (isWaiting) onWait?.(-1)
  }
}
