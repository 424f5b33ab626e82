import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../shared/fault.ts'
import type { Log } from '../shared/log.ts'
import type { Span, Tracing } from '../shared/tracing/tracing.ts'
import { withSignal } from '../shared/with-signal.ts'
import type { MixCommandAnswered } from '../../schemas/types.generated.ts'
import type { MixAnswer, MixCloud, MixCommand } from './domain/cloud.ts'
import { answeredOf, familyOf, isPassing, tooLate, unanswered } from './domain/answer.ts'
import { delayMs, lastCallMs } from './domain/retry.ts'

/** How long a stop that comes after its deadline is tried: a mix that nobody stops runs, and costs, for ever. */
const lateStopMs = 5_000
/** The other side of a call, in traces. */
const cloudService = 'VideoCloud'

/** `span`: of the command, where it is recorded; each call of the cloud is a part of it. */
export type CarryOut = (command: MixCommand, signal: AbortSignal, span?: Span) => Promise<MixCommandAnswered>

export type CarryOutOptions = {
  readonly cloud: MixCloud
  /** Epoch milliseconds. */
  readonly now: () => number
  /** 0 ≤ random < 1, for the jitter of the back-off. */
  readonly random: () => number
  readonly tracing: Tracing
  readonly log: Log
}

/**
 * Carries a command out: asks the cloud, again with back-off while it says InternalError, throttles or cannot be reached, and
 * returns what is to be told to the room, before the command's deadline in every case: what the cloud said last, or that it
 * never said anything. Rejects only when the signal aborts: the command is then unfinished, and whoever reads it next carries it
 * out again.
 */
export const createCarryOut =
  ({ cloud, now, random, tracing, log }: CarryOutOptions): CarryOut =>
  async (command, signal, span) => {
    const ask = (within: AbortSignal): Promise<MixAnswer> =>
      command.type === 'StartMix' ? cloud.startMix(command.record, within) : cloud.stopMix(command.record, within)

    const untilMs = untilOf(command, now())
    let said: MixAnswer | undefined
    let isAsked = false
    for (let attempts = 1; now() < untilMs; attempts++) {
      const call = span && tracing.call(`${cloudService}/${command.type}`, span)
      try {
        isAsked = true
        said = await withSignal({ signals: [signal], timeoutMs: untilMs - now() }, ask)
        call?.end(said.accepted ? undefined : familyOf(said.error))
        if (!isPassing(said)) break
      } catch (error) {
        call?.end(error)
        signal.throwIfAborted()
        const cause = error instanceof Error ? error.message : String(error)
        log.warn({ commandId: command.record.eventId, attempts, cause }, 'the video cloud did not answer a mix command')
        if (!(now() >= untilMs || (error instanceof Fault && error.retriable))) break
      }
      const waitMs = delayMs(attempts, random())
      if (now() + waitMs >= untilMs) break
      await sleep(waitMs, undefined, { signal })
    }
    return answeredOf(command, said ?? (isAsked ? unanswered : tooLate), now())
  }

const untilOf = (command: MixCommand, nowMs: number): number => {
  const lastMs = lastCallMs(command.record)
  return command.type === 'StopMix' && nowMs >= lastMs ? nowMs + lateStopMs : lastMs
}
