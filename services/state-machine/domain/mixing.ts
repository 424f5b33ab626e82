import type { MixCommandAnswered, Session } from '../../../schemas/types.generated.ts'
import {
  changeMix,
  changeSession,
  keepLateStop,
  leaveSession,
  mixOf,
  ownedSession,
  pushEnded,
  pushMixFailed,
  pushMixSucceeded,
  startOwnMix,
  stopOwnMix,
  tellStep,
} from './session.ts'
import { clearTimer, setTimer } from './timers.ts'
import { change, ignore, tell, type Turn } from './turn.ts'

// What the owner of a session decides about its mixes: start, success, failure, breaks, and the end.

const maxRestarts = 3
/** Codes of mix results are those of push 14; this one stands for "no answer". */
const noAnswer = 3000

const isReady = (session: Session, roomId: string): boolean =>
  roomId === session.terms.ownerRoomId ? session.ownerReady : session.peerReady

const setReady = (turn: Turn, session: Session, roomId: string, ready: boolean): void =>
  changeSession(turn, roomId === session.terms.ownerRoomId ? { ownerReady: ready } : { peerReady: ready })

const startMix = (turn: Turn, mainRoomId: string, state: 'starting' | 'restarting'): void => {
  const generation = (mixOf(turn, mainRoomId)?.generation ?? 0) + 1
  changeMix(turn, mainRoomId, { generation, state, sent: true })
  if (mainRoomId === turn.room.roomId) startOwnMix(turn, generation)
  else tellStep(turn, 'start', { generation })
}

/** Starts every mix of the session once both rooms are ready. */
export const startWhenReady = (turn: Turn): void => {
  const session = ownedSession(turn)
  if (session?.phase !== 'agreed' || !session.ownerReady || !session.peerReady) return
  changeSession(turn, { phase: 'starting' })
  for (const { mainRoomId } of session.mixes) startMix(turn, mainRoomId, 'starting')
  // An audience party's room has no mix of its own, but has to know the phase.
  if (mixOf(turn, session.terms.peerRoomId) === undefined) tellStep(turn, 'start')
  setTimer(turn, 'mix-start', session.attemptId, turn.now + turn.rules.mixTimeoutMs)
}

/** A room of the session became ready for mixing, or is not any more. */
export const noteReady = (turn: Turn, roomId: string, ready: boolean): void => {
  const session = ownedSession(turn)
  if (session === undefined) return
  setReady(turn, session, roomId, ready)
  const mix = mixOf(turn, roomId)
  if (session.phase === 'mixed' && mix !== undefined) {
    if (!ready) breakMix(turn, roomId)
    else if (mix.state === 'broken') restartMix(turn, roomId)
  }
  if (ready) startWhenReady(turn)
}

const breakMix = (turn: Turn, mainRoomId: string): void => {
  clearTimer(turn, 'mix-restart', mainRoomId)
  clearTimer(turn, 'mix-retry', mainRoomId)
  changeMix(turn, mainRoomId, { state: 'broken', erring: false, restarts: 0 })
}

const restartMix = (turn: Turn, mainRoomId: string): void => {
  startMix(turn, mainRoomId, 'restarting')
  setTimer(turn, 'mix-restart', mainRoomId, turn.now + turn.rules.mixTimeoutMs)
}

export type MixAnswer = Pick<MixCommandAnswered, 'generation' | 'code' | 'reason' | 'message' | 'streamNames'> & {
  readonly action: string
}

/** The video cloud's answer about one of the session's mixes. */
export const takeAnswer = (turn: Turn, mainRoomId: string, answer: MixAnswer): void => {
  const session = ownedSession(turn)
  const mix = mixOf(turn, mainRoomId)
  if (session === undefined || mix === undefined) return ignore(turn, 'mix answer: no such mix')
  if (answer.generation !== mix.generation) return ignore(turn, 'mix answer: an older generation')
  const isAccepted = answer.code === 200
  if (answer.action === 'start' && mix.state === 'starting') {
    if (!isAccepted) return failStart(turn, session, answer.code, answer.message || answer.reason, 'mix-refused')
    changeMix(turn, mainRoomId, { state: 'started', streamNames: answer.streamNames })
    const changed = ownedSession(turn)
    if (changed?.mixes.every(({ state }) => state === 'started')) succeed(turn, changed)
  } else if (answer.action === 'start' && mix.state === 'restarting') {
    takeRestartAnswer(turn, session, mainRoomId, answer)
  } else if (answer.action === 'stop' && mix.state === 'stopping') {
    changeMix(turn, mainRoomId, { state: 'stopped' })
    const changed = ownedSession(turn)
    if (changed?.phase === 'stopping' && changed.mixes.every(({ state }) => state === 'stopped')) finish(turn, changed)
  } else {
    ignore(turn, 'mix answer: not expected')
  }
}

const succeed = (turn: Turn, session: Session): void => {
  clearTimer(turn, 'mix-start', session.attemptId)
  changeSession(turn, { phase: 'mixed' })
  change(turn, { mixed: true })
  pushMixSucceeded(turn, session)
  tellStep(turn, 'mix-succeeded', { texts: mixOf(turn, turn.room.roomId)?.streamNames ?? [] })
  for (const { mainRoomId } of session.mixes) {
    if (!isReady(session, mainRoomId)) breakMix(turn, mainRoomId)
  }
}

const failStart = (
  turn: Turn,
  session: Session,
  code: number,
  message: string,
  endReason: 'mix-refused' | 'mix-timeout',
): void => {
  clearTimer(turn, 'mix-start', session.attemptId)
  changeSession(turn, { phase: 'agreed', failures: session.failures + 1 })
  pushMixFailed(turn, session.terms, code, message, endReason)
  const generation = stopEvery(turn)
  tellStep(turn, 'mix-failed', { code, message, reason: endReason, generation })
}

/** Stops this room's own mix, and allots the generation with which the peer stops its own: 0 when it has none. */
const stopEvery = (turn: Turn): number => {
  let peers = 0
  for (const mix of turn.room.session?.mixes ?? []) {
    if (!mix.sent || mix.state === 'stopped' || mix.state === 'stopping') continue
    const generation = mix.generation + 1
    if (mix.mainRoomId === turn.room.roomId) {
      stopOwnMix(turn, generation)
    } else {
      changeMix(turn, mix.mainRoomId, { generation, state: 'stopping' })
      peers = generation
    }
  }
  return peers
}

const takeRestartAnswer = (
  turn: Turn,
  session: Session,
  mainRoomId: string,
  { code, streamNames }: MixAnswer,
): void => {
  clearTimer(turn, 'mix-restart', mainRoomId)
  if (code === 200) return changeMix(turn, mainRoomId, { state: 'started', streamNames, erring: false })
  // After InternalError the next try comes by itself; after a break it waits for the next MixAvailable.
  const isRetry = turn.room.timers.some(({ kind, subject }) => kind === 'mix-retry' && subject === mainRoomId)
  if (isRetry) return changeMix(turn, mainRoomId, { state: 'started' })
  loseReady(turn, session, mainRoomId)
}

const loseReady = (turn: Turn, session: Session, mainRoomId: string): void => {
  breakMix(turn, mainRoomId)
  setReady(turn, session, mainRoomId, false)
  if (mainRoomId === turn.room.roomId) change(turn, { mixReady: false })
  else tellStep(turn, 'broken', { generation: session.seenNumber })
}

/** The video cloud reports on the content of a mix of the session. */
export const takeStatus = (turn: Turn, mainRoomId: string, word: string): void => {
  const session = ownedSession(turn)
  if (session === undefined) return
  if (word === 'MainStreamNotExist') return noteReady(turn, mainRoomId, false)
  if (session.phase !== 'mixed') return
  if (word === 'Success') changeMix(turn, mainRoomId, { erring: false })
  // A mix that is broken waits for its stream, whatever else is reported of it.
  if (word === 'InternalError' && mixOf(turn, mainRoomId)?.state !== 'broken') {
    changeMix(turn, mainRoomId, { erring: true })
    const isPausing = turn.room.timers.some(({ kind, subject }) => kind === 'mix-retry' && subject === mainRoomId)
    if (!isPausing) retryMix(turn, mainRoomId)
  }
}

/** One new start after InternalError, at most one in every mixTimeoutMs and three in a row; then the session closes. */
const retryMix = (turn: Turn, mainRoomId: string): void => {
  const mix = mixOf(turn, mainRoomId)
  if (mix === undefined) return
  if (mix.restarts >= maxRestarts) return closeSession(turn, mainRoomId, 'mix-internal-error', 'cloud')
  clearTimer(turn, 'mix-restart', mainRoomId)
  changeMix(turn, mainRoomId, { restarts: mix.restarts + 1 })
  startMix(turn, mainRoomId, 'restarting')
  setTimer(turn, 'mix-retry', mainRoomId, turn.now + turn.rules.mixTimeoutMs)
}

/** The pause after InternalError is over. */
export const resumeRetry = (turn: Turn, mainRoomId: string): void => {
  const mix = mixOf(turn, mainRoomId)
  if (ownedSession(turn)?.phase !== 'mixed' || mix === undefined) return
  if (mix.erring || mix.state === 'restarting') retryMix(turn, mainRoomId)
  else changeMix(turn, mainRoomId, { restarts: 0 })
}

/** A restart was not answered in time: broken as before. */
export const giveUpRestart = (turn: Turn, mainRoomId: string): void => {
  const session = ownedSession(turn)
  if (session === undefined || mixOf(turn, mainRoomId)?.state !== 'restarting') return
  loseReady(turn, session, mainRoomId)
}

/** A start was not answered in time. */
export const giveUpStart = (turn: Turn): void => {
  const session = ownedSession(turn)
  if (session?.phase === 'starting')
    failStart(turn, session, noAnswer, 'the video cloud did not answer in time', 'mix-timeout')
}

/** A stop was not answered in time: the session ends all the same. */
export const giveUpStop = (turn: Turn): void => {
  const session = ownedSession(turn)
  if (session?.phase === 'stopping') finish(turn, session)
}

/**
 * Ends the session in its owner. Once mixed it goes on until the stops are answered; before that the rooms are free at once.
 * `peerStop`: the peer has ended by itself, with the generation of its own stop (0: it had nothing to stop).
 */
export const closeSession = (
  turn: Turn,
  closingRoomId: string,
  reason: string,
  actor: string,
  peerStop?: { readonly generation: number },
): void => {
  const session = ownedSession(turn)
  if (session === undefined || session.phase === 'stopping') return
  const { terms, attemptId, phase } = session
  const isMixed = phase === 'mixed'
  const addressing = { endReason: reason, actor }
  changeSession(turn, { closingRoomId, closeReason: reason, closeActor: actor })
  pushEnded(turn, 'CohostEnded', terms, closingRoomId, addressing)
  const allotted = stopEvery(turn)
  if (peerStop === undefined) {
    const body = { subject: closingRoomId, reason, actor, generation: allotted, flag: isMixed }
    tellStep(turn, 'close', body)
  } else {
    changeMix(turn, terms.peerRoomId, { generation: peerStop.generation, state: 'stopping' })
  }
  if (!isMixed) return free(turn, session)
  changeSession(turn, { phase: 'stopping' })
  for (const { mainRoomId } of session.mixes) {
    clearTimer(turn, 'mix-restart', mainRoomId)
    clearTimer(turn, 'mix-retry', mainRoomId)
  }
  setTimer(turn, 'mix-stop', attemptId, turn.now + turn.rules.mixTimeoutMs)
}

/** Every stop is answered, or will not be any more. */
const finish = (turn: Turn, session: Session): void => {
  const closingRoomId = session.closingRoomId ?? session.terms.ownerRoomId
  const reason = session.closeReason ?? 'request'
  const actor = session.closeActor ?? 'cloud'
  pushEnded(turn, 'MixEnded', session.terms, closingRoomId, { endReason: reason, actor })
  tellStep(turn, 'mix-ended', { subject: closingRoomId, reason, actor })
  free(turn, session)
}

const free = (turn: Turn, { attemptId, terms }: Session): void => {
  tell(turn, terms.peerRoomId, 'release', attemptId)
  keepLateStop(turn, false)
  leaveSession(turn, attemptId)
}
