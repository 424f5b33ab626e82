import type { PeerMessage } from '../../../schemas/types.generated.ts'
import { isEnded } from './terms.ts'
import { answer, ignore, push, tell, type Turn } from './turn.ts'

/** A request that waits in this room for what a later input brings. */
export type WaitingRequest = {
  readonly requestId: string
  readonly uid: string
  /** When it was taken, epoch ms. */
  readonly at: number
  /** The room in which the asking user is. */
  readonly roomId: string
}

/**
 * Refuses a request that has waited. Later than `lateMs` after it was taken its caller has been answered 202, so that the asking
 * user gets push 100 as well, in the room in which he is.
 */
export const reject = (
  turn: Turn,
  { requestId, uid, at, roomId }: WaitingRequest,
  sessionId: string,
  code: number,
  message: string,
): void => {
  answer(turn, requestId, code, message)
  if (turn.now - at <= turn.rules.lateMs) return
  if (roomId === turn.room.roomId) pushRejected(turn, uid, requestId, code, message)
  else tell(turn, roomId, 'rejected', sessionId, { code, subject: requestId, uid, message })
}

/** A request of this room's broadcaster was refused in the room that decided it. */
export const takeRejected = (turn: Turn, { uid, subject, code, message }: PeerMessage): void => {
  if (isEnded(turn.room)) return ignore(turn, 'rejected: nobody is here any more')
  pushRejected(turn, uid, subject, code, message)
}

const pushRejected = (turn: Turn, toUid: string, requestId: string, code: number, message: string): void => {
  push(turn, 'RequestRejected', { requestId, code, message }, { toUid, endReason: 'refused', actor: toUid })
}
