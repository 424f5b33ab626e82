import type { CohostCloseRequested, PeerMessage, Session } from '../../../schemas/types.generated.ts'
import { failAgreement, isDead } from './locks.ts'
import { closeSession, noteReady, takeAnswer, takeStatus } from './mixing.ts'
import {
  changeMix,
  changeSession,
  isLive,
  isUnmixedAfterFailure,
  keepLateStop,
  leaveSession,
  mixOf,
  ownedSession,
  pushEnded,
  pushMixFailed,
  pushMixSucceeded,
  pushStatus,
  pushStream,
  startOwnMix,
  stopOwnMix,
  tellStep,
} from './session.ts'
import { holdOf, isBroadcasters, isEnded, isOwner, isSystemRoom, otherRoom, sessionOf } from './terms.ts'
import { answer, change, codes, ignore, tell, type Turn } from './turn.ts'

// Messages between the two rooms of a session, and its closing from either side.

/** True when the message is the next of its session; repeats and late ones are not. */
const isNext = (turn: Turn, session: Session, { sessionId, number }: PeerMessage): boolean => {
  if (session.attemptId !== sessionId || number <= session.seenNumber) return false
  changeSession(turn, { seenNumber: number })
  return true
}

/** Something happened in the other room. */
export const takeFact = (turn: Turn, message: PeerMessage): void => {
  const { fromRoomId, cause, number, code } = message
  const session = sessionOf(turn.room)
  if (number === 0) return takeLateFact(turn, message)
  if (session === undefined || !isNext(turn, session, message)) return ignore(turn, 'fact: known or late')
  switch (cause) {
    case 'mix-available':
      if (message.flag && !agreeToRepeat(turn, session)) return
      pushStream(turn, session.terms, fromRoomId, cause)
      return noteReady(turn, fromRoomId, true)
    case 'interrupted':
      pushStream(turn, session.terms, fromRoomId, cause)
      return noteReady(turn, fromRoomId, false)
    case 'published':
      return pushStream(turn, session.terms, fromRoomId, cause)
    case 'status':
      pushOthersStatus(turn, message)
      return takeStatus(turn, fromRoomId, message.reason)
    case 'answer':
      return takeAnswer(turn, fromRoomId, {
        action: message.subject,
        generation: message.generation,
        code,
        reason: message.reason,
        message: message.message,
        streamNames: message.texts,
      })
    default:
      return ignore(turn, 'fact: unknown cause')
  }
}

/**
 * The peer takes a MixAvailable for known. True when it is none, as the peer has not heard yet that the mix failed or is broken;
 * then it is told, so that it pushes what this room pushes.
 */
const agreeToRepeat = (turn: Turn, session: Session): boolean => {
  const isNews = isOwner(turn.room, session.terms) && (isUnmixedAfterFailure(session) || !session.peerReady)
  if (isNews) tellStep(turn, 'mix-available')
  return isNews
}

const pushOthersStatus = (turn: Turn, { subject, code, reason, message, texts }: PeerMessage): void => {
  if (!isLive(turn) || isSystemRoom(turn.room)) return
  const [mixType = '', mixTemplate = '', event = ''] = texts
  const mixRoomId = turn.room.roomId
  pushStatus(turn, { mainMixRoomId: subject, mixRoomId, mixType, mixTemplate, event, message, code, reason })
}

/** A fact of a room that is in the session no more: the answer to its own stop, or a status that came before it. */
const takeLateFact = (turn: Turn, message: PeerMessage): void => {
  const { sessionId: attemptId, cause, fromRoomId } = message
  const isInIt = sessionOf(turn.room)?.attemptId === attemptId
  if (!isInIt && !isDead(turn.room, attemptId)) return ignore(turn, 'fact: of no session of ours')
  if (cause === 'status') return pushOthersStatus(turn, message)
  if (!isInIt) return ignore(turn, 'fact: of a session that is over')
  const { subject: action, generation, code, reason, texts: streamNames } = message
  takeAnswer(turn, fromRoomId, { action, generation, code, reason, message: message.message, streamNames })
}

/** The owner has decided something. */
export const takeStep = (turn: Turn, message: PeerMessage): void => {
  const session = sessionOf(turn.room)
  const { cause, generation, code, texts, subject, reason, actor, flag } = message
  if (session === undefined || !isNext(turn, session, message)) return ignore(turn, 'step: known or late')
  const { terms } = session
  const own = turn.room.roomId
  switch (cause) {
    case 'start':
      if (session.phase === 'agreed') changeSession(turn, { phase: 'starting' })
      changeMix(turn, own, { state: 'starting' })
      if (generation > 0) startOwnMix(turn, generation)
      return
    case 'mix-succeeded':
      changeMix(turn, terms.ownerRoomId, { state: 'started', streamNames: texts })
      changeSession(turn, { phase: 'mixed' })
      change(turn, { mixed: true })
      return pushMixSucceeded(turn, turn.room.session ?? session)
    case 'mix-failed':
      changeSession(turn, { phase: 'agreed', failures: session.failures + 1 })
      pushMixFailed(turn, terms, code, message.message, reason)
      if (generation > 0) stopOwnMix(turn, generation)
      return
    case 'mix-available':
      // Unless it has broken off again: its room has been told so, and that was the last word.
      if (turn.room.mixReady) pushStream(turn, terms, own, cause)
      return
    case 'broken':
      // That its stream can be mixed this room has said since: the owner hears it behind the break.
      if (session.readyNumber <= generation) change(turn, { mixReady: false })
      return
    case 'close':
      changeSession(turn, { phase: 'stopping', closingRoomId: subject })
      pushEnded(turn, 'CohostEnded', terms, subject, { endReason: reason, actor })
      if (generation > 0) stopOwnMix(turn, generation)
      if (!flag) keepLateStop(turn, false)
      return
    case 'mix-ended':
      change(turn, { mixed: false })
      pushEnded(turn, 'MixEnded', terms, subject, { endReason: reason, actor })
      return keepLateStop(turn, false)
    default:
      return ignore(turn, 'step: unknown cause')
  }
}

/** The peer closes, or has ended. */
export const takeGone = (turn: Turn, message: PeerMessage): void => {
  const session = ownedSession(turn)
  const { sessionId: attemptId, fromRoomId, cause, actor, generation } = message
  if (session?.attemptId !== attemptId) return ignore(turn, 'gone: of no session of ours')
  closeSession(turn, fromRoomId, cause, actor, cause === 'request' ? undefined : { generation })
}

/** A party closes the session between two rooms. */
export const requestClose = (turn: Turn, { eventId, notifiedRoomId }: CohostCloseRequested): void => {
  const { room } = turn
  if (room.uid === '') return answer(turn, eventId, codes.noSuchRoom, 'this room does not exist')
  const done = (): void => answer(turn, eventId, codes.done, 'closed')
  const names = (peerRoomId: string, isSystem: boolean): boolean =>
    peerRoomId === notifiedRoomId || (isSystem && notifiedRoomId === room.roomId)

  if (isEnded(room)) return done()
  const pending = room.agreements.filter(({ terms }) =>
    names(terms.peerRoomId, !isBroadcasters(terms, terms.peerRoomId)),
  )
  for (const agreement of pending) failAgreement(turn, agreement, codes.noSuchInvite, 'the session was closed')
  if (pending.length > 0) return done()

  const session = sessionOf(room) ?? holdOf(room)
  if (session === undefined) return done()
  const other = otherRoom(room, session.terms)
  if (!names(other, !isBroadcasters(session.terms, other))) {
    return answer(turn, eventId, codes.noSuchInvite, 'these rooms are not in a session with each other')
  }
  if (session.closingRoomId !== null) return done()
  if (ownedSession(turn) !== undefined) {
    closeSession(turn, room.roomId, 'request', room.uid)
  } else {
    changeSession(turn, { closingRoomId: room.roomId })
    tell(turn, other, 'gone', session.attemptId, { cause: 'request', actor: room.uid })
  }
  done()
}

/** This room ends while it is in a session or held for one: it leaves at once, and the session ends. */
export const leaveAtEnd = (turn: Turn, reason: string, actor: string): void => {
  const { room } = turn
  const session = sessionOf(room) ?? holdOf(room)
  if (session === undefined) return
  if (ownedSession(turn) !== undefined) return closeSession(turn, room.roomId, reason, actor)
  const isAlreadyClosed = session.phase === 'stopping'
  if (session.phase !== 'held' && !isAlreadyClosed) {
    pushEnded(turn, 'CohostEnded', session.terms, room.roomId, { endReason: reason, actor })
  }
  const mix = mixOf(turn, room.roomId)
  if (mix !== undefined && (mix.state === 'starting' || mix.state === 'started')) stopOwnMix(turn, mix.generation + 1)
  const stopping = mixOf(turn, room.roomId)
  const generation = stopping?.state === 'stopping' ? stopping.generation : 0
  tell(turn, otherRoom(room, session.terms), 'gone', session.attemptId, { cause: reason, actor, generation })
  keepLateStop(turn, true)
  leaveSession(turn, session.attemptId)
}
