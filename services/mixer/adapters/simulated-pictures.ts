import type { StartMix } from '../../../schemas/types.generated.ts'
import type { CloudCallback, StatusCallback } from '../domain/callback.ts'
import type { StatusWord } from '../domain/simulated-failures.ts'
import type { Callbacks } from '../ports.ts'

/** What a callback needs to know of a mix. */
export type Mix = Pick<StartMix, 'mixRoomId' | 'mixType' | 'mixTemplate'>

/** The callback for a mix whose content changed. */
export const statusOf = (
  roomId: string,
  mix: Mix,
  event: StatusCallback['event'],
  code: StatusCallback['code'] = 'Success',
): StatusCallback => ({
  kind: 'status',
  roomId,
  ...mix,
  event,
  code,
  message: code === 'Success' ? '' : `the simulated cloud reports ${code} by configuration`,
})

/** What there is to see of the mixes that were started. */
export type SimulatedPictures = {
  /**
   * The mix shows after `stepMs`. With `failure`, that is reported after another step, if this mix runs still, and after a third one that
   * what was missing is back: MixAvailable for the main stream, EventMix for the other one.
   */
  readonly begin: (options: {
    readonly roomId: string
    readonly mix: Mix
    readonly stepMs: number
    readonly failure: StatusWord | undefined
  }) => void
  /** Hands the first reports that are still to come over to `callbacks` at once; nothing fails any more. */
  readonly close: () => void
}

/** @param isRunning whether that mix, and no later one, is what runs in the room */
export const createSimulatedPictures = ({
  callbacks,
  isRunning,
}: {
  readonly callbacks: Callbacks
  readonly isRunning: (roomId: string, mix: Mix) => boolean
}): SimulatedPictures => {
  // Timers of what is still to come → what they do. As many as there are mixes at most.
  const shows = new Map<NodeJS.Timeout, () => void>()
  const failures = new Set<NodeJS.Timeout>()

  // Nobody waits for it; `callbacks` tells when it gives one up.
  const report = (callback: CloudCallback): void => void callbacks.send(callback)

  const later = (stepMs: number, act: () => void): void => {
    const timer = setTimeout(() => {
      failures.delete(timer)
      act()
    }, stepMs)
    failures.add(timer)
  }

  return {
    begin: ({ roomId, mix, stepMs, failure }) => {
      const isBack = (): void => {
        if (!isRunning(roomId, mix)) return
        if (failure === 'MainStreamNotExist') report({ kind: 'availability', roomId })
        if (failure === 'MixStreamNotExist') report(statusOf(roomId, mix, 'EventMix'))
      }
      const fail = (word: StatusWord): void => {
        if (!isRunning(roomId, mix)) return
        report(statusOf(roomId, mix, 'EventMix', word))
        later(stepMs, isBack)
      }
      const show = (): void => {
        clearTimeout(timer)
        shows.delete(timer)
        report(statusOf(roomId, mix, 'EventMix'))
      }
      const timer = setTimeout(() => {
        show()
        if (failure !== undefined) later(stepMs, () => fail(failure))
      }, stepMs)
      shows.set(timer, show)
    },
    close: () => {
      for (const timer of failures) clearTimeout(timer)
      for (const show of shows.values()) show()
    },
  }
}
