const opcodes = { text: 1, close: 8, ping: 9 } as const

/** A frame of the server that asks for something: a ping to be answered, or the end with its code (RFC 6455, 5.5). */
export type Control = { readonly kind: 'ping' | 'close'; readonly payload: Buffer }

/** What came over one connection. A line is a JSON object; lines are parted by newlines, and a frame ends a line. */
export type Heard = {
  comments: number
  likes: number
  gaps: number
  errors: number
  /** Answers to `subscribe`. */
  subscribed: number
  /** Lines of any other kind. */
  others: number
  /** Text frames that were compressed; their lines are not counted. */
  compressed: number
  /** Payload of text frames, as it came. */
  textBytes: number
}

export const nothingHeard = (): Heard => ({
  comments: 0,
  likes: 0,
  gaps: 0,
  errors: 0,
  subscribed: 0,
  others: 0,
  compressed: 0,
  textBytes: 0,
})

/** Where the kinds of lines differ: `{"type":6`, `{"type":7`, `{"op":"gap"`, `{"op":"error"`, `{"op":"subscribed"`. */
const kindAt = 8
const kinds: ReadonlyMap<number, keyof Heard> = new Map(
  (
    [
      ['6', 'comments'],
      ['7', 'likes'],
      ['a', 'gaps'],
      ['r', 'errors'],
      ['u', 'subscribed'],
    ] as const
  ).map(([letter, kind]) => [letter.charCodeAt(0), kind]),
)

const compressedBit = 0x40
const newline = 10

/**
 * Walks through what a server sends over one connection, and counts the lines by kind without looking at more than one byte
 * of each: thousands of these have to cost less than the server that they listen to. Chunks may be cut anywhere.
 */
export class FrameWalker {
  heard = nothingHeard()
  /** The beginning of a header, or of a control frame. */
  #rest: Buffer | null = null
  /** Of the text frame that is being read. */
  #payloadLeft = 0
  #isCompressed = false
  /** Bytes of the current line that have been seen; past the kind it does not matter how many. */
  #lineAt = 0

  /** The chunk may be overwritten afterwards. `onControl` gets bytes of its own. */
  feed(chunk: Buffer, onControl: (control: Control) => void): void {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = null
    let at = 0
    let nextNewline = -1
    while (at < bytes.length) {
      if (this.#payloadLeft === 0) {
        const begun = this.#begin(bytes, at, onControl)
        if (begun === undefined) {
          this.#rest = Buffer.from(bytes.subarray(at))
          return
        }
        at = begun
        continue
      }
      const end = Math.min(bytes.length, at + this.#payloadLeft)
      this.#payloadLeft -= end - at
      this.heard.textBytes += end - at
      if (!this.#isCompressed) nextNewline = this.#countLines(bytes, at, end, nextNewline)
      if (this.#payloadLeft === 0) this.#lineAt = 0
      at = end
    }
  }

  /** Reads a header, or a whole control frame; where it goes on. Undefined: more bytes are needed. */
  #begin(bytes: Buffer, at: number, onControl: (control: Control) => void): number | undefined {
    if (bytes.length < at + 2) return undefined
    const first = bytes.readUInt8(at)
    const short = bytes.readUInt8(at + 1)
    const headerBytes = short === 127 ? 10 : short === 126 ? 4 : 2
    if (bytes.length < at + headerBytes) return undefined
    const length =
      short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short === 126 ? bytes.readUInt16BE(at + 2) : short
    const from = at + headerBytes
    const opcode = first & 0x0f
    if (opcode === opcodes.text) {
      this.#payloadLeft = length
      this.#isCompressed = (first & compressedBit) !== 0
      if (this.#isCompressed) this.heard.compressed += 1
      return from
    }
    if (bytes.length < from + length) return undefined
    const payload = Buffer.from(bytes.subarray(from, from + length))
    if (opcode === opcodes.ping) onControl({ kind: 'ping', payload })
    else if (opcode === opcodes.close) onControl({ kind: 'close', payload })
    return from + length
  }

  /** `nextNewline`: what an earlier call returned for these bytes, so that none of them is searched twice. */
  #countLines(bytes: Buffer, from: number, end: number, nextNewline: number): number {
    let at = from
    let next = nextNewline
    for (;;) {
      if (this.#lineAt <= kindAt) {
        const place = at + kindAt - this.#lineAt
        if (place >= end) {
          this.#lineAt += end - at
          return next
        }
        this.heard[kinds.get(bytes.readUInt8(place)) ?? 'others'] += 1
        this.#lineAt = kindAt + 1
        at = place + 1
      }
      if (next < at) {
        next = bytes.indexOf(newline, at)
        if (next === -1) next = Infinity
      }
      if (next >= end) return next
      at = next + 1
      this.#lineAt = 0
    }
  }
}
