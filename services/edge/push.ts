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

/** Why a push record must reach nobody; undefined: nothing is wrong with it. `key`: of its message. */
export const misfit = ({ record, message }: Push, key: string, isHome: boolean): string | undefined => {
  if (!isHome) return 'in the wrong partition for its key'
  if (record.roomId !== key) return 'its key is not its roomId'
  if (message.audience === 'user' && (!('toUid' in record) || record.toUid === null)) return 'toUid is missing'
  return undefined
}
