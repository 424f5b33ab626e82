import {
  wireFields,
  type CohostInvited,
  type Liked,
  type PushRecordName,
  type Records,
  type RoomState,
} from '../../../schemas/types.generated.ts'
import type { Weight } from '../../../schemas/events.ts'
import type { Line } from './line.ts'

/** What the table of messages says of a push record: its number on the wire, its weight and to whom it goes. */
export type MessageKind = {
  readonly type: number
  readonly weight: Weight
  readonly audience: 'room' | 'user' | 'connection'
}

/** A record from the log of a lane. */
export type LoggedPush = {
  readonly kind: MessageKind
  readonly name: PushRecordName
  readonly record: Records[PushRecordName]
  /** Offset in its partition; null for what was never in a log. */
  readonly pos: number | null
}

/** Positions of the lanes by weight, as they stand on the wire. */
export type Positions = { readonly 4: number; readonly 5: number; readonly 8: number; readonly 9: number }

/**
 * The line of a record. Undefined for a message to one user that names none: it must reach nobody rather than everybody
 * (message 2 carries a secret).
 */
export const lineOf = (logged: LoggedPush): Line | undefined => {
  const { kind, record } = logged
  const toUid = 'toUid' in record ? record.toUid : null
  return kind.audience !== 'room' && toUid === null ? undefined : new RecordLine(logged, toUid)
}

/** The line of a record is encoded when somebody needs its bytes: most likes are merged before. */
class RecordLine implements Line {
  readonly room: string
  readonly weight: Weight
  readonly pos: number | null
  readonly occurredAt: number
  readonly toUid: string | null
  readonly expiresAt: number
  readonly liked: Liked | null
  #logged: LoggedPush | null
  #bytes: Buffer = noBytes

  constructor(logged: LoggedPush, toUid: string | null) {
    const { kind, name, record, pos } = logged
    this.room = record.roomId
    this.weight = kind.weight
    this.pos = pos
    this.occurredAt = record.occurredAt
    this.toUid = toUid
    this.expiresAt = isInvite(name, record) ? record.expiresAt : Infinity
    this.liked = isLike(name, record) ? record : null
    this.#logged = logged
  }

  get bytes(): Buffer {
    if (this.#logged !== null) {
      const text = JSON.stringify(envelopeOf(this.#logged))
      this.#bytes = this.weight < 8 ? inMemoryOfItsOwn(text) : Buffer.from(text, 'utf8')
      this.#logged = null
    }
    return this.#bytes
  }
}

const noBytes = Buffer.alloc(0)

/**
 * Signals are kept for minutes. A small buffer is a slice of one of Node's 8 KiB: a single signal would keep in memory whatever
 * comments and likes were encoded at the same moment.
 */
const inMemoryOfItsOwn = (text: string): Buffer => {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
  bytes.write(text)
  return bytes
}

/** The same like with another count: what it stands for when several were merged into the newest. */
export const withCount = (kind: MessageKind, line: Line, count: number): Line =>
  line.liked === null
    ? line
    : (lineOf({ kind, name: 'Liked', record: { ...line.liked, count }, pos: line.pos }) ?? line)

/** Message 104, for one connection: it has no position of its own but says which positions it includes. */
export const encodeRoomState = (
  kind: MessageKind,
  state: RoomState,
  asOf: { readonly 4: number; readonly 5: number },
): string => JSON.stringify({ ...envelopeOf({ kind, name: 'RoomState', record: state, pos: null }), asOf })

const envelopeOf = ({ kind, name, record, pos }: LoggedPush): object => ({
  type: kind.type,
  time: record.occurredAt,
  data: dataOf(name, record),
  room: record.roomId,
  weight: kind.weight,
  ...(pos === null ? {} : { pos }),
  id: record.eventId,
})

/** The fields of a record under the names that they have in `data`. */
const dataOf = (name: PushRecordName, record: object): Readonly<Record<string, unknown>> => {
  const data: Record<string, unknown> = {}
  for (const { field, wire, omitWhen } of wireFields[name]) {
    const value: unknown = Reflect.get(record, field)
    if (omitWhen === undefined || value !== omitWhen) data[wire] = value
  }
  return data
}

const isInvite = (name: PushRecordName, record: object): record is CohostInvited =>
  name === 'CohostInvited' && 'expiresAt' in record

const isLike = (name: PushRecordName, record: object): record is Liked => name === 'Liked' && 'count' in record
