import { setTimeout as sleep } from 'node:timers/promises'
import type { StartMix, StopMix } from '../../schemas/types.generated.ts'
import { Fault } from '../shared/fault.ts'
import type { Journal } from './adapters/journal.ts'
import type { MixAnswer, MixCloud } from './domain/cloud.ts'
import { layoutOf } from './domain/layout.ts'
import type { Size } from './domain/layout.ts'
import { createForgottenMixes } from './forgotten-mixes.ts'
import { isSameMix } from './mix-pair.ts'
import type { MixPair } from './mix-pair.ts'
import type { Callbacks, SourceChange, SourceStreams } from './ports.ts'
import { createRunningMixes } from './running-mixes.ts'
import type { ReportMix, RunningMixesOptions } from './running-mixes.ts'

export type Mixes = MixCloud & {
  /** To be told of every change of `sources`. */
  readonly onSourceChanged: (change: SourceChange) => void
  /** Ends every mix; what ran stays in the journal, for the next mixer to report. */
  readonly close: () => Promise<void>
}

export type MixesOptions = Omit<RunningMixesOptions, 'report' | 'onChanged'> & {
  readonly sources: SourceStreams
  readonly callbacks: Pick<Callbacks, 'send'>
  /** Ends what an earlier mixer left; resolves to how many processes that were. */
  readonly endLeftovers: () => Promise<number>
  readonly journal: Pick<Journal<readonly MixPair[]>, 'read' | 'write'>
  readonly mixSuffix: string
  readonly size: Size
  readonly maxMixes: number
  /** For how long after the start a source that is not known yet may still turn out to flow. */
  readonly settleMs?: number
  /** How long a start waits for the frames of the other stream to come again. */
  readonly patienceMs?: number
  /** How many mixes there are. */
  readonly onMixes: (count: number) => void
}

/** The callback EventMixStop is waited for, but not for ever: it goes on being sent when the stop is answered. */
const stopCallbackMs = 2_000
const lookEveryMs = 100

/**
 * A video cloud in a box: carries out mix commands with processes of this machine, at most `maxMixes` mixes at a time, and reports what
 * becomes of them by status callbacks, see README.md. Resolves when nothing of an earlier mixer runs any more. What ran then, by the
 * journal, is reported as InternalError once its sources flow again, so that it can be started again.
 */
export const createMixes = async (options: MixesOptions): Promise<Mixes> => {
  const { sources, journal, now, log, settleMs = 5_000, patienceMs = 3_000 } = options
  const leftovers = await options.endLeftovers()
  if (leftovers > 0) log.warn({ leftovers }, 'ended processes that an earlier mixer had left')
  const closing = new AbortController()
  const settledAtMs = now() + settleMs

  const report: ReportMix = (pair, event, code, message) => {
    log.info({ ...pair, event, code, message }, 'reporting the state of a mix')
    return options.callbacks.send({ kind: 'status', ...pair, event, code, message })
  }
  const onChanged = (): void => {
    options.onMixes(running.list().length)
    if (!closing.signal.aborted) journal.write([...forgotten.list(), ...running.list().map(({ pair }) => pair)])
  }
  const isReady = ({ roomId, mixRoomId }: MixPair): boolean =>
    sources.isAvailable(roomId) && sources.isFlowing(mixRoomId)
  const isSettled = (): boolean => now() >= settledAtMs

  const pairs = (await journal.read()) ?? []
  const running = createRunningMixes({ ...options, report, onChanged })
  const forgotten = createForgottenMixes({ pairs, isReady, isSettled, report, onChanged, signal: closing.signal })

  const startMix = async (command: StartMix, signal: AbortSignal): Promise<MixAnswer> => {
    const { roomId, mixRoomId, mixType, mixTemplate } = command
    const pair = { roomId, mixRoomId, mixType, mixTemplate }
    const accepted = { accepted: true, streamNames: [`${roomId}${options.mixSuffix}`] } as const
    const layout = layoutOf(mixTemplate, options.size)
    if (layout === undefined) return refusal('InvalidArgument', `there is no template ${mixTemplate}`)
    if (roomId === mixRoomId) return refusal('InvalidArgument', 'a stream cannot be mixed with itself')
    // After a start it takes some moments to find out which sources flow.
    while (!isReady(pair) && !isSettled()) await sleep(lookEveryMs, undefined, { signal })
    // A stream that stands still for a moment has not gone; after a refusal nobody may ask again for long.
    const waitUntilMs = now() + patienceMs
    while (sources.isAvailable(roomId) && !sources.isFlowing(mixRoomId) && now() < waitUntilMs)
      await sleep(lookEveryMs, undefined, { signal })
    for (;;) {
      // Also where nothing is waited for: a caller that gives up at once starts nothing.
      await Promise.resolve()
      signal.throwIfAborted()
      if (closing.signal.aborted) throw new Fault('DEADLINE_PASSED', 'the mixer is closing')
      if (!sources.isAvailable(roomId)) return refusal('NoSuchStream', 'the main stream is not available')
      if (!sources.isFlowing(mixRoomId)) return refusal('NoSuchStream', 'the other stream does not flow')
      const current = running.of(roomId)
      if (current === undefined) break
      if (!current.isEnding() && isSameMix(current.pair, pair)) {
        current.mix.startAgain()
        return accepted
      }
      await running.end(current)
    }
    if (running.list().length >= options.maxMixes)
      return refusal('LimitExceeded', `${options.maxMixes} mixes run already`)
    forgotten.drop(roomId)
    running.begin(pair, layout)
    return accepted
  }

  const stopMix = async (command: StopMix, signal: AbortSignal): Promise<MixAnswer> => {
    signal.throwIfAborted()
    const { roomId, mixRoomId } = command
    forgotten.drop(roomId, mixRoomId)
    const current = running.of(roomId)
    if (current?.pair.mixRoomId === mixRoomId) {
      const isMine = !current.isEnding()
      await running.end(current)
      if (isMine) await withinMs(report(current.pair, 'EventMixStop', 'Success', ''), stopCallbackMs, signal)
      signal.throwIfAborted()
    }
    return { accepted: true, streamNames: [] }
  }

  return {
    startMix,
    stopMix,
    onSourceChanged: ({ roomId, isFlowing }) => {
      for (const { pair, mix } of running.list()) {
        if (pair.roomId === roomId) mix.onSource('main', isFlowing)
        if (pair.mixRoomId === roomId) mix.onSource('other', isFlowing)
      }
    },
    close: async () => {
      closing.abort()
      await Promise.all(running.list().map(running.end))
    },
  }
}

const refusal = (error: string, message: string): MixAnswer => ({ accepted: false, error, message })

/** Resolves with the promise, and at the latest after that time. @throws the signal's reason */
const withinMs = async (promise: Promise<unknown>, ms: number, signal: AbortSignal): Promise<void> => {
  const over = new AbortController()
  const late = sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) })
  try {
    await Promise.race([promise, late])
  } finally {
    over.abort()
  }
}
