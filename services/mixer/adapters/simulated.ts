import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StartMix, StopMix } from '../../../schemas/types.generated.ts'
import { Fault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import type { MixAnswer, MixCloud } from '../domain/cloud.ts'

/** The error with which every start, or every stop, is answered; undefined: it goes well. */
export type SimulatedFailures = { readonly start: string | undefined; readonly stop: string | undefined }

export type SimulatedCloudOptions = {
  /** Where the status callbacks go, for example http://127.0.0.1:8080. */
  readonly ingestUrl: string
  readonly playHost: string
  readonly app: string
  /** Signs the callbacks; undefined: they are not signed. */
  readonly callbackKey: string | undefined
  /** How long an answer takes on average. */
  readonly delayMs: number
  /** The same seed and the same command give the same delay. */
  readonly seed: number
  readonly failures: SimulatedFailures
  readonly log: Log
}

export type SimulatedCloud = MixCloud & {
  /** Sends the callbacks that are still to come at once; resolves when they are through or given up. */
  readonly close: () => Promise<void>
}

/** What a callback needs to know of a mix. */
type Mix = Pick<StartMix, 'mixRoomId' | 'mixType' | 'mixTemplate'>

const callbackTimeoutMs = 2_000
const callbackAttempts = 6
const firstRetryMs = 100
/** An accepted start says nothing of the picture yet: it changes many times the answer's delay later. */
const pictureDelays = 10
/** How many main streams are remembered; the oldest is forgotten, which costs a callback too many at its stop. */
const maxRemembered = 10_000

/**
 * A video cloud in memory: answers after a short delay, lists the streams that Alibaba Cloud's StartMixStreamsService would
 * list, and calls ingest's status callback as the cloud does: EventMix some time after an accepted start, EventMixStop before
 * it answers a stop. A callback that is not answered 200 is sent again, six times at most.
 */
export const createSimulatedCloud = (options: SimulatedCloudOptions): SimulatedCloud => {
  const { failures, log, playHost, app, seed } = options
  const closing = new AbortController()
  const callbacks = new Set<Promise<void>>()
  // Main stream → its mix, or null when nothing is mixed into it. Not known: an earlier process may have started it.
  const mixes = new Map<string, Mix | null>()

  const remember = (mainRoomId: string, mix: Mix | null): void => {
    mixes.delete(mainRoomId)
    mixes.set(mainRoomId, mix)
    const [oldest] = mixes.keys()
    if (mixes.size > maxRemembered && oldest !== undefined) mixes.delete(oldest)
  }

  /** From half the configured delay to one and a half times as much. */
  const delayOf = (commandId: string): number => {
    const digest = createHash('md5').update(`${seed}|${commandId}`).digest()
    return options.delayMs * (0.5 + digest.readUInt32BE(0) / 2 ** 32)
  }

  const callbackUrl = (event: string, mainRoomId: string, mix: Mix): string => {
    const query = new URLSearchParams({
      MainMixDomain: playHost,
      MainMixApp: app,
      MainMixStream: mainRoomId,
      MixDomain: playHost,
      MixApp: app,
      MixStream: mix.mixRoomId,
      MixType: mix.mixType,
      MixTemplate: mix.mixTemplate,
      Event: event,
      Code: 'Success',
      Message: '',
      time: String(Math.floor(Date.now() / 1000)),
    })
    return `${options.ingestUrl}/ali/mix/status/notify?${query.toString()}`
  }

  /** Headers of a signed callback: MD5 of `domain|timestamp|key`, the timestamp in epoch seconds. */
  const signature = (): Record<string, string> => {
    if (options.callbackKey === undefined) return {}
    const timestamp = String(Math.floor(Date.now() / 1000))
    const digest = createHash('md5').update(`${playHost}|${timestamp}|${options.callbackKey}`).digest('hex')
    return { 'ALI-LIVE-TIMESTAMP': timestamp, 'ALI-LIVE-SIGNATURE': digest }
  }

  /** Undefined when the callback was answered 200, else why not. */
  const tryCallback = async (url: string, signal: AbortSignal | undefined): Promise<string | undefined> => {
    const timeout = AbortSignal.timeout(callbackTimeoutMs)
    try {
      const response = await fetch(url, {
        headers: signature(),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      })
      await response.body?.cancel()
      return response.status === 200 ? undefined : `status ${response.status}`
    } catch (error) {
      signal?.throwIfAborted()
      return error instanceof Error ? error.message : String(error)
    }
  }

  const callBack = async (event: string, mainRoomId: string, mix: Mix, signal?: AbortSignal): Promise<void> => {
    const url = callbackUrl(event, mainRoomId, mix)
    for (let attempt = 1; ; attempt++) {
      const trouble = await tryCallback(url, signal)
      if (trouble === undefined) return
      if (attempt === callbackAttempts || closing.signal.aborted) {
        log.warn({ event, attempts: attempt, trouble }, 'gave a status callback up')
        return
      }
      await sleep(firstRetryMs * 2 ** (attempt - 1), undefined, signal && { signal })
    }
  }

  const callBackLater = (delayMs: number, mainRoomId: string, mix: Mix): void => {
    const callback = sleep(delayMs, undefined, { signal: closing.signal })
      .catch(() => log.debug({}, 'closing: a status callback goes out early'))
      .then(() => callBack('EventMix', mainRoomId, mix))
      .finally(() => callbacks.delete(callback))
    callbacks.add(callback)
  }

  const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (closing.signal.aborted) throw new Fault('DEADLINE_PASSED', 'the simulated cloud is closed')
    await sleep(ms, undefined, { signal })
  }

  const refusal = (error: string): MixAnswer => ({
    accepted: false,
    error,
    message: `the simulated cloud answers ${error} by configuration`,
  })

  const startMix = async (command: StartMix, signal: AbortSignal): Promise<MixAnswer> => {
    const { roomId, mixRoomId, mixType, mixTemplate } = command
    const delayMs = delayOf(command.eventId)
    await wait(delayMs, signal)
    if (failures.start !== undefined) {
      if (mixes.get(roomId) === undefined) remember(roomId, null)
      return refusal(failures.start)
    }
    const mix = { mixRoomId, mixType, mixTemplate }
    remember(roomId, mix)
    callBackLater(delayMs * pictureDelays, roomId, mix)
    return { accepted: true, streamNames: [`${roomId}_mix360`, `${roomId}_mix480`] }
  }

  const stopMix = async (command: StopMix, signal: AbortSignal): Promise<MixAnswer> => {
    await wait(delayOf(command.eventId), signal)
    if (failures.stop !== undefined) return refusal(failures.stop)
    const mix = mixes.get(command.roomId)
    // Nothing is mixed, so nothing changes in the picture and nobody is told.
    if (mix !== null) await callBack('EventMixStop', command.roomId, mix ?? unknownMix(command), signal)
    remember(command.roomId, null)
    return { accepted: true, streamNames: [] }
  }

  return {
    startMix,
    stopMix,
    close: async () => {
      closing.abort()
      await Promise.all(callbacks)
    },
  }
}

/** A mix that an earlier process started: its kind is the usual one. */
const unknownMix = ({ mixRoomId }: StopMix): Mix => ({
  mixRoomId,
  mixType: 'channel',
  mixTemplate: 'picture_in_picture',
})
