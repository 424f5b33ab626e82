/** What a server sends: RFC 6455, section 5.2, without extensions. */
export type ServerFrame =
  | { readonly kind: 'text'; readonly payload: Buffer }
  | { readonly kind: 'ping'; readonly payload: Buffer }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }

const opcodes = { text: 0x1, close: 0x8, ping: 0x9, pong: 0xa } as const
const noStatus = 1005

/** Splits the bytes of a connection into frames; what is not whole yet is kept for the next bytes. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0)

  /** The frames that these bytes complete. Payloads are views into the bytes. Throws at what this client never agreed to. */
  push(bytes: Buffer): readonly ServerFrame[] {
    const data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const frames: ServerFrame[] = []
    let at = 0
    for (let end = endOf(data, at); end !== undefined && end <= data.length; end = endOf(data, at)) {
      const frame = frameOf(data[at] ?? 0, data.subarray(at + headerBytes(data, at), end))
      if (frame !== undefined) frames.push(frame)
      at = end
    }
    this.#rest = data.subarray(at)
    return frames
  }
}

const headerBytes = (data: Buffer, at: number): number => {
  const length = (data[at + 1] ?? 0) & 0x7f
  return length === 127 ? 10 : length === 126 ? 4 : 2
}

/** Where the frame that begins there ends; undefined while its length is not known. */
const endOf = (data: Buffer, at: number): number | undefined => {
  if (data.length < at + 2) return undefined
  const header = headerBytes(data, at)
  if (data.length < at + header) return undefined
  const short = (data[at + 1] ?? 0) & 0x7f
  const length = header === 10 ? Number(data.readBigUInt64BE(at + 2)) : header === 4 ? data.readUInt16BE(at + 2) : short
  return at + header + length
}

const frameOf = (first: number, payload: Buffer): ServerFrame | undefined => {
  switch (first) {
    case 0x80 | opcodes.text:
      return { kind: 'text', payload }
    case 0x80 | opcodes.ping:
      return { kind: 'ping', payload }
    case 0x80 | opcodes.pong:
      return undefined
    case 0x80 | opcodes.close:
      return payload.length < 2
        ? { kind: 'close', code: noStatus, reason: '' }
        : { kind: 'close', code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) }
    default:
      throw new Error(`a frame that begins with ${first.toString(16)} was not agreed to`)
  }
}

/** A frame of a client; masked, as it must be, with zeros, which leave the payload as it is. */
export const clientFrame = (kind: 'text' | 'pong' | 'close', payload: Buffer): Buffer => {
  const { length } = payload
  const header =
    length < 126 ? Buffer.from([0, 0x80 | length]) : Buffer.from([0, 0x80 | 126, length >> 8, length & 0xff])
  header[0] = 0x80 | opcodes[kind]
  return Buffer.concat([header, Buffer.alloc(4), payload])
}
