import { setTimeout as sleep } from 'node:timers/promises'
import type { MixCommandAnswered } from '../../schemas/types.generated.ts'
import type { Codec, Decoded } from '../shared/codec/codec.ts'
import { Fault, isFault } from '../shared/fault.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import type { Log } from '../shared/log.ts'
import type { CarryOut } from './carry-out.ts'

export type HandleCommand = (message: IncomingMessage, signal: AbortSignal) => Promise<void>

export type HandleCommandOptions = {
  readonly codec: Pick<Codec, 'decode'>
  readonly carryOut: CarryOut
  readonly putResult: (answered: MixCommandAnswered, traceparent: string | undefined) => Promise<void>
  readonly putDeadLetter: (message: IncomingMessage, fault: Fault) => Promise<void>
  readonly onUnknown: () => void
  readonly onAnswered: (answered: MixCommandAnswered, seconds: number) => void
  readonly log: Log
}

const retryMs = 500

/**
 * One record of `mix.command.v1` from bytes to an answer that is durable on `room.input.v1`. Resolves only then: the record
 * may be committed. A registry or a broker that does not answer is waited for, for as long as it takes.
 */
export const createHandleCommand =
  ({ codec, carryOut, putResult, putDeadLetter, onUnknown, onAnswered, log }: HandleCommandOptions): HandleCommand =>
  async (message, signal) => {
    const insist = <T>(act: () => T | Promise<T>): Promise<T> => insistUntil(signal, log, act)

    const decoded = await insist(() => decodeOrFault(codec, message))
    if (decoded instanceof Fault) {
      await insist(() => putDeadLetter(message, decoded))
      return
    }
    if (!decoded.known || (decoded.type !== 'StartMix' && decoded.type !== 'StopMix')) {
      onUnknown()
      return
    }
    const startedMs = performance.now()
    const answered = await carryOut(decoded, signal)
    await insist(() => putResult(answered, message.headers['traceparent']?.toString('utf8')))
    onAnswered(answered, (performance.now() - startedMs) / 1000)
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

const insistUntil = async <T>(signal: AbortSignal, log: Log, act: () => T | Promise<T>): Promise<T> => {
  for (;;) {
    signal.throwIfAborted()
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof Fault && error.retriable)) throw error
      log.warn({ code: error.code }, 'a mix command waits for a registry or broker that does not answer')
    }
    await sleep(retryMs, undefined, { signal })
  }
}
