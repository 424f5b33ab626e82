import type { LiveCreateRequested, LiveLeaveRequested } from '../../../schemas/types.generated.ts'
import { endInvite } from './invite-ending.ts'
import { failAgreement, rejectMerged } from './locks.ts'
import { leaveAtEnd } from './peers.ts'
import { endRoomQuietly } from './system-room.ts'
import { broadcaster, isEnded, isSystemRoom, roomStatus } from './terms.ts'
import { setTimer } from './timers.ts'
import { answer, change, codes, push, type Turn } from './turn.ts'

/** A live is created; it must push within the grace. */
export const requestCreate = (turn: Turn, request: LiveCreateRequested): void => {
  const { eventId, uid, description, occurredAt } = request
  if (turn.room.uid !== '') return answer(turn, eventId, codes.taken, 'this room exists already')
  const name = request.name ?? uid
  change(turn, {
    uid,
    name,
    description,
    type: broadcaster,
    status: roomStatus.created,
    createdAt: turn.now,
    endedAt: null,
    endReason: null,
    timers: [],
  })
  setTimer(turn, 'grace', '', turn.now + turn.rules.graceMs)
  answer(turn, eventId, codes.done, 'created', {
    live: {
      uid,
      name,
      roomId: turn.room.roomId,
      description,
      status: roomStatus.created,
      type: broadcaster,
      isMixReady: false,
      isMixed: false,
      // From the request's own time, so that an early answer without this decision shows the same address.
      rtmpUrl: turn.rules.media.pushUrl(turn.room.roomId, occurredAt),
    },
  })
}

/** The broadcaster ends the live. */
export const requestLeave = (turn: Turn, { eventId }: LiveLeaveRequested): void => {
  const { room } = turn
  if (room.uid === '' || isSystemRoom(room)) return answer(turn, eventId, codes.noSuchRoom, 'this room does not exist')
  if (!isEnded(room)) endRoom(turn, 'request', room.uid)
  answer(turn, eventId, codes.done, 'ended')
}

/** The grace has passed without a stream. */
export const endByGrace = (turn: Turn): void => {
  if (isEnded(turn.room) || turn.room.status === roomStatus.pushing) return
  endRoom(turn, 'grace-expired', 'clock')
}

/** Ends a room with all that waits in it: agreements, invites, its session; then push 8 as its last. */
const endRoom = (turn: Turn, reason: string, actor: string): void => {
  const cause = reason === 'request' ? 'room-ended' : reason
  for (const agreement of turn.room.agreements) {
    failAgreement(turn, agreement, codes.noSuchRoom, 'the room has ended')
  }
  for (const invite of turn.room.invites) endInvite(turn, invite, 'room-ended', actor)
  for (const one of turn.room.merged) rejectMerged(turn, one, codes.noSuchRoom, 'the room has ended')
  change(turn, { merged: [], noted: [] })
  leaveAtEnd(turn, cause, actor)
  if (!isSystemRoom(turn.room)) push(turn, 'LiveEnded', {}, { endReason: reason, actor })
  endRoomQuietly(turn, reason)
}

/** An ended room is forgotten once nothing depends on it any more. */
export const forgetRoom = (turn: Turn): void => {
  const { room, now, rules } = turn
  const isNeeded = room.outbox.length > 0 || room.session !== null || room.lateStops.length > 0
  if (!isEnded(room)) return
  if (isNeeded) setTimer(turn, 'tombstone', '', now + rules.askAgainMs)
  else turn.dropped = true
}
