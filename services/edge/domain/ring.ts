/** A message that a ring keeps. */
export type Kept = {
  readonly room: string
  readonly offset: number
  /** When it was read, epoch milliseconds. */
  readonly keptAt: number
  /** Memory that it takes. */
  bytes: number
}

export type RingLimits = {
  readonly maxBytes: number
  readonly maxAgeMs: number
  /** Rooms of which it is remembered up to where their messages are gone. */
  readonly maxForgottenRooms: number
}

/** First in, first out, with access by index: the head moves, and the array is cut now and then. */
type Queue<T> = { items: T[]; head: number }

/**
 * The recent messages of one partition of a log, by room. Bounded by age and bytes, the oldest go first. It always knows from
 * which offset on it has everything, and for a room whose messages it has never dropped, how far back that is true of this room.
 */
export class Ring<T extends Kept> {
  readonly #limits: RingLimits
  readonly #onBytes: (change: number) => void
  readonly #all: Queue<T> = { items: [], head: 0 }
  readonly #byRoom = new Map<string, Queue<T>>()
  /** Offset of the last message dropped of a room, lowest first. A room that is not in it has lost nothing since `#floor`. */
  readonly #forgotten = new Map<string, number>()
  #floor: number
  #from: number
  #next: number
  #bytes = 0

  /** `start`: the offset from which on the log is read; `onBytes` hears of every change of `bytes`. */
  constructor(start: number, limits: RingLimits, onBytes: (change: number) => void = () => undefined) {
    this.#limits = limits
    this.#onBytes = onBytes
    this.#floor = start
    this.#from = start
    this.#next = start
  }

  /** Whatever the log has from here up to the last message added is in the ring. */
  get from(): number {
    return this.#from
  }

  /** One past the last message added. */
  get next(): number {
    return this.#next
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The offset from which on the ring has all messages of a room. */
  completeFrom(room: string): number {
    return Math.max(this.#floor, (this.#forgotten.get(room) ?? -1) + 1)
  }

  /** Adds the next message of the log; one that was added before is passed over. */
  append(message: T): void {
    if (message.offset < this.#next) return
    this.#next = message.offset + 1
    this.#all.items.push(message)
    const own = this.#byRoom.get(message.room)
    if (own === undefined) this.#byRoom.set(message.room, { items: [message], head: 0 })
    else own.items.push(message)
    this.#count(message.bytes)
    this.expire(message.keptAt)
  }

  /**
   * Puts what was before the ring in front of it: all messages of the log in [start, end). Nothing happens when that would
   * leave a hole; what does not fit is dropped again.
   */
  extend({ start, end, messages, nowMs }: { start: number; end: number; messages: readonly T[]; nowMs: number }): void {
    if (end < this.#from || start >= this.#from) return
    const older = messages.filter(({ offset }) => offset < this.#from)
    this.#all.items = [...older, ...rest(this.#all)]
    this.#all.head = 0
    for (const [room, own] of Map.groupBy(older, (message) => message.room)) {
      const newer = this.#byRoom.get(room)
      this.#byRoom.set(room, { items: newer === undefined ? own : [...own, ...rest(newer)], head: 0 })
    }
    for (const message of older) this.#count(message.bytes)
    for (const [room, offset] of this.#forgotten) {
      if (offset < start) continue
      this.#forgotten.delete(room)
      if (start > this.#floor) this.#forgotten.set(room, start - 1)
    }
    this.#floor = Math.min(this.#floor, start)
    this.#from = start
    this.expire(nowMs)
  }

  /** The messages of a room behind an offset, oldest first. */
  after(room: string, offset: number): readonly T[] {
    const own = this.#byRoom.get(room)
    return own === undefined ? [] : own.items.slice(firstAfter(own.items, offset, own.head))
  }

  /** Tells that a message takes another amount of memory than before. */
  weigh(message: T, bytes: number): void {
    const own = this.#byRoom.get(message.room)
    const isHere = own?.items[firstAfter(own.items, message.offset - 1, own.head)] === message
    if (isHere) this.#count(bytes - message.bytes)
    message.bytes = bytes
  }

  /** Drops what is too old, or too much. */
  expire(nowMs: number): void {
    const { maxAgeMs, maxBytes } = this.#limits
    for (;;) {
      const oldest = this.#all.items[this.#all.head]
      if (oldest === undefined) return
      if (this.#bytes <= maxBytes && oldest.keptAt > nowMs - maxAgeMs) return
      this.#drop(oldest)
    }
  }

  /** Forgets everything; for a ring that is not used any more. */
  clear(): void {
    this.#all.items = []
    this.#all.head = 0
    this.#byRoom.clear()
    this.#floor = this.#next
    this.#from = this.#next
    this.#count(-this.#bytes)
  }

  #count(change: number): void {
    this.#bytes += change
    this.#onBytes(change)
  }

  #drop(oldest: T): void {
    const { room, offset, bytes } = oldest
    dropFirst(this.#all)
    this.#count(-bytes)
    this.#from = offset + 1
    const own = this.#byRoom.get(room)
    if (own !== undefined) {
      dropFirst(own)
      if (own.items.length === own.head) this.#byRoom.delete(room)
    }
    // Behind all others: what is dropped now has the highest offset of all that was dropped.
    this.#forgotten.delete(room)
    this.#forgotten.set(room, offset)
    if (this.#forgotten.size <= this.#limits.maxForgottenRooms) return
    for (const [first, last] of this.#forgotten) {
      this.#forgotten.delete(first)
      this.#floor = Math.max(this.#floor, last + 1)
      return
    }
  }
}

const rest = <T>({ items, head }: Queue<T>): readonly T[] => items.slice(head)

/** Heads are cut off when they are this long and half of the array: constant time for each message on average. */
const longHead = 64

const dropFirst = <T>(queue: Queue<T>): void => {
  queue.head += 1
  if (queue.head < longHead || queue.head * 2 < queue.items.length) return
  queue.items = queue.items.slice(queue.head)
  queue.head = 0
}

/** The index of the first message behind an offset, from `start` on; the length when there is none. */
export const firstAfter = (messages: readonly Pick<Kept, 'offset'>[], offset: number, start = 0): number => {
  let low = start
  let high = messages.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((messages[middle]?.offset ?? Infinity) > offset) high = middle
    else low = middle + 1
  }
  return low
}
