/** A record to be appended. `key` decides the partition (murmur2 over its UTF-8 bytes) unless `partition` is given. */
export type OutgoingMessage = {
  readonly topic: string
  readonly key: string | null
  /** null is a tombstone: a compacted topic forgets the key. */
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, string>>
  readonly partition?: number
}

/**
 * A record as it was read. Of a header that occurs more than once the last value is given.
 * Its buffers are views into the whole fetch answer: copy what is kept for long.
 */
export type IncomingMessage = {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer>>
  /** Epoch ms: the broker's append time on a topic with LogAppendTime, else the producer's. */
  readonly timestamp: number
  /** Bytes of key and value. */
  readonly size: number
}

/** Where a record was appended. `appendedAt` (epoch ms) is null unless the topic has LogAppendTime. */
export type Appended = {
  readonly partition: number
  readonly offset: number
  readonly appendedAt: number | null
}
