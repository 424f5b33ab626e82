import { pushMessageOf, type Lane, type PushMessage } from '../../schemas/events.ts'
import { wireFields, type AnyRecord, type PushRecordName, type RecordOf } from '../../schemas/types.generated.ts'

/** A push record and what the table of messages says of it. */
export type Push = RecordOf<PushRecordName> & { readonly message: PushMessage }

/** What a record says to clients; undefined when it is no push message, or not one of this lane. */
export const pushOf = (record: AnyRecord, lane: Lane): Push | undefined => {
  const message = pushMessageOf(record.type)
  return message?.lane === lane && isPushRecord(record) ? { ...record, message } : undefined
}

const isPushRecord = (record: AnyRecord): record is RecordOf<PushRecordName> => record.type in wireFields
