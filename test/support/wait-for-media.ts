import { setTimeout as sleep } from 'node:timers/promises'
import { grabPicture, grabPictures, grabSound, lookMs } from './media-player.ts'
import type { Look } from './media-player.ts'
import { describePicture } from './picture.ts'
import type { Picture } from './picture.ts'
import type { Sound } from './tones.ts'

/** In less time hardly anything is seen of a stream. */
const shortestMs = 3_000

/**
 * Looks at a stream again and again until `isIt` holds of what `look` sees, and resolves to that. Rejects at the deadline with what was
 * seen last, or why nothing was.
 */
const lookUntil = async <Seen>({
  what,
  look,
  isIt,
  describe,
  deadlineMs,
}: {
  readonly what: string
  readonly look: (deadlineMs: number) => Promise<Seen>
  readonly isIt: (seen: Seen) => boolean
  readonly describe: (seen: Seen) => string
  readonly deadlineMs: number
}): Promise<Seen> => {
  const endsAt = performance.now() + deadlineMs
  let last = 'nothing'
  let failure: Error | undefined
  for (;;) {
    const leftMs = endsAt - performance.now()
    if (leftMs <= 0) {
      const message = `not seen within ${deadlineMs} ms: ${what}; seen last: ${last}`
      throw new Error(failure === undefined ? message : `${message}; then ${failure.message}`, { cause: failure })
    }
    try {
      const seen = await look(Math.min(lookMs, leftMs))
      if (isIt(seen)) return seen
      last = describe(seen)
      failure = undefined
    } catch (error) {
      // The last look is cut short by the deadline: what came of the one before it says more.
      if (failure === undefined || leftMs > shortestMs)
        failure = error instanceof Error ? error : new Error(String(error))
    }
    await sleep(100)
  }
}

/** Resolves to the first picture of a stream of which the condition holds; `what`: the condition in words. */
export const waitForPicture = ({
  what,
  isIt,
  deadlineMs = 30_000,
  ...look
}: Look & { readonly what: string; readonly isIt: (picture: Picture) => boolean }): Promise<Picture> =>
  lookUntil({
    what,
    look: (leftMs) => grabPicture({ ...look, deadlineMs: leftMs }),
    isIt,
    describe: describePicture,
    deadlineMs,
  })

/** The same of pictures that follow each other, for example to see whether anything moves. */
export const waitForPictures = ({
  what,
  isIt,
  count = 2,
  secondsApart = 0.5,
  deadlineMs = 30_000,
  ...look
}: Look & {
  readonly what: string
  readonly isIt: (pictures: readonly Picture[]) => boolean
  readonly count?: number
  readonly secondsApart?: number
}): Promise<readonly Picture[]> =>
  lookUntil({
    what,
    look: (leftMs) => grabPictures({ ...look, count, secondsApart, deadlineMs: leftMs }),
    isIt,
    describe: (pictures) => pictures.map(describePicture).join('; '),
    deadlineMs,
  })

/** Resolves to the first sound of a stream of which the condition holds. */
export const waitForSound = ({
  what,
  isIt,
  describe,
  deadlineMs = 30_000,
  url,
}: {
  readonly url: string
  readonly what: string
  readonly isIt: (sound: Sound) => boolean
  readonly describe: (sound: Sound) => string
  readonly deadlineMs?: number
}): Promise<Sound> =>
  lookUntil({ what, look: (leftMs) => grabSound({ url, deadlineMs: leftMs }), isIt, describe, deadlineMs })
