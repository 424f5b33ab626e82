import type { Weight } from '../../../schemas/events.ts'
import { Fifo } from './fifo.ts'
import { isExpired, type Line } from './line.ts'
import { encodeGap } from './protocol.ts'

/** Bounds of what may wait for one connection; one object for all of them. */
export type OutboxPolicy = {
  /** Weights 4 and 5 are never dropped: beyond this the connection has to go. */
  readonly maxSignalBytes: number
  /** Beyond this the oldest comments are dropped, and the client is told how many. */
  readonly maxCommentBytes: number
  /** So many comments go before a like gets its turn, when both wait. */
  readonly commentsPerLike: number
  /** A like that stands for `count`: encoded when it leaves, not at each merge. */
  readonly withCount: (line: Line, count: number) => Line
}

/** One object for the client: a message, or the notice that comments were left out just here. */
export type Outgoing =
  | { readonly kind: 'message'; readonly bytes: Buffer; readonly line: Line }
  | { readonly kind: 'gap'; readonly bytes: Buffer; readonly dropped: number }

type MergedLike = { newest: Line; count: number }

/**
 * What waits for one connection, in the order in which it should leave: 4 before 5 before the rest, 8 and 9 by turns; inside
 * a weight and room the order of the log. When it is full, likes of a room merge into one with an exact count, comments drop
 * oldest first, and 4 and 5 are kept: `trim` says when there are too many.
 */
export class Outbox {
  readonly #policy: OutboxPolicy
  readonly #first = new Fifo<Line>()
  readonly #second = new Fifo<Line>()
  readonly #comments = new Fifo<Line>()
  readonly #likes = new Map<string, MergedLike>()
  /** Comments dropped, by room: all of them were older than the oldest that still waits. */
  readonly #dropped = new Map<string, number>()
  #signalBytes = 0
  #commentBytes = 0
  #commentsLeft: number

  constructor(policy: OutboxPolicy) {
    this.#policy = policy
    this.#commentsLeft = policy.commentsPerLike
  }

  get isEmpty(): boolean {
    return this.#first.size + this.#second.size + this.#comments.size + this.#likes.size + this.#dropped.size === 0
  }

  /** Bytes of messages of weights 4, 5 and 8 that wait; the likes are one a room. */
  get bytes(): number {
    return this.#signalBytes + this.#commentBytes
  }

  /** Puts a line behind those of its weight. Bounds are seen to by `trim`, when it is clear what has to wait. */
  push(line: Line): void {
    switch (line.weight) {
      case 4:
      case 5:
        ;(line.weight === 4 ? this.#first : this.#second).push(line)
        this.#signalBytes += line.bytes.length
        return
      case 8:
        this.#comments.push(line)
        this.#commentBytes += line.bytes.length
        return
      case 9:
        this.#like(line)
    }
  }

  /** Drops the oldest comments beyond their bound, but never the newest. False when more of weights 4 and 5 waits than may. */
  trim(): boolean {
    while (this.#commentBytes > this.#policy.maxCommentBytes && this.#comments.size > 1) this.#dropOldest()
    return this.#signalBytes <= this.#policy.maxSignalBytes
  }

  /** Takes the next objects out, at least one if there is any, until `maxBytes` is reached. Invites that are too late vanish. */
  take(maxBytes: number, nowMs: number): readonly Outgoing[] {
    const taken: Outgoing[] = []
    for (let bytes = 0; bytes < maxBytes;) {
      const next = this.#next(nowMs)
      if (next === undefined) break
      taken.push(next)
      bytes += next.bytes.length
    }
    return taken
  }

  /** The oldest position of a room and weight that still waits; undefined: none does. */
  oldestPos(room: string, weight: Weight): number | undefined {
    if (weight === 9) return this.#likes.get(room)?.newest.pos
    const lines = weight === 4 ? this.#first : weight === 5 ? this.#second : this.#comments
    for (const line of lines) if (line.room === room) return line.pos
    return undefined
  }

  /** Forgets what waits of a room. */
  forget(room: string): void {
    for (const lines of [this.#first, this.#second, this.#comments]) lines.retain((line) => line.room !== room)
    this.#likes.delete(room)
    this.#dropped.delete(room)
    this.#signalBytes = bytesOf(this.#first) + bytesOf(this.#second)
    this.#commentBytes = bytesOf(this.#comments)
  }

  #next(nowMs: number): Outgoing | undefined {
    for (const lines of [this.#first, this.#second]) {
      for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
        this.#signalBytes -= line.bytes.length
        if (!isExpired(line, nowMs)) return messageOf(line)
      }
    }
    const hasComments = this.#comments.size + this.#dropped.size > 0
    const hasLikes = this.#likes.size > 0
    if (hasComments && (this.#commentsLeft > 0 || !hasLikes)) return this.#nextComment()
    return hasLikes ? this.#nextLike() : undefined
  }

  #nextComment(): Outgoing | undefined {
    for (const [room, dropped] of this.#dropped) {
      this.#dropped.delete(room)
      return { kind: 'gap', bytes: Buffer.from(encodeGap(room, 8, dropped)), dropped }
    }
    const line = this.#comments.shift()
    if (line === undefined) return undefined
    this.#commentBytes -= line.bytes.length
    this.#commentsLeft = Math.max(0, this.#commentsLeft - 1)
    return messageOf(line)
  }

  #nextLike(): Outgoing | undefined {
    for (const [room, { newest, count }] of this.#likes) {
      this.#likes.delete(room)
      this.#commentsLeft = this.#policy.commentsPerLike
      return messageOf(count === newest.liked?.count ? newest : this.#policy.withCount(newest, count))
    }
    return undefined
  }

  #like(line: Line): void {
    const count = line.liked?.count ?? 1
    const waiting = this.#likes.get(line.room)
    if (waiting === undefined) {
      this.#likes.set(line.room, { newest: line, count })
      return
    }
    waiting.newest = line
    waiting.count += count
  }

  #dropOldest(): void {
    const line = this.#comments.shift()
    if (line === undefined) return
    this.#commentBytes -= line.bytes.length
    this.#dropped.set(line.room, (this.#dropped.get(line.room) ?? 0) + 1)
  }
}

const messageOf = (line: Line): Outgoing => ({ kind: 'message', bytes: line.bytes, line })

const bytesOf = (lines: Iterable<Line>): number => {
  let bytes = 0
  for (const line of lines) bytes += line.bytes.length
  return bytes
}
