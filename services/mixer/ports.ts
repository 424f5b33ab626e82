import type { CloudCallback } from './domain/callback.ts'

/** The way back from a video cloud to ingest. */
export type Callbacks = {
  /**
   * Sends a callback behind the earlier ones of the same room, again until it is answered 200. Resolves to true then, and to false
   * when it was given up or refused. When the signal aborts, it rejects at once and the callback is not tried any more.
   */
  readonly send: (callback: CloudCallback, signal?: AbortSignal) => Promise<boolean>
  /** Tries what is still open once more, at once; resolves when nothing is under way any more. */
  readonly close: () => Promise<void>
}

/** The streams that broadcasters push to the media server. */
export type SourceStreams = {
  /** Its frames arrive now. */
  readonly isFlowing: (roomId: string) => boolean
  /** It flows, and MixAvailable has been reported since it last broke: it may be the main stream of a mix. */
  readonly isAvailable: (roomId: string) => boolean
}

/** A source began to flow, or does not any more (it ended, or its frames stay away). */
export type SourceChange = { readonly roomId: string; readonly isFlowing: boolean }
