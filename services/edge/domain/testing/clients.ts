import type { Weight } from '../../../../schemas/events.ts'
import type { Line } from '../line.ts'
import { Flow } from '../flow.ts'
import type { Link, Recipient } from '../recipient.ts'

/** An object that a client was sent, as its connection carries it. */
export type Carried = { readonly text: string; readonly bytes: number; readonly bulkBytes: number }

/**
 * A client and the connection to it, in memory: frames and pings stay on their way until the client reads, as bytes do in the
 * buffers of kernels; the socket takes no more while too much is unread.
 */
export class MemoryClient {
  readonly recipient: Recipient
  readonly room = new Set<string>()
  /** What the client has read, object by object. */
  readonly read: string[] = []
  /** Bytes of every frame that was put on its way, and those of bulk, in the order of sending. */
  readonly carried: Carried[] = []
  readonly #way: ({ readonly frame: string } | { readonly mark: string })[] = []
  readonly #socketBytes: number
  sentBytes = 0
  readBytes = 0
  closedWith: string | undefined
  #isFull = false

  constructor({ uid, windowBytes, socketBytes }: { uid: string; windowBytes: number | null; socketBytes: number }) {
    this.#socketBytes = socketBytes
    const link: Link = {
      send: (frame) => {
        this.carry(Buffer.from(frame).toString())
        this.#isFull ||= this.sentBytes - this.readBytes > this.#socketBytes
        return this.#isFull ? 'buffered' : 'sent'
      },
      ping: (mark) => void this.#way.push({ mark }),
      subscribe: (room) => {
        if (this.room.has(room)) throw new Error(`${uid} is subscribed to ${room} twice`)
        this.room.add(room)
      },
      unsubscribe: (room) => {
        if (!this.room.delete(room)) throw new Error(`${uid} is not subscribed to ${room}`)
      },
      close: (reason) => {
        this.closedWith ??= reason
      },
    }
    this.recipient = {
      link,
      uid,
      flow: new Flow(),
      canFollow: true,
      rooms: [],
      way: null,
      outbox: null,
      heldBack: null,
      isBlocked: false,
      isClosed: false,
      owedSince: 0,
    }
    this.recipient.flow.setWindow(windowBytes)
  }

  /** Puts a frame on its way, as a send or a publish does. */
  carry(frame: string): void {
    this.#way.push({ frame })
    this.sentBytes += frame.length
    const objects = frame.split('\n')
    for (const [index, text] of objects.entries()) {
      const bytes = text.length + (index < objects.length - 1 ? 1 : 0)
      this.carried.push({ text, bytes, bulkBytes: isBulkText(text) ? bytes : 0 })
    }
  }

  /** Bytes of bulk that were sent and not acknowledged, and of how many objects they are. */
  get bulkOnItsWay(): { readonly bytes: number; readonly objects: number } {
    let end = 0
    let bytes = 0
    let objects = 0
    for (const one of this.carried) {
      end += one.bytes
      if (one.bulkBytes === 0 || end <= this.recipient.flow.confirmed) continue
      bytes += one.bulkBytes
      objects += 1
    }
    return { bytes, objects }
  }

  /** Reads up to so many frames; answers the pings among them. True if there was anything. */
  readFrames(count: number, ponged: (mark: string) => void): boolean {
    const isAny = this.#way.length > 0
    for (let frames = 0; frames < count;) {
      const next = this.#way.shift()
      if (next === undefined) break
      if ('mark' in next) ponged(next.mark)
      else {
        this.readBytes += next.frame.length
        this.read.push(...next.frame.split('\n'))
        frames += 1
      }
    }
    return isAny
  }

  /** True once, when the socket was full and is not any more. */
  hasDrained(): boolean {
    if (!this.#isFull || this.sentBytes - this.readBytes > this.#socketBytes / 2) return false
    this.#isFull = false
    return true
  }
}

/** For example `{"w":4,"p":17,"r":"a"}` with padding: all that the model has to know of a message. */
export const textOf = ({
  room,
  weight,
  pos,
  size,
  count,
}: {
  room: string
  weight: Weight
  pos: number
  size: number
  count?: number
}): string => JSON.stringify({ room, weight, pos, ...(count === undefined ? {} : { count }), pad: 'x'.repeat(size) })

export const lineWith = (
  over: Pick<Line, 'room' | 'weight'> & {
    readonly pos: number
    readonly size: number
    readonly count?: number
  } & Partial<Pick<Line, 'toUid' | 'expiresAt'>>,
): Line => {
  const { room, weight, pos, size, count = 1, toUid = null, expiresAt = Infinity } = over
  const liked =
    weight === 9 ? { eventId: String(pos), roomId: room, occurredAt: 0, uid: 'u', name: String(size), count } : null
  const text = textOf(liked === null ? { room, weight, pos, size } : { room, weight, pos, size, count })
  return { room, weight, pos, bytes: Buffer.from(text), occurredAt: 0, toUid, expiresAt, liked }
}

/** The same like with another count. */
export const lineWithCount = (line: Line, count: number): Line =>
  line.liked === null
    ? line
    : lineWith({ room: line.room, weight: 9, pos: line.pos ?? -1, size: Number(line.liked.name), count })

const isBulkText = (text: string): boolean => text.includes('"weight":8') || text.includes('"weight":9')
