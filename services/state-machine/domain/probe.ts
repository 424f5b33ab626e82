import type { ProbeSent } from '../../../schemas/types.generated.ts'
import { ignore, nextId, type Turn } from './turn.ts'

/**
 * Sends a probe on to the edges, with the time at which it was sent. It belongs to no room: whatever is known under its roomId stays as
 * it is. A version that does not know the record passes it over, and one that does waits for nobody, so that services may be
 * renewed in any order.
 */
export const passProbe = (turn: Turn, { roomId, occurredAt }: ProbeSent): void => {
  const { inputPos } = turn.room
  turn.outputs.push({ type: 'ProbePassed', record: { eventId: nextId(turn), roomId, occurredAt, inputPos } })
  ignore(turn, 'probe')
}
