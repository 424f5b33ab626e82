import type { Mix, PeerMessage, Session, SessionTerms } from '../../../schemas/types.generated.ts'
import { freeLock, markDead } from './locks.ts'
import { isBroadcasters, isEnded, isOwner, otherRoom, partyOf, sessionOf } from './terms.ts'
import { clearTimer, setTimer } from './timers.ts'
import { change, command, push, tell, type Addressing, type Turn } from './turn.ts'

// What both rooms of a session use: its state, its pushes, its mix commands, and the numbered facts and steps between them.

export const changeSession = (turn: Turn, changes: Partial<Session>): void => {
  if (turn.room.session !== null) change(turn, { session: { ...turn.room.session, ...changes } })
}

export const mixOf = (turn: Turn, mainRoomId: string): Mix | undefined =>
  turn.room.session?.mixes.find((mix) => mix.mainRoomId === mainRoomId)

export const changeMix = (turn: Turn, mainRoomId: string, changes: Partial<Mix>): void => {
  const mixes = turn.room.session?.mixes ?? []
  changeSession(turn, { mixes: mixes.map((mix) => (mix.mainRoomId === mainRoomId ? { ...mix, ...changes } : mix)) })
}

type PeerBody = Partial<PeerMessage>

/** What happened in this room, for the other room of the session. */
export const tellFact = (turn: Turn, cause: FactCause, body: PeerBody = {}): void => {
  tellNumbered(turn, 'fact', cause, body)
  if (cause === 'mix-available') changeSession(turn, { readyNumber: turn.room.session?.sentNumber ?? 0 })
}
/** What the owner decided, for its peer. */
export const tellStep = (turn: Turn, cause: StepCause, body: PeerBody = {}): void =>
  tellNumbered(turn, 'step', cause, body)

export type FactCause = 'published' | 'interrupted' | 'mix-available' | 'status' | 'answer'
export type StepCause = 'start' | 'mix-succeeded' | 'mix-failed' | 'mix-available' | 'broken' | 'close' | 'mix-ended'

const tellNumbered = (turn: Turn, kind: 'fact' | 'step', cause: string, body: PeerBody): void => {
  const { session } = turn.room
  if (session === null) return
  const number = session.sentNumber + 1
  changeSession(turn, { sentNumber: number })
  tell(turn, otherRoom(turn.room, session.terms), kind, session.attemptId, { ...body, cause, number })
}

/** Whether this room has clients that get the session's pushes: its 8 is the last one. */
const listens = (turn: Turn, terms: SessionTerms): boolean =>
  isBroadcasters(terms, turn.room.roomId) && !isEnded(turn.room)

/** Pushes 9, 10 or 17 of one of the session's rooms to this room. */
export const pushStream = (
  turn: Turn,
  terms: SessionTerms,
  streamRoomId: string,
  cause: 'published' | 'interrupted' | 'mix-available',
): void => {
  if (!listens(turn, terms)) return
  const party = partyOf(terms, streamRoomId)
  if (cause === 'published') push(turn, 'StreamPublished', { ...party, streamRoomId }, { actor: party.uid })
  if (cause === 'interrupted') {
    push(turn, 'StreamInterrupted', { ...party, streamRoomId }, { actor: party.uid, endReason: 'stream-broken' })
  }
  if (cause === 'mix-available') {
    const type = streamRoomId === terms.inviterRoomId ? terms.inviterType : terms.inviteeType
    push(turn, 'MixAvailable', { readyRoomId: streamRoomId, type }, { actor: 'cloud' })
  }
}

/** Pushes 4 or 15: co-hosting, or mixing, has ended by the closing room. */
export const pushEnded = (
  turn: Turn,
  type: 'CohostEnded' | 'MixEnded',
  terms: SessionTerms,
  closingRoomId: string,
  addressing: Addressing,
): void => {
  if (!listens(turn, terms)) return
  const notifiedRoomId = closingRoomId === terms.ownerRoomId ? terms.peerRoomId : terms.ownerRoomId
  const closing = partyOf(terms, closingRoomId)
  const notified = partyOf(terms, notifiedRoomId)
  push(
    turn,
    type,
    {
      sessionId: terms.sessionId,
      closingRoomId,
      uid: closing.uid,
      name: closing.name,
      notifiedRoomId,
      notifiedUid: notified.uid,
      notifiedName: notified.name,
    },
    addressing,
  )
}

type Pair = Pick<
  SessionTerms,
  | 'sessionId'
  | 'inviterRoomId'
  | 'inviteeRoomId'
  | 'inviterUid'
  | 'inviterName'
  | 'inviteeUid'
  | 'inviteeName'
  | 'inviterType'
  | 'inviteeType'
>
const pairOf = (terms: SessionTerms): Pair => ({
  sessionId: terms.sessionId,
  inviterRoomId: terms.inviterRoomId,
  inviteeRoomId: terms.inviteeRoomId,
  inviterUid: terms.inviterUid,
  inviterName: terms.inviterName,
  inviteeUid: terms.inviteeUid,
  inviteeName: terms.inviteeName,
  inviterType: terms.inviterType,
  inviteeType: terms.inviteeType,
})

export const pushMixSucceeded = (turn: Turn, { terms, mixes }: Session): void => {
  if (!listens(turn, terms)) return
  const urls = (roomId: string): readonly string[] =>
    (mixes.find((mix) => mix.mainRoomId === roomId)?.streamNames ?? []).map(turn.rules.media.streamUrl)
  push(
    turn,
    'MixSucceeded',
    { ...pairOf(terms), inviterMixPlayUrls: urls(terms.inviterRoomId), inviteeMixPlayUrls: urls(terms.inviteeRoomId) },
    { actor: 'cloud' },
  )
}

export const pushMixFailed = (
  turn: Turn,
  terms: SessionTerms,
  code: number,
  message: string,
  endReason: string,
): void => {
  if (!listens(turn, terms)) return
  const actor = endReason === 'mix-timeout' ? 'clock' : 'cloud'
  push(turn, 'MixFailed', { ...pairOf(terms), code, message }, { endReason, actor })
}

export type MixStatus = {
  readonly mainMixRoomId: string
  readonly mixRoomId: string
  readonly mixType: string
  readonly mixTemplate: string
  readonly event: string
  readonly message: string
  readonly code: number
  readonly reason: string
}
export const pushStatus = (turn: Turn, status: MixStatus): void => {
  push(turn, 'MixCommandStatus', status, { actor: 'cloud' })
}

/** Starts the mix whose main stream is this room's. */
export const startOwnMix = (turn: Turn, generation: number): void => {
  const { session, roomId } = turn.room
  if (session === null) return
  changeMix(turn, roomId, { generation, sent: true, streamNames: [] })
  command(turn, 'StartMix', {
    attemptId: session.attemptId,
    generation,
    mixRoomId: otherRoom(turn.room, session.terms),
    template: session.terms.type,
  })
}

/** Stops the mix whose main stream is this room's. */
export const stopOwnMix = (turn: Turn, generation: number): void => {
  const { session, roomId } = turn.room
  if (session === null) return
  changeMix(turn, roomId, { generation, state: 'stopping' })
  command(turn, 'StopMix', {
    attemptId: session.attemptId,
    generation,
    mixRoomId: otherRoom(turn.room, session.terms),
    template: session.terms.type,
  })
}

/** Keeps the stop of this room's mix in mind beyond its session: status callbacks belong to it until it is answered. */
export const keepLateStop = (turn: Turn, tellsOwner: boolean): void => {
  const { session, roomId, lateStops } = turn.room
  const mix = mixOf(turn, roomId)
  if (session === null || mix?.state !== 'stopping') return
  const { attemptId } = session
  const otherRoomId = otherRoom(turn.room, session.terms)
  change(turn, {
    lateStops: [
      ...lateStops.filter((one) => one.attemptId !== attemptId),
      {
        attemptId,
        otherRoomId,
        otherListens: isBroadcasters(session.terms, otherRoomId),
        generation: mix.generation,
        tellsOwner,
      },
    ],
  })
  setTimer(turn, 'late-stop', attemptId, turn.now + turn.rules.mixTimeoutMs)
}

/** The session has ended for this room: it is free, and late messages of the attempt change nothing. */
export const leaveSession = (turn: Turn, attemptId: string): void => {
  for (const kind of ['mix-start', 'mix-stop'] as const) clearTimer(turn, kind, attemptId)
  markDead(turn, attemptId)
  freeLock(turn, attemptId)
}

/** The session that this room owns; undefined in a peer's room and outside a session. */
export const ownedSession = (turn: Turn): Session | undefined => {
  const session = sessionOf(turn.room)
  return session !== undefined && isOwner(turn.room, session.terms) ? session : undefined
}

/** A start has failed and nothing has been started since: the next MixAvailable of either room tries again. */
export const isUnmixedAfterFailure = ({ phase, failures }: Session): boolean => phase === 'agreed' && failures > 0

export const isLive = (turn: Turn): boolean => !isEnded(turn.room)
