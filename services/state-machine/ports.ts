import type { PeerMessage, Room, TimerFired } from '../../schemas/types.generated.ts'
import type { Cause } from '../shared/tracing/tracing.ts'
import type { Input, Output } from './domain/decide.ts'
import type { Like } from './like-totals.ts'

/** A record of room.input, decoded: an input, or one that is not for the domain (unknown type, or given up as a dead letter). */
export type ReadInput = { readonly position: number; readonly timestamp: number; readonly input: Input | null }

/** What one transaction commits. A room of null is forgotten. */
export type Commit = {
  readonly outputs: readonly Output[]
  /** The `traceparent` of the records of these outputs; the others have none. */
  readonly traceparents: ReadonlyMap<Output, string>
  readonly rooms: ReadonlyMap<string, Room | null>
  /** The first offset of room.input that is not consumed. */
  readonly next: number
  /** The first offset of push.like that is not counted. */
  readonly likesNext: number
}

/** The log of one partition's states and outputs; whoever opened it last is its only writer. */
export type Journal = {
  /** What was committed: every room, and where to go on in room.input and in push.like. */
  readonly restored: {
    readonly rooms: Map<string, Room>
    readonly next: number
    readonly likesNext: number
    /** How many records were read for it. */
    readonly records: number
  }
  /** All or nothing. After a throw the journal is unusable: what was committed can only be told by opening it anew. */
  readonly commit: (commit: Commit) => Promise<void>
  readonly close: () => Promise<void>
}

/** Reads push.like, partition by partition. */
export type LikeLane = {
  /** Delivers what is there from an offset on; nothing more once the returned function was called. One follower a partition. */
  readonly follow: (
    partition: number,
    from: number,
    take: (likes: readonly Like[], position: number) => void,
  ) => () => void
}

/** Appends to room.input outside of transactions, idempotently; resolves with the broker's append time, epoch ms. */
export type Appender = {
  /** `cause`: what it follows from, in traces. */
  readonly tellPeer: (message: PeerMessage, cause: Cause) => Promise<number>
  readonly fireTimer: (timer: TimerFired) => Promise<number>
  /** Appends a record that changes nothing, in order to learn the broker's time. */
  readonly readClock: (partition: number) => Promise<number>
}
