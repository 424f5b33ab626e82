import type { PeerMessage, Room } from '../../schemas/types.generated.ts'
import {
  holdOf,
  isBroadcasters,
  isEnded,
  isOwner,
  isSystemRoom,
  sessionOf,
} from '../../services/state-machine/domain/terms.ts'

import type { Story } from './story.ts'

/** A state as the invariants see it. */
export type View = {
  readonly rooms: readonly Room[]
  readonly roomOf: (roomId: string) => Room | undefined
  /** Messages under way from one room to another, oldest first. */
  readonly underWay: (from: string, to: string) => readonly PeerMessage[]
}

/** Everything at rest: nothing is under way, every command is answered, every deadline that moves something has passed. */
export type Ending = View & { readonly story: Story }

/** What must not be in any state; undefined: all is well. */
export const findViolation = (view: View): string | undefined => {
  for (const room of view.rooms) {
    const wrong = checkRoom(room) ?? checkSession(room, view)
    if (wrong !== undefined) return `${room.roomId}: ${wrong}`
  }
  return undefined
}

const hasTimer = ({ timers }: Room, kind: string, subject = ''): boolean =>
  timers.some((timer) => timer.kind === kind && timer.subject === subject)

/** One room alone: its fields belong together, and whatever waits has a deadline. */
const checkRoom = (room: Room): string | undefined => {
  const { session, lock, agreements, invites, lateStops, mixed } = room
  if (session !== null && session.attemptId !== lock) return `in ${session.attemptId}, locked by ${lock ?? 'none'}`
  if (session === null && lock !== null && !agreements.some(({ attemptId }) => attemptId === lock)) {
    return `locked by ${lock} for nothing`
  }
  if (mixed && session === null) return 'mixed without a session'
  if (new Set(agreements.map(({ terms }) => terms.sessionId)).size < agreements.length)
    return 'agrees twice to an invite'
  if (isEnded(room)) {
    if (agreements.length + invites.length + room.noted.length + room.merged.length > 0)
      return 'ended, but something waits'
    if (!hasTimer(room, 'tombstone')) return 'ended, and never forgotten'
    if (session !== null && session.phase !== 'stopping') return `ended in a session that is ${session.phase}`
  } else {
    const isPushing = room.status === 1
    if (isPushing === hasTimer(room, 'grace')) return isPushing ? 'pushing with a grace' : 'not pushing without a grace'
  }
  for (const { attemptId } of agreements) {
    if (!hasTimer(room, 'agreement', attemptId) || !hasTimer(room, 'reserve-again', attemptId)) {
      return `the agreement ${attemptId} has no deadline`
    }
  }
  for (const { sessionId } of invites) {
    const isPending = agreements.some(({ terms }) => terms.sessionId === sessionId)
    if (!isPending && !hasTimer(room, 'invite', sessionId)) return `the invite ${sessionId} never expires`
  }
  for (const { attemptId } of lateStops) {
    if (!hasTimer(room, 'late-stop', attemptId)) return `the late stop of ${attemptId} has no deadline`
  }
  return checkPhase(room)
}

const checkPhase = (room: Room): string | undefined => {
  const session = sessionOf(room)
  const hold = holdOf(room)
  if (hold !== undefined && !hasTimer(room, 'reserved-again', hold.attemptId)) return 'holds without asking again'
  if (session === undefined || !isOwner(room, session.terms)) return undefined
  const { phase, attemptId, mixes } = session
  if (phase === 'starting' && !hasTimer(room, 'mix-start', attemptId)) return 'starts without a deadline'
  if (phase === 'stopping' && !hasTimer(room, 'mix-stop', attemptId)) return 'stops without a deadline'
  for (const { mainRoomId, state } of mixes) {
    const waits = hasTimer(room, 'mix-restart', mainRoomId) || hasTimer(room, 'mix-retry', mainRoomId)
    if (state === 'restarting' && !waits) return `the mix of ${mainRoomId} restarts without a deadline`
    if (phase === 'mixed' && (state === 'idle' || state === 'starting')) return `mixed, but ${mainRoomId} is ${state}`
  }
  return undefined
}

/** A room and the other one of its session: they agree, or what settles it is under way. */
const checkSession = (room: Room, view: View): string | undefined => {
  const session = room.session
  if (session === null) return undefined
  const { attemptId, terms, phase } = session
  const owner = view.roomOf(terms.ownerRoomId)
  const peer = view.roomOf(terms.peerRoomId)
  const speaksOf = (from: string, to: string, kinds: readonly string[]): boolean =>
    view.underWay(from, to).some((one) => one.sessionId === attemptId && kinds.includes(one.kind))

  if (isOwner(room, terms)) {
    const isGone = peer === undefined || peer.lock !== attemptId
    if (isGone && phase !== 'stopping' && !speaksOf(terms.peerRoomId, room.roomId, ['gone'])) {
      return `in ${attemptId}, of which ${terms.peerRoomId} knows nothing`
    }
    if (!isGone && peer.session?.phase === 'held' && !speaksOf(room.roomId, terms.peerRoomId, ['confirm'])) {
      return `in ${attemptId}, and ${terms.peerRoomId} is not told`
    }
    return undefined
  }
  const ownersSession = owner?.session?.attemptId === attemptId ? owner.session : undefined
  if (phase === 'held') {
    const isPending = owner?.agreements.some((one) => one.attemptId === attemptId) === true
    const isKnown = isPending || ownersSession !== undefined
    return isKnown ||
      speaksOf(terms.ownerRoomId, room.roomId, ['release']) ||
      hasTimer(room, 'reserved-again', attemptId)
      ? undefined
      : `held for ${attemptId} by nobody`
  }
  if (ownersSession === undefined) {
    return speaksOf(terms.ownerRoomId, room.roomId, ['release'])
      ? undefined
      : `in ${attemptId}, which its owner has left`
  }
  const isSettling = speaksOf(terms.ownerRoomId, room.roomId, ['step'])
  if (ownersSession.phase !== phase && !isSettling) return `${phase} in ${attemptId}, the owner ${ownersSession.phase}`
  if (isSystemRoom(room) && isBroadcasters(terms, room.roomId)) return 'a system room is a broadcaster'
  return undefined
}
