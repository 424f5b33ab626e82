import type { IncomingMessage } from '../kafka/message.ts'

/** Something that goes on, and ends once. */
export type Span = {
  /** What is written to the headers of whatever it causes. */
  readonly traceparent: string
  /** `failure`: why it failed: a Fault, another error, or a code; its text is not recorded. Undefined: it did not fail. */
  readonly end: (failure?: unknown) => void
}

/** A request that is answered; it ends with the HTTP status of its answer. */
export type ServerSpan = { readonly traceparent: string; readonly end: (status: number) => void }

/** What something follows from: a span of this process, or the `traceparent` that came with it; undefined: nobody knows. */
export type Cause = { readonly traceparent: string } | string | undefined

/** Of a record that is written. */
export type SentRecord = { readonly topic: string; readonly type: string; readonly roomId: string }

/** Of a record that is processed, besides what its message says. */
export type ProcessedRecord = {
  readonly type: string
  readonly roomId: string
  /** The consumer group, where there is one. */
  readonly group?: string
  /** Of a push: its weight, and to how many connections it goes. */
  readonly weight?: number
  readonly connections?: number
}

/**
 * Traces of what happens here. Contexts are passed by hand, as the `traceparent` of headers: nothing is kept beside the calls. What may
 * become an attribute is what these verbs take, and none of them takes a user, a text, an address or a key.
 *
 * All give undefined for what is not recorded. Only `serve`, and `process` without a cause where `isRoot` says so, ask the sampler;
 * all else is recorded when its cause is.
 */
export type Tracing = {
  /** False: all of them always give undefined. Hot paths ask this first. */
  readonly isOn: boolean
  /** A request by HTTP; `route` is the pattern that it matched. */
  readonly serve: (
    request: { readonly method: string; readonly route: string | undefined; readonly path: string },
    cause: Cause,
  ) => ServerSpan | undefined
  readonly send: (record: SentRecord, cause: Cause) => Span | undefined
  readonly process: (
    message: Pick<IncomingMessage, 'topic' | 'partition' | 'offset'>,
    record: ProcessedRecord,
    cause: Cause,
    options?: { readonly isRoot?: boolean },
  ) => Span | undefined
  /** A transaction that takes in what `causes` have done: it is a part of the first one, and is linked to all. */
  readonly commit: (
    transaction: {
      readonly topic: string
      readonly partition: number
      readonly inputs: number
      readonly outputs: number
    },
    causes: readonly Span[],
  ) => Span | undefined
  /** One call of another party's API; `method` is `Service/Method`. */
  readonly call: (method: string, cause: Cause) => Span | undefined
}

const nothing = (): undefined => undefined

/** Nothing is traced. */
export const tracingOff: Tracing = {
  isOn: false,
  serve: nothing,
  send: nothing,
  process: nothing,
  commit: nothing,
  call: nothing,
}

/** The headers of a record of that type: whoever reads it goes on from its cause. */
export const recordHeaders = (type: string, cause: Cause): Readonly<Record<string, string>> => {
  if (cause === undefined) return { type }
  return { type, traceparent: typeof cause === 'string' ? cause : cause.traceparent }
}

/** Sends a record inside a span of its own, whose context it carries; where nothing is recorded, it carries what its cause has. */
export const traceSend = async <T>(
  tracing: Tracing,
  record: SentRecord,
  cause: Cause,
  send: (headers: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> => {
  const span = tracing.isOn ? tracing.send(record, cause) : undefined
  if (span === undefined) return send(recordHeaders(record.type, cause))
  try {
    const sent = await send(recordHeaders(record.type, span))
    span.end()
    return sent
  } catch (error) {
    span.end(error)
    throw error
  }
}
