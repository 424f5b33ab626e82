import type {
  Agreement,
  CohostFeedbackRequested,
  PeerMessage,
  Room,
  Session,
  SessionTerms,
} from '../../../schemas/types.generated.ts'
import { endInvite, forgetInvite, refusalMessage, rejectOpen } from './invite-ending.ts'
import {
  failAgreement,
  forgetAgreement,
  freeLock,
  grantMerged,
  isDead,
  markDead,
  refuseMerged,
  takeLock,
} from './locks.ts'
import { beginSystemRoom, endRoomQuietly } from './system-room.ts'
import {
  holdOf,
  isBetween,
  isBroadcasters,
  isEnded,
  isSystemRoom,
  otherRoom,
  sessionOf,
  termsOf,
  viewFor,
} from './terms.ts'
import { setTimer } from './timers.ts'
import { answer, change, codes, ignore, push, tell, type Turn } from './turn.ts'

// From "agree" to a session in two rooms, without a moment in which one of them could be in two. The owner (the room of the
// invite) decides; the peer holds and asks again, and never gives up by itself.

/** The invitee answers an invite. */
export const requestFeedback = (turn: Turn, request: CohostFeedbackRequested): void => {
  if (isEnded(turn.room))
    return answer(turn, request.eventId, codes.noSuchRoom, 'this room does not exist or has ended')
  if (request.status === 1) agree(turn, request)
  else refuse(turn, request)
}

const inviteFor = (
  { invites }: Room,
  { inviterUid, inviteeUid }: CohostFeedbackRequested,
): Room['invites'][number] | undefined =>
  invites.findLast((invite) => invite.inviterUid === inviterUid && invite.inviteeUid === inviteeUid)

const refuse = (turn: Turn, request: CohostFeedbackRequested): void => {
  const invite = inviteFor(turn.room, request)
  const isPending = turn.room.agreements.some(({ terms }) => terms.sessionId === invite?.sessionId)
  if (invite === undefined || isPending)
    return answer(turn, request.eventId, codes.noSuchInvite, 'there is no such invite')
  endInvite(turn, invite, 'refused', invite.inviteeUid)
  answer(turn, request.eventId, codes.done, 'refused')
}

const agree = (turn: Turn, request: CohostFeedbackRequested): void => {
  const { room, now, rules } = turn
  const { eventId: requestId, inviteeUid: uid } = request
  const session = sessionOf(room)
  if (session !== undefined && session.phase !== 'stopping' && isBetween(session.terms, request.inviterUid, uid)) {
    return answer(turn, requestId, codes.done, 'agreed', { cohost: viewFor(session.terms, uid, rules) })
  }
  const invite = inviteFor(room, request)
  if (invite === undefined) return answer(turn, requestId, codes.noSuchInvite, 'there is no such invite')
  const wait = (attemptId: string, peerRoomId: string): void =>
    change(turn, { merged: [...room.merged, { attemptId, peerRoomId, requestId, uid, at: now }] })

  const pending = room.agreements.find(({ terms }) => terms.sessionId === invite.sessionId)
  if (pending !== undefined) return wait(pending.attemptId, pending.terms.peerRoomId)
  if (room.lock !== null) {
    const isSamePair = room.lockPeer === invite.inviteeRoomId && session === undefined
    if (isSamePair && room.lockPeer !== null) return wait(room.lock, room.lockPeer)
    return answer(turn, requestId, codes.taken, 'this room is in a session or reserved for one')
  }

  const attemptId = `${invite.sessionId}.${invite.attempt + 1}`
  const terms = termsOf(invite, room.roomId, attemptId, rules)
  change(turn, {
    invites: room.invites.map((one) => (one === invite ? { ...one, attempt: one.attempt + 1 } : one)),
    agreements: [...room.agreements, { attemptId, terms, requestId, requestUid: uid, startedAt: now }],
  })
  // The lower of the two ids holds at once, the higher only by the peer's message: so a ring of agreements cannot block.
  if (room.roomId < terms.peerRoomId) takeLock(turn, attemptId, terms.peerRoomId)
  tell(turn, terms.peerRoomId, 'reserve', attemptId, { terms })
  setTimer(turn, 'reserve-again', attemptId, now + rules.askAgainMs)
  setTimer(turn, 'agreement', attemptId, now + rules.agreementLimitMs)
}

/** The owner asks this room to hold itself for an attempt. */
export const takeReserve = (turn: Turn, message: PeerMessage): void => {
  const { sessionId: attemptId, fromRoomId, terms } = message
  if (terms === null) return ignore(turn, 'reserve without terms')
  const isForSystemRoom = turn.room.uid === '' && !isBroadcasters(terms, turn.room.roomId)
  if (isForSystemRoom && !isDead(turn.room, attemptId)) beginSystemRoom(turn, terms)
  const { room } = turn
  const isLockedByAnother = room.lock !== null && room.lock !== attemptId && room.lockPeer !== fromRoomId
  if (isEnded(room) || isDead(room, attemptId) || isLockedByAnother) {
    const code = isEnded(room) ? codes.noSuchRoom : codes.taken
    markDead(turn, attemptId)
    refuseMerged(turn, attemptId, codes.taken, refusalMessage(codes.taken))
    return tell(turn, fromRoomId, 'busy', attemptId, { code })
  }
  if (room.lock === null) {
    takeLock(turn, attemptId, fromRoomId)
    change(turn, { session: newSession(attemptId, terms, 'held', false, room.mixReady) })
  } else if (room.lock !== attemptId) {
    return tell(turn, fromRoomId, 'joined', attemptId, { subject: room.lock })
  }
  tellReserved(turn, attemptId, fromRoomId)
}

const tellReserved = (turn: Turn, attemptId: string, ownerRoomId: string): void => {
  const { uid, name, readyWhenLocked } = turn.room
  tell(turn, ownerRoomId, 'reserved', attemptId, { uid, name, flag: readyWhenLocked })
  setTimer(turn, 'reserved-again', attemptId, turn.now + turn.rules.askAgainMs)
}

/** A peer that still holds asks the owner again; never freed by time. */
export const askOwnerAgain = (turn: Turn, attemptId: string): void => {
  const hold = holdOf(turn.room)
  if (hold?.attemptId === attemptId) tellReserved(turn, attemptId, hold.terms.ownerRoomId)
}

/** An owner that still waits asks the peer again. */
export const askPeerAgain = (turn: Turn, attemptId: string): void => {
  const agreement = turn.room.agreements.find((one) => one.attemptId === attemptId)
  if (agreement === undefined) return
  tell(turn, agreement.terms.peerRoomId, 'reserve', attemptId, { terms: agreement.terms })
  setTimer(turn, 'reserve-again', attemptId, turn.now + turn.rules.askAgainMs)
}

/** An agreement that took too long has failed. */
export const giveUpAgreement = (turn: Turn, attemptId: string): void => {
  const agreement = turn.room.agreements.find((one) => one.attemptId === attemptId)
  if (agreement === undefined) return
  failAgreement(turn, agreement, codes.taken, 'the other room did not answer in time')
}

const newSession = (
  attemptId: string,
  terms: SessionTerms,
  phase: 'held' | 'agreed',
  ownerReady: boolean,
  peerReady: boolean,
): Session => ({
  attemptId,
  terms,
  phase,
  ownerReady,
  peerReady,
  mixes: [terms.ownerRoomId, terms.peerRoomId]
    .filter((roomId) => isBroadcasters(terms, roomId))
    .map((mainRoomId) => ({
      mainRoomId,
      generation: 0,
      state: 'idle',
      streamNames: [],
      sent: false,
      restarts: 0,
      erring: false,
    })),
  failures: 0,
  closingRoomId: null,
  closeReason: null,
  closeActor: null,
  sentNumber: 0,
  seenNumber: 0,
  readyNumber: 0,
  agreedEventId: '',
})

/**
 * The peer holds. If the owner is still free for it, the session begins here and now.
 * Returns true when it has begun with this message.
 */
export const takeReserved = (turn: Turn, message: PeerMessage): boolean => {
  const { sessionId: attemptId, fromRoomId } = message
  const { room } = turn
  if (sessionOf(room)?.attemptId === attemptId) {
    tell(turn, fromRoomId, 'confirm', attemptId, { terms: sessionOf(room)?.terms ?? null })
    return false
  }
  const agreement = room.agreements.find((one) => one.attemptId === attemptId)
  if (agreement === undefined) {
    tell(turn, fromRoomId, 'release', attemptId)
    return false
  }
  if (room.lock !== null && room.lock !== attemptId) {
    if (room.lockPeer === fromRoomId) mergeInto(turn, agreement, room.lock)
    else failAgreement(turn, agreement, codes.taken, refusalMessage(codes.taken))
    return false
  }
  beginSession(turn, agreement, message)
  return true
}

/** The requests of an agreement now wait for another attempt between the same two rooms. */
const mergeInto = (turn: Turn, agreement: Agreement, attemptId: string): void => {
  const { attemptId: own, terms, requestId, requestUid, startedAt } = agreement
  const peerRoomId = terms.peerRoomId
  forgetAgreement(turn, agreement)
  freeLock(turn, own)
  markDead(turn, own)
  const merged = turn.room.merged.map((one) => (one.attemptId === own ? { ...one, attemptId } : one))
  change(turn, { merged: [...merged, { attemptId, peerRoomId, requestId, uid: requestUid, at: startedAt }] })
  tell(turn, peerRoomId, 'release', own)
  // A deadline that came while the agreement was on its way was taken out then; it waits for the other attempt now.
  const invite = turn.room.invites.find(({ sessionId }) => sessionId === terms.sessionId)
  if (invite !== undefined && invite.expiresAt <= turn.now) {
    setTimer(turn, 'invite', invite.sessionId, turn.now + turn.rules.askAgainMs)
  }
}

const beginSession = (turn: Turn, agreement: Agreement, { name, flag, fromRoomId }: PeerMessage): void => {
  const { attemptId, requestId, requestUid } = agreement
  const terms: SessionTerms = {
    ...agreement.terms,
    inviteeName:
      agreement.terms.inviteeName === agreement.terms.inviteeUid && name !== '' ? name : agreement.terms.inviteeName,
    agreedAt: turn.now,
  }
  const invite = turn.room.invites.find(({ sessionId }) => sessionId === terms.sessionId)
  forgetAgreement(turn, agreement)
  if (invite !== undefined) forgetInvite(turn, invite)
  takeLock(turn, attemptId, fromRoomId)
  answer(turn, requestId, codes.done, 'agreed', { cohost: viewFor(terms, requestUid, turn.rules) })
  const agreedEventId = push(
    turn,
    'CohostAgreed',
    {
      sessionId: terms.sessionId,
      inviteeUid: terms.inviteeUid,
      inviteeName: terms.inviteeName,
      inviteeRoomId: terms.inviteeRoomId,
      inviterRoomId: terms.inviterRoomId,
      inviteePlayUrl: turn.rules.media.shortDelayUrl(terms.inviteeRoomId),
      rtmpUrl: turn.rules.media.pushUrl(terms.inviterRoomId, terms.agreedAt),
      type: terms.type,
      status: 1,
      inviterType: terms.inviterType,
      inviteeType: terms.inviteeType,
    },
    { toUid: terms.inviterUid, actor: terms.inviteeUid },
  )
  change(turn, {
    session: { ...newSession(attemptId, terms, 'agreed', turn.room.mixReady, flag), agreedEventId },
  })
  clearOtherInvites(turn, terms)
  grantMerged(turn, attemptId, terms, fromRoomId)
  tell(turn, fromRoomId, 'confirm', attemptId, { terms })
}

/** Whether an invite made here crosses the session: the same two rooms, or room and viewer, in the other direction. */
const isCrossed = (room: Room, terms: SessionTerms, invite: Room['invites'][number]): boolean => {
  if (!isBetween(terms, invite.inviterUid, invite.inviteeUid) || invite.inviterUid === terms.inviterUid) return false
  return terms.inviterType === terms.inviteeType
    ? invite.inviteeRoomId === otherRoom(room, terms)
    : invite.inviteeRoomId === null
}

/** The room is in a session now: other invites made in it are refused, except a crossing one, which is absorbed. */
const clearOtherInvites = (turn: Turn, terms: SessionTerms): void => {
  for (const invite of turn.room.invites) {
    const isCrossing = isCrossed(turn.room, terms, invite)
    for (const agreement of turn.room.agreements.filter((one) => one.terms.sessionId === invite.sessionId)) {
      if (!isCrossing) failAgreement(turn, agreement, codes.taken, refusalMessage(codes.taken))
      else mergeInto(turn, agreement, turn.room.lock ?? '')
    }
    if (isCrossing) {
      forgetInvite(turn, invite)
      rejectOpen(turn, invite, codes.taken, refusalMessage(codes.taken))
    } else if (turn.room.invites.includes(invite)) {
      endInvite(turn, invite, 'superseded', terms.inviteeUid)
    }
  }
  const other = otherRoom(turn.room, terms)
  change(turn, { noted: turn.room.noted.filter(({ ownerRoomId }) => ownerRoomId !== other) })
}

/** The other room cannot be had. */
export const takeBusy = (turn: Turn, { sessionId: attemptId, code }: PeerMessage): void => {
  const agreement = turn.room.agreements.find((one) => one.attemptId === attemptId)
  if (agreement === undefined) return ignore(turn, 'busy: decided')
  failAgreement(turn, agreement, code, refusalMessage(code))
}

/** The other room is already held for another attempt between the same two rooms. */
export const takeJoined = (turn: Turn, { sessionId: attemptId, subject: other }: PeerMessage): void => {
  const agreement = turn.room.agreements.find((one) => one.attemptId === attemptId)
  if (agreement === undefined) return ignore(turn, 'joined: decided')
  const session = sessionOf(turn.room)
  if (isDead(turn.room, other)) return failAgreement(turn, agreement, codes.taken, refusalMessage(codes.taken))
  mergeInto(turn, agreement, other)
  if (session?.attemptId === other) grantMerged(turn, other, session.terms, otherRoom(turn.room, session.terms))
}

/** The owner is in the session: so is this room. */
export const takeConfirm = (turn: Turn, { sessionId: attemptId, fromRoomId, terms }: PeerMessage): void => {
  const { room } = turn
  if (sessionOf(room)?.attemptId === attemptId) return ignore(turn, 'confirm: known')
  const hold = holdOf(room)
  if (hold?.attemptId !== attemptId || terms === null) {
    if (isEnded(room)) return tell(turn, fromRoomId, 'gone', attemptId, { cause: 'room-ended' })
    return ignore(turn, 'confirm: not held')
  }
  // The lock stays; the time of the agreement is known now.
  change(turn, { session: { ...hold, terms, phase: 'agreed' } })
  clearOtherInvites(turn, terms)
  grantMerged(turn, attemptId, terms, fromRoomId)
}

/** The owner lets this room go. */
export const takeRelease = (turn: Turn, { sessionId: attemptId }: PeerMessage): void => {
  const wasLocked = turn.room.lock === attemptId
  markDead(turn, attemptId)
  freeLock(turn, attemptId)
  refuseMerged(turn, attemptId, codes.taken, refusalMessage(codes.taken))
  if (wasLocked && isSystemRoom(turn.room) && !isEnded(turn.room)) endRoomQuietly(turn, 'session-ended')
}
