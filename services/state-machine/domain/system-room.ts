import type { SessionTerms } from '../../../schemas/types.generated.ts'
import { audience, partyOf, roomStatus } from './terms.ts'
import { clearTimer, setTimer } from './timers.ts'
import { change, type Turn } from './turn.ts'

/** The room that the system makes for an audience party: its stream has callbacks like any, but nobody subscribes to it. */
export const beginSystemRoom = (turn: Turn, terms: SessionTerms): void => {
  const { uid, name } = partyOf(terms, turn.room.roomId)
  clearTimer(turn, 'tombstone')
  change(turn, {
    uid,
    name,
    type: audience,
    status: roomStatus.systemIdle,
    createdAt: turn.now,
    endedAt: null,
    endReason: null,
  })
  setTimer(turn, 'grace', '', turn.now + turn.rules.graceMs)
}

/** Marks a room as ended, without a push; its state is dropped later. */
export const endRoomQuietly = (turn: Turn, reason: string): void => {
  clearTimer(turn, 'grace')
  change(turn, { status: roomStatus.ended, mixReady: false, endedAt: turn.now, endReason: reason })
  setTimer(turn, 'tombstone', '', turn.now + turn.rules.tombstoneMs)
}
