import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StartMix, StopMix } from '../../../schemas/types.generated.ts'
import { Fault } from '../../shared/fault.ts'
import type { MixAnswer, MixCloud } from '../domain/cloud.ts'
import { drawFailure, noAnswer, type Chance, type SimulatedFailures } from '../domain/simulated-failures.ts'
import type { Callbacks } from '../ports.ts'
import { createSimulatedPictures, statusOf, type Mix } from './simulated-pictures.ts'

export type SimulatedCloudOptions = {
  /** The way back to ingest. */
  readonly callbacks: Callbacks
  /** How long an answer takes on average. */
  readonly delayMs: number
  /** The same seed and the same command give the same delay and the same failure, at every attempt. */
  readonly seed: number
  readonly failures: SimulatedFailures
}

export type SimulatedCloud = MixCloud & {
  /** Hands the status callbacks that are still to come over to `callbacks` at once. To be called before `callbacks` is closed. */
  readonly close: () => void
}

/** An accepted start says nothing of the picture yet: it changes many times the answer's delay later. */
const pictureDelays = 10
/** How many main streams are remembered; the oldest is forgotten, which costs a callback too many at its stop. */
const maxRemembered = 10_000

/**
 * A video cloud in memory: answers after a short delay, lists the streams that Alibaba Cloud's StartMixStreamsService would
 * list, and calls ingest's status callback as the cloud does: EventMix some time after an accepted start, EventMixStop before
 * it answers a stop. What is to go wrong is drawn for each command.
 */
export const createSimulatedCloud = (options: SimulatedCloudOptions): SimulatedCloud => {
  const { callbacks, failures, seed } = options
  const closing = new AbortController()
  // Main stream → its mix, or null when nothing is mixed into it. Not known: an earlier process may have started it.
  const mixes = new Map<string, Mix | null>()

  const pictures = createSimulatedPictures({ callbacks, isRunning: (roomId, mix) => mixes.get(roomId) === mix })

  const remember = (mainRoomId: string, mix: Mix | null): void => {
    mixes.delete(mainRoomId)
    mixes.set(mainRoomId, mix)
    const [oldest] = mixes.keys()
    if (mixes.size > maxRemembered && oldest !== undefined) mixes.delete(oldest)
  }

  /** Numbers from 0 to 1, told apart by `nth`: 0 for the delay, 1 for the answer, 2 for the picture. */
  const drawOf = (commandId: string, nth: 0 | 1 | 2): number =>
    createHash('md5')
      .update(`${seed}|${commandId}`)
      .digest()
      .readUInt32BE(nth * 4) /
    2 ** 32

  /** From half the configured delay to one and a half times as much. */
  const delayOf = (commandId: string): number => options.delayMs * (0.5 + drawOf(commandId, 0))

  const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (closing.signal.aborted) throw new Fault('DEADLINE_PASSED', 'the simulated cloud is closed')
    await sleep(ms, undefined, { signal })
  }

  /** The refusal that was drawn for a command; undefined: it goes well. Rejects, when no answer was drawn, as the signal aborts. */
  const refusalOf = async (
    chances: readonly Chance[],
    commandId: string,
    signal: AbortSignal,
  ): Promise<MixAnswer | undefined> => {
    const error = drawFailure(chances, drawOf(commandId, 1))
    if (error === undefined) return undefined
    if (error === noAnswer) {
      signal.throwIfAborted()
      await once(signal, 'abort')
      signal.throwIfAborted()
    }
    return { accepted: false, error, message: `the simulated cloud answers ${error} by configuration` }
  }

  const startMix = async (command: StartMix, signal: AbortSignal): Promise<MixAnswer> => {
    const { eventId, roomId, mixRoomId, mixType, mixTemplate } = command
    const delayMs = delayOf(eventId)
    await wait(delayMs, signal)
    const refusal = await refusalOf(failures.start, eventId, signal)
    if (refusal !== undefined) {
      if (mixes.get(roomId) === undefined) remember(roomId, null)
      return refusal
    }
    const mix = { mixRoomId, mixType, mixTemplate }
    remember(roomId, mix)
    const failure = drawFailure(failures.status, drawOf(eventId, 2))
    pictures.begin({ roomId, mix, stepMs: delayMs * pictureDelays, failure })
    return { accepted: true, streamNames: [`${roomId}_mix360`, `${roomId}_mix480`] }
  }

  const stopMix = async (command: StopMix, signal: AbortSignal): Promise<MixAnswer> => {
    const { eventId, roomId } = command
    await wait(delayOf(eventId), signal)
    const refusal = await refusalOf(failures.stop, eventId, signal)
    if (refusal !== undefined) return refusal
    const mix = mixes.get(roomId)
    // Nothing is mixed, so nothing changes in the picture and nobody is told.
    if (mix !== null) await callbacks.send(statusOf(roomId, mix ?? unknownMix(command), 'EventMixStop'), signal)
    remember(roomId, null)
    return { accepted: true, streamNames: [] }
  }

  return {
    startMix,
    stopMix,
    close: () => {
      closing.abort()
      pictures.close()
    },
  }
}

/** A mix that an earlier process started: its kind is the usual one. */
const unknownMix = ({ mixRoomId }: StopMix): Mix => ({
  mixRoomId,
  mixType: 'channel',
  mixTemplate: 'picture_in_picture',
})
