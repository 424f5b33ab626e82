import type { Weight } from '../../../schemas/events.ts'
import { Fifo } from './fifo.ts'
import { isExpired, likesOf, type Line } from './line.ts'
import type { GapReason, Losses } from './losses.ts'
import { encodeGap } from './protocol.ts'

/** Bounds of what may wait for one connection; one object for all of them. */
export type OutboxPolicy = {
  /** Weights 4 and 5 are never dropped: beyond this the connection has to go. */
  readonly maxSignalBytes: number
  /** Beyond this the oldest comments are dropped, and the client is told how many. */
  readonly maxCommentBytes: number
  /** So many comments go before a message of weight 9 gets its turn, when both wait. */
  readonly commentsPerLike: number
  /** A like that stands for `count`: encoded when it leaves, not at each merge. */
  readonly withCount: (line: Line, count: number) => Line
}

/** One object for the client: a message, or the notice that messages were left out just here. */
export type Outgoing =
  | { readonly kind: 'message'; readonly bytes: Buffer; readonly line: Line }
  | {
      readonly kind: 'gap'
      readonly bytes: Buffer
      readonly room: string
      readonly gap: Gap
    }

/** Messages of a weight that a client is not given; null: nobody knows how many. `reason`: why the first of them was left out. */
export type Gap = { readonly weight: 8 | 9; readonly dropped: number | null; readonly reason: GapReason }

/** What may leave now. */
export type Leave = {
  /** For all of it together; one object may always leave. */
  readonly maxBytes: number
  /** Whether so many bytes of weights 8 and 9 may leave: what would have left by then; `isFirst`: with nothing of them before. */
  readonly admitsBulk: (bytes: number, isFirst: boolean) => boolean
  readonly nowMs: number
}

/** What of weight 9 waits of a room: likes as one, the newest of anything else. */
type Tally = { like: Line | null; count: number; other: Line | null }

/** `"count":` with a comma and every digit that a sum can have. */
const countBytes = 26
/** Objects of a frame are parted by a newline. */
const newlineBytes = 1

/**
 * What waits for one connection, in the order in which it should leave: 4 before 5 before the rest, 8 and 9 by turns; inside
 * a weight and room the order of the log. When it is full, likes of a room merge into one with an exact count, comments drop
 * oldest first, and 4 and 5 are kept: too many of them end the connection.
 */
export class Outbox {
  readonly #policy: OutboxPolicy
  readonly #losses: Losses
  readonly #first = new Fifo<Line>()
  readonly #second = new Fifo<Line>()
  readonly #comments = new Fifo<Line>()
  /** Of weight 9, by room. */
  readonly #tallies = new Map<string, Tally>()
  /** Comments left out, by room: all of them were older than the oldest that still waits. */
  readonly #commentGaps = new Map<string, Gap>()
  readonly #likeGaps = new Map<string, Gap>()
  #signalBytes = 0
  /** Of these, those of weight 4. */
  #firstBytes = 0
  #commentBytes = 0
  #tallyBytes = 0
  #commentsLeft: number

  constructor(policy: OutboxPolicy, losses: Losses) {
    this.#policy = policy
    this.#losses = losses
    this.#commentsLeft = policy.commentsPerLike
  }

  get isEmpty(): boolean {
    return !this.hasSignals && !this.#hasComments && !this.#hasTallies
  }

  get hasSignals(): boolean {
    return this.#first.size + this.#second.size > 0
  }

  get signalBytes(): number {
    return this.#signalBytes
  }

  /** Bytes of what waits. The lines are shared: so much of them may be kept for others anyway. */
  get bytes(): number {
    return this.#signalBytes + this.#commentBytes + this.#tallyBytes
  }

  /** Of `bytes`, those of a weight. */
  bytesOf(weight: Weight): number {
    switch (weight) {
      case 4:
        return this.#firstBytes
      case 5:
        return this.#signalBytes - this.#firstBytes
      case 8:
        return this.#commentBytes
      case 9:
        return this.#tallyBytes
    }
  }

  /** Puts a line behind those of its weight. Bounds are seen to by `trim`, when it is clear what has to wait. */
  push(line: Line): void {
    switch (line.weight) {
      case 4:
      case 5:
        ;(line.weight === 4 ? this.#first : this.#second).push(line)
        this.#addSignal(line, 1)
        return
      case 8:
        this.#comments.push(line)
        this.#commentBytes += line.bytes.length
        return
      case 9:
        this.#tally(line)
    }
  }

  /** Something of a room was left out before everything that is pushed from now on. */
  leaveOut(room: string, gap: Gap): void {
    const { weight, dropped, reason } = gap
    if (dropped !== null && reason !== 'too_old') this.#losses.dropped(reason, dropped)
    const gaps = weight === 8 ? this.#commentGaps : this.#likeGaps
    const before = gaps.get(room)
    gaps.set(room, before === undefined ? gap : { ...before, dropped: sum(before.dropped, dropped) })
  }

  /**
   * Drops the oldest comments beyond their bound, but never the newest; `share` (0 to 1) makes the bound smaller where memory is
   * short. Weights 4 and 5 stay.
   */
  trim(share = 1): void {
    const { maxCommentBytes } = this.#policy
    while (this.#commentBytes > maxCommentBytes * share && this.#comments.size > 1) {
      this.#dropOldest(this.#commentBytes > maxCommentBytes ? 'queue_full' : 'memory_full')
    }
  }

  /** Takes the next objects out, as many as may leave. Invites that are too late vanish. */
  take({ maxBytes, admitsBulk, nowMs }: Leave): readonly Outgoing[] {
    const taken: Outgoing[] = []
    let bytes = 0
    let bulkBytes = 0
    for (;;) {
      this.#dropExpired(nowMs)
      const isBulk = !this.hasSignals
      const next = this.#nextBytes()
      if (next === 0 || (taken.length > 0 && bytes + next > maxBytes)) break
      if (isBulk && !admitsBulk(bulkBytes + next, bulkBytes === 0)) break
      const out = this.#takeNext()
      if (out === undefined) break
      taken.push(out)
      bytes += out.bytes.length + newlineBytes
      if (isBulk) bulkBytes += out.bytes.length + newlineBytes
    }
    return taken
  }

  /** The oldest position of a room and weight that still waits; undefined: none does. */
  oldestPos(room: string, weight: Weight): number | undefined {
    if (weight === 9) return this.#tallies.get(room)?.like?.pos ?? undefined
    const lines = weight === 4 ? this.#first : weight === 5 ? this.#second : this.#comments
    for (const line of lines) if (line.room === room) return line.pos ?? undefined
    return undefined
  }

  /** Forgets what waits of a room. */
  forget(room: string): void {
    for (const lines of [this.#first, this.#second, this.#comments]) lines.retain((line) => line.room !== room)
    this.#tallies.delete(room)
    this.#commentGaps.delete(room)
    this.#likeGaps.delete(room)
    this.#firstBytes = bytesOf(this.#first)
    this.#signalBytes = this.#firstBytes + bytesOf(this.#second)
    this.#commentBytes = bytesOf(this.#comments)
    this.#tallyBytes = 0
    for (const { like, other } of this.#tallies.values()) this.#tallyBytes += sizeOf(like) + sizeOf(other)
  }

  get #hasComments(): boolean {
    return this.#comments.size + this.#commentGaps.size > 0
  }

  get #hasTallies(): boolean {
    return this.#tallies.size + this.#likeGaps.size > 0
  }

  get #isCommentsTurn(): boolean {
    return this.#hasComments && (this.#commentsLeft > 0 || !this.#hasTallies)
  }

  #addSignal({ weight, bytes }: Line, sign: 1 | -1): void {
    this.#signalBytes += sign * bytes.length
    if (weight === 4) this.#firstBytes += sign * bytes.length
  }

  #dropExpired(nowMs: number): void {
    for (const lines of [this.#first, this.#second]) {
      for (let line = lines.peek(); line !== undefined && isExpired(line, nowMs); line = lines.peek()) {
        this.#addSignal(line, -1)
        lines.shift()
        this.#losses.dropped('expired', 1)
      }
    }
  }

  /** The size of what `#takeNext` will give, at most; 0: nothing waits. */
  #nextBytes(): number {
    const signal = this.#first.peek() ?? this.#second.peek()
    if (signal !== undefined) return signal.bytes.length + newlineBytes
    if (this.#isCommentsTurn) {
      // A gap leaves with the comment that follows it: otherwise the rest of a full window would be filled with gaps.
      const comment = sizeOf(this.#comments.peek() ?? null) + newlineBytes
      for (const [room, gap] of this.#commentGaps) return gapOf(room, gap).bytes.length + newlineBytes + comment
      return comment
    }
    for (const [room, gap] of this.#likeGaps) return gapOf(room, gap).bytes.length + newlineBytes
    for (const { like, other } of this.#tallies.values()) {
      return (like === null ? sizeOf(other) : like.bytes.length + countBytes) + newlineBytes
    }
    return 0
  }

  #takeNext(): Outgoing | undefined {
    const signal = this.#first.shift() ?? this.#second.shift()
    if (signal !== undefined) {
      this.#addSignal(signal, -1)
      return messageOf(signal)
    }
    return this.#isCommentsTurn ? this.#nextComment() : this.#nextTally()
  }

  #nextComment(): Outgoing | undefined {
    for (const [room, gap] of this.#commentGaps) {
      this.#commentGaps.delete(room)
      return gapOf(room, gap)
    }
    const line = this.#comments.shift()
    if (line === undefined) return undefined
    this.#commentBytes -= line.bytes.length
    this.#commentsLeft = Math.max(0, this.#commentsLeft - 1)
    return messageOf(line)
  }

  #nextTally(): Outgoing | undefined {
    this.#commentsLeft = this.#policy.commentsPerLike
    for (const [room, gap] of this.#likeGaps) {
      this.#likeGaps.delete(room)
      return gapOf(room, gap)
    }
    for (const [room, tally] of this.#tallies) {
      const { like, count, other } = tally
      this.#tallyBytes -= sizeOf(like ?? other)
      // A room's turn takes it to the end of the line, so that rooms take turns, too.
      this.#tallies.delete(room)
      if (like === null) return other === null ? undefined : messageOf(other)
      if (other !== null) this.#tallies.set(room, { like: null, count: 0, other })
      return messageOf(count === likesOf(like) ? like : this.#policy.withCount(like, count))
    }
    return undefined
  }

  #tally(line: Line): void {
    let tally = this.#tallies.get(line.room)
    if (tally === undefined) {
      tally = { like: null, count: 0, other: null }
      this.#tallies.set(line.room, tally)
    }
    const replaced = line.liked === null ? tally.other : tally.like
    this.#tallyBytes += sizeOf(line) - sizeOf(replaced)
    if (replaced !== null) this.#losses.merged(line.liked === null ? 'replaced' : 'counted', 1)
    if (line.liked === null) tally.other = line
    else {
      tally.like = line
      tally.count += likesOf(line)
    }
  }

  #dropOldest(reason: 'queue_full' | 'memory_full'): void {
    const line = this.#comments.shift()
    if (line === undefined) return
    this.#commentBytes -= line.bytes.length
    this.leaveOut(line.room, { weight: 8, dropped: 1, reason })
  }
}

/** A message as it leaves. */
export const messageOf = (line: Line): Outgoing => ({ kind: 'message', bytes: line.bytes, line })

const gapOf = (room: string, gap: Gap): Outgoing & { readonly kind: 'gap' } => ({
  kind: 'gap',
  bytes: Buffer.from(encodeGap(room, gap.weight, gap.dropped)),
  room,
  gap,
})

const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b)

const sizeOf = (line: Line | null): number => line?.bytes.length ?? 0

const bytesOf = (lines: Iterable<Line>): number => {
  let bytes = 0
  for (const line of lines) bytes += line.bytes.length
  return bytes
}
