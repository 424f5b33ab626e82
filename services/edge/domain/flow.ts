import { Fifo } from './fifo.ts'

/** What was published to a room, in payload bytes since it is here: one counter for all who are on its fast way. */
export type RoomStream = {
  bytes: number
  /** Of them, weights 8 and 9. */
  bulkBytes: number
  /** Where the last message of weight 4 or 5 ended; 0: there was none. */
  signalEnd: number
}

export const newRoomStream = (): RoomStream => ({ bytes: 0, bulkBytes: 0, signalEnd: 0 })

/** A client that acknowledges nothing may have so much of weights 8 and 9 on its way. */
export const defaultWindowBytes = 64 * 1024
/** No window is larger: what is on its way cannot be overtaken any more. */
export const maxWindowBytes = 1024 * 1024
/** A client that acknowledges nothing is asked after every so many bytes how far it has read. */
const markEveryBytes = 12 * 1024
/** Between the marks of two neighbours; without a common divisor with the distance of marks. */
const turnBytes = 4_999

/**
 * How many payload bytes of one connection are on their way. All positions are counts of the text bytes sent to it since it
 * opened, without framing. On the fast way nothing is counted for the connection: it follows the counter of its room, and what it was
 * sent is that counter and an offset.
 */
export class Flow {
  #offset = 0
  #stream: RoomStream | null = null
  /** The counters of the stream when this connection began to follow it. */
  #followedAt = 0
  #bulkAtFollow = 0
  #windowBytes = 0
  #acknowledged = 0
  #confirmed = 0
  #marked = 0
  #markAt = markEveryBytes
  #signalEnd = 0
  #bulkBytes = 0
  /** Frames with bulk that are on their way, when sent by the slow way: made when there is the first. */
  #bulk: Fifo<{ readonly end: number; readonly bytes: number }> | null = null

  /** Bytes sent so far. */
  get sent(): number {
    return this.#offset + (this.#stream === null ? 0 : this.#stream.bytes)
  }

  /** Bytes of which the client has not said that it has them. */
  get inFlight(): number {
    return this.sent - this.#acknowledged
  }

  /** The most that may be on its way of weights 8 and 9. */
  get windowBytes(): number {
    return this.#windowBytes === 0 ? defaultWindowBytes : this.#windowBytes
  }

  /** Of the bytes in flight, those of weights 8 and 9, at most: a frame counts until all of it is acknowledged. */
  get bulkInFlight(): number {
    const { inFlight } = this
    if (this.#stream === null) return Math.min(inFlight, this.#bulkBytes)
    return Math.min(inFlight, this.#bulkBytes + this.#stream.bulkBytes - this.#bulkAtFollow)
  }

  /** Bytes in flight of weights 4 and 5, with answers. */
  get signalInFlight(): number {
    return this.inFlight - this.bulkInFlight
  }

  /** True while the client has not been seen to have read the last message of weight 4 or 5. */
  get owesSignals(): boolean {
    return this.#lastSignalEnd > this.#confirmed
  }

  /** Furthest position that the client was seen to have read, by an acknowledgement or by a mark. */
  get confirmed(): number {
    return this.#confirmed
  }

  /** Time for a mark: the client acknowledges nothing, and enough was sent since the last. */
  get wantsMark(): boolean {
    return this.#windowBytes === 0 && this.sent >= this.#markAt && this.sent > this.#marked
  }

  /** Something was sent after the last mark. */
  get isUnmarked(): boolean {
    return this.sent > this.#marked
  }

  get #lastSignalEnd(): number {
    const stream = this.#stream
    if (stream === null || stream.signalEnd <= this.#followedAt) return this.#signalEnd
    return Math.max(this.#signalEnd, this.#offset + stream.signalEnd)
  }

  /** The client says what window it wants, and that it acknowledges; null: it does not. */
  setWindow(bytes: number | null): void {
    this.#windowBytes = bytes === null ? 0 : Math.min(bytes, maxWindowBytes)
  }

  /** A frame was sent on the connection's own; `bulkBytes` of it are of weights 8 and 9. */
  sentDirect(bytes: number, { bulkBytes, hasSignal }: { bulkBytes: number; hasSignal: boolean }): void {
    this.#offset += bytes
    if (hasSignal) this.#signalEnd = this.sent
    if (bulkBytes > 0) this.#addBulk(bulkBytes)
  }

  /**
   * From now on it gets what is published to a room. `turn`: its number among those who do, so that their marks do not all fall due
   * with the same message.
   */
  follow(stream: RoomStream, turn = 0): void {
    this.#offset -= stream.bytes
    this.#stream = stream
    this.#followedAt = stream.bytes
    this.#bulkAtFollow = stream.bulkBytes
    this.#markAt = Math.min(this.#markAt, this.sent + ((turn * turnBytes) % markEveryBytes))
  }

  /** What is published to the room does not reach it any more. */
  unfollow(): void {
    const stream = this.#stream
    if (stream === null) return
    const bulkBytes = Math.min(this.inFlight, stream.bulkBytes - this.#bulkAtFollow)
    this.#signalEnd = this.#lastSignalEnd
    this.#offset += stream.bytes
    this.#stream = null
    // Where in the stream the bulk was is not known: all of it counts until everything is acknowledged.
    if (bulkBytes > 0) this.#addBulk(bulkBytes)
  }

  /** Whether so many bytes of weights 8 and 9 may be sent: inside the window, or one message when none is on its way. */
  admitsBulk(bytes: number, isFirst: boolean): boolean {
    const { bulkInFlight } = this
    return (isFirst && bulkInFlight === 0) || bulkInFlight + bytes <= this.windowBytes
  }

  /**
   * The client has received so many bytes in all; more than was sent counts as all, less than before as nothing new.
   * True when that is news. A client that did not say that it acknowledges is not believed.
   */
  acknowledge(bytes: number): boolean {
    return this.#windowBytes !== 0 && this.#read(bytes, true)
  }

  /** A mark came back. True when that is news. It frees the window of those who acknowledge nothing. */
  confirm(mark: number): boolean {
    return this.#read(mark, this.#windowBytes === 0)
  }

  /** The mark to send now: the position that its answer will confirm. */
  mark(): number {
    this.#marked = this.sent
    this.#markAt = this.#marked + markEveryBytes
    return this.#marked
  }

  #read(bytes: number, frees: boolean): boolean {
    const upTo = Math.min(bytes, this.sent)
    const isNews = upTo > (frees ? this.#acknowledged : this.#confirmed)
    this.#confirmed = Math.max(this.#confirmed, upTo)
    if (frees && isNews) this.#free(upTo)
    return isNews
  }

  #free(upTo: number): void {
    this.#acknowledged = upTo
    const bulk = this.#bulk
    if (bulk === null) return
    for (let first = bulk.peek(); first !== undefined && first.end <= upTo; first = bulk.peek()) {
      bulk.shift()
      this.#bulkBytes -= first.bytes
    }
    if (bulk.size === 0) this.#bulk = null
  }

  #addBulk(bytes: number): void {
    this.#bulk ??= new Fifo()
    this.#bulk.push({ end: this.sent, bytes })
    this.#bulkBytes += bytes
  }
}
