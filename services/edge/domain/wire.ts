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
  /** Offset in its partition. */
  readonly pos: number
}

/** Positions of the lanes by weight, as they stand on the wire. */
export type Positions = { readonly 4: number; readonly 5: number; readonly 8: number; readonly 9: number }

/**
 * The line of a record. Undefined for a message to one user that names none: it must reach nobody rather than everybody
 * (message 2 carries a secret).
 */
export const lineOf = ({ kind, name, record, pos }: LoggedPush): Line | undefined => {
  const toUid = 'toUid' in record ? record.toUid : null
  if (kind.audience !== 'room' && toUid === null) return undefined
  return {
    room: record.roomId,
    weight: kind.weight,
    pos,
    bytes: Buffer.from(JSON.stringify(envelopeOf({ kind, name, record, pos })), 'utf8'),
    occurredAt: record.occurredAt,
    toUid,
    expiresAt: isInvite(name, record) ? record.expiresAt : Infinity,
    liked: isLike(name, record) ? record : null,
  }
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
): string => JSON.stringify({ ...envelopeOf({ kind, name: 'RoomState', record: state }), asOf })

const envelopeOf = ({ kind, name, record, pos }: Omit<LoggedPush, 'pos'> & { readonly pos?: number }): object => ({
  type: kind.type,
  time: record.occurredAt,
  data: dataOf(name, record),
  room: record.roomId,
  weight: kind.weight,
  ...(pos === undefined ? {} : { pos }),
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
