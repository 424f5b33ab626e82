/** Which of a mix's streams: the one into which is mixed, or the other. */
export type Half = 'main' | 'other'

/** What a mix has to tell of itself. */
export type MixLife = {
  readonly there: { readonly main: boolean; readonly other: boolean }
  /**
   * `owed`: to be told that the picture is whole as soon as it is; `told`: done; `not-owed`: the main stream broke, and only a new start
   * makes it a mix again.
   */
  readonly success: 'owed' | 'told' | 'not-owed'
  /** How many frames the encoder had been given when both streams were there again; undefined while one is missing. */
  readonly wholeAfterFrames: number | undefined
}

export type MixEvent =
  /** An accepted command; also one that repeats what runs. */
  | { readonly kind: 'started' }
  | { readonly kind: 'there'; readonly half: Half; readonly framesSent: number }
  | { readonly kind: 'lost'; readonly half: Half }
  /** The encoder has published so many frames. */
  | { readonly kind: 'published'; readonly frames: number }

/** The code of the status callback EventMix that follows, if any. */
export type MixReport = 'Success' | 'MainStreamNotExist' | 'MixStreamNotExist'

export type Lived = { readonly life: MixLife; readonly report: MixReport | undefined }

export const newMix: MixLife = {
  there: { main: false, other: false },
  success: 'owed',
  wholeAfterFrames: undefined,
}

/**
 * What an event means for what the cloud reports of a mix: Success when a frame with both streams has been published, once per start
 * and per return of the other stream; a break of either stream once. Events of a half alternate: there, lost, there.
 */
export const liveMix = (life: MixLife, event: MixEvent): Lived => {
  switch (event.kind) {
    case 'started':
      return { life: { ...life, success: 'owed' }, report: undefined }
    case 'there': {
      const there = { ...life.there, [event.half]: true }
      const wholeAfterFrames = there.main && there.other ? event.framesSent : undefined
      return { life: { ...life, there, wholeAfterFrames }, report: undefined }
    }
    case 'lost':
      return {
        life: {
          there: { ...life.there, [event.half]: false },
          success: event.half === 'main' || life.success === 'not-owed' ? 'not-owed' : 'owed',
          wholeAfterFrames: undefined,
        },
        report: event.half === 'main' ? 'MainStreamNotExist' : 'MixStreamNotExist',
      }
    case 'published':
      return life.success === 'owed' && life.wholeAfterFrames !== undefined && event.frames > life.wholeAfterFrames
        ? { life: { ...life, success: 'told' }, report: 'Success' }
        : { life, report: undefined }
  }
}
