/** A request for a stream of events, as it came; a header or query that is absent is empty. */
export type StreamRequest = {
  readonly origin: string
  readonly address: string
  readonly authorization: string
  readonly lastEventId: string
  readonly room: string
}

type Headers = Readonly<Record<string, string>>

/** The answer to such a request: either refused as a whole, or begun and written bit by bit. After its end everything does nothing. */
export type ResponseStream = {
  /** Answers with a status (`404 Not Found`) and a body, and ends. */
  readonly refuse: (status: string, headers: Headers, body: string) => void
  /** Answers 200 with these headers; before anything is written. */
  readonly begin: (headers: Headers) => void
  /**
   * Hands text to the kernel. `buffered`: certainly not all of it was taken. The library cannot say so of little text, so
   * `sent` is no more than a hope; a client that takes nothing for ten seconds is ended by the library.
   */
  readonly write: (text: string) => 'sent' | 'buffered'
  /** Ends it; what was written before still goes out. */
  readonly end: () => void
}

/** Who answers requests for streams; `S` is what it keeps for each. */
export type StreamEvents<S> = {
  /** Headers that let a page of this origin read the answers; null: it may not. */
  readonly asked: (origin: string) => Headers | null
  readonly requested: (request: StreamRequest, response: ResponseStream) => S
  /** The kernel takes more. */
  readonly drained: (session: S) => void
  /** The end, whoever ended it, also of a refused one; once, and after `requested` has returned. */
  readonly closed: (session: S) => void
}
