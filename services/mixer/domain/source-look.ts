/** A stream that somebody publishes, as the media server's statistics tell it. */
export type SeenStream = {
  /** Number of the publishing connection, unique in one run of the media server. */
  readonly client: number
  /** RTMP timestamp of the newest message: 32 bits, wraps after seven weeks. */
  readonly timestampMs: number
  readonly bytesIn: number
  /** A codec of a video is known. */
  readonly hasVideo: boolean
}

/** One look at the statistics: all rooms that are published. */
export type SourceLook = {
  /** Names the run of the media server. */
  readonly server: string
  readonly streams: ReadonlyMap<string, SeenStream>
}
