import type { Agreement, Room, SessionTerms } from '../../../schemas/types.generated.ts'
import { endInvite } from './invite-ending.ts'
import { reject } from './rejections.ts'
import { roomOfAsker, viewFor } from './terms.ts'
import { clearTimer } from './timers.ts'
import { answer, change, codes, tell, type Turn } from './turn.ts'

// A room's lock is one field: free, held for an attempt, or in a session. Only the room's own task changes it.

export const takeLock = (turn: Turn, attemptId: string, peerRoomId: string): void =>
  change(turn, {
    lock: attemptId,
    lockPeer: peerRoomId,
    lockedAt: turn.now,
    readyWhenLocked: turn.room.mixReady,
  })

/** Frees the room if it is locked by that attempt. */
export const freeLock = (turn: Turn, attemptId: string): void => {
  if (turn.room.lock !== attemptId) return
  clearTimer(turn, 'reserved-again', attemptId)
  change(turn, { lock: null, lockPeer: null, lockedAt: null, session: null, mixed: false })
}

/** Remembers that an attempt has ended, so that its late messages change nothing. */
export const markDead = (turn: Turn, attemptId: string): void => {
  const { now, rules, room } = turn
  const remembered = room.dead.filter((one) => one.attemptId !== attemptId && one.until > now)
  change(turn, { dead: [...remembered, { attemptId, until: now + rules.deadMs }] })
}

export const isDead = ({ dead }: Room, attemptId: string): boolean => dead.some((one) => one.attemptId === attemptId)

/** Answers the requests that were merged into an attempt with its failure. */
export const refuseMerged = (turn: Turn, attemptId: string, code: number, message: string): void => {
  const merged = turn.room.merged.filter((one) => one.attemptId === attemptId)
  if (merged.length === 0) return
  change(turn, { merged: turn.room.merged.filter((one) => one.attemptId !== attemptId) })
  for (const one of merged) rejectMerged(turn, one, code, message)
}

/** Refuses one request that was merged into an attempt. */
export const rejectMerged = (turn: Turn, merged: Room['merged'][number], code: number, message: string): void => {
  const roomId = roomOfAsker(turn.room, merged.uid, merged, turn.rules)
  reject(turn, { ...merged, roomId }, merged.attemptId, code, message)
}

/** Answers the requests between the two rooms of a session that has come to be: each with its caller's own view. */
export const grantMerged = (turn: Turn, attemptId: string, terms: SessionTerms, otherRoomId: string): void => {
  const isGranted = (one: Room['merged'][number]): boolean =>
    one.attemptId === attemptId || one.peerRoomId === otherRoomId
  const granted = turn.room.merged.filter(isGranted)
  if (granted.length === 0) return
  change(turn, { merged: turn.room.merged.filter((one) => !isGranted(one)) })
  for (const { requestId, uid } of granted) {
    answer(turn, requestId, codes.done, 'agreed', { cohost: viewFor(terms, uid, turn.rules) })
  }
}

/** Takes an agreement off the list, with its deadlines. */
export const forgetAgreement = (turn: Turn, { attemptId }: Agreement): void => {
  change(turn, { agreements: turn.room.agreements.filter((one) => one.attemptId !== attemptId) })
  clearTimer(turn, 'reserve-again', attemptId)
  clearTimer(turn, 'agreement', attemptId)
}

/**
 * An agreement has failed: its requests are answered, an own hold is freed, the attempt is dead, and the other room is told to
 * let go. The invite lives on, unless it ran out meanwhile.
 */
export const failAgreement = (turn: Turn, agreement: Agreement, code: number, message: string): void => {
  const { attemptId, terms, requestId, requestUid: uid, startedAt: at } = agreement
  const { peerRoomId } = terms
  forgetAgreement(turn, agreement)
  const roomId = roomOfAsker(turn.room, uid, { attemptId, peerRoomId }, turn.rules)
  reject(turn, { requestId, uid, at, roomId }, attemptId, code, message)
  refuseMerged(turn, attemptId, code, message)
  freeLock(turn, attemptId)
  markDead(turn, attemptId)
  tell(turn, peerRoomId, 'release', attemptId)
  const invite = turn.room.invites.find(({ sessionId }) => sessionId === terms.sessionId)
  if (invite !== undefined && invite.expiresAt <= turn.now) endInvite(turn, invite, 'expired', 'clock')
}
