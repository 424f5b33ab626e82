import type { Room, Session, SessionTerms } from '../../schemas/types.generated.ts'
import { isEnded, isOwner, isSystemRoom, sessionOf } from '../../services/state-machine/domain/terms.ts'
import type { Ending } from './invariants.ts'
import type { Action, Model } from './model.ts'
import type { State } from './state.ts'
import type { Story } from './story.ts'

const moving = ['agreement', 'mix-start', 'mix-restart', 'mix-retry', 'mix-stop', 'late-stop']

/** One fair way to go on in which nothing new happens: deliver, answer, then let deadlines pass. Undefined: at rest. */
export const goOn = (model: Model, state: State): Action | undefined => {
  if (state.lanes.length > 0) return { kind: 'deliver', index: 0 }
  const waiting = state.commands.findIndex(({ length }) => length > 0)
  if (waiting >= 0) return { kind: 'answer', slot: waiting, word: 'accepted' }
  for (const [slot, id] of state.rooms.entries()) {
    const room = model.decisions.room(id)
    const timer =
      room?.timers.findIndex(({ kind, subject }) => kind === 'reserved-again' && isHeld(room, subject)) ?? -1
    if (timer >= 0) return { kind: 'fire', slot, timer }
  }
  for (const [slot, id] of state.rooms.entries()) {
    const timer = model.decisions.room(id)?.timers.findIndex(({ kind }) => moving.includes(kind)) ?? -1
    if (timer >= 0) return { kind: 'fire', slot, timer }
  }
  return undefined
}

const isHeld = (room: Room, attemptId: string): boolean =>
  room.session?.phase === 'held' && room.session.attemptId === attemptId

/** What must hold whenever everything is at rest. */
export const findUnrest = (ending: Ending): string | undefined => {
  const { rooms, story } = ending
  if (story.open.length > 0) return `requests without an outcome: ${story.open.join(', ')}`
  for (const room of rooms) {
    const wrong = checkRoomAtRest(room, ending)
    if (wrong !== undefined) return `at rest, ${room.roomId}: ${wrong}`
  }
  return checkStory(ending)
}

const checkRoomAtRest = (room: Room, { roomOf, story }: Ending): string | undefined => {
  if (room.agreements.length + room.merged.length > 0) return 'an agreement waits'
  if (room.lateStops.length > 0) return 'a late stop waits'
  if (isSystemRoom(room) && room.session === null && !isEnded(room)) return 'a system room without a session'
  for (const { sessionId, ownerRoomId, number } of room.noted) {
    const invite = roomOf(ownerRoomId)?.invites.find((one) => one.sessionId === sessionId)
    if (invite === undefined || invite.number < number) return `a noted invite ${sessionId} that is gone`
  }
  for (const { sessionId, inviteeRoomId, offeredNumber, open } of room.invites) {
    if (open.length > 0) return `the invite ${sessionId} is not answered`
    const invitees = inviteeRoomId === null ? undefined : roomOf(inviteeRoomId)
    // An invite to a room that has ended runs out by itself.
    if (invitees === undefined || isEnded(invitees)) continue
    const noted = invitees.noted.find((one) => one.sessionId === sessionId)
    if (noted?.number !== offeredNumber) return `the invite ${sessionId} is not noted in ${invitees.roomId}`
  }
  if (room.lock === null) return undefined
  const session = sessionOf(room)
  if (session === undefined) return `locked by ${room.lock} without a session`
  const other = roomOf(isOwner(room, session.terms) ? session.terms.peerRoomId : session.terms.ownerRoomId)
  const others = other === undefined ? undefined : sessionOf(other)
  if (others?.attemptId !== session.attemptId) return `alone in ${session.attemptId}`
  if (JSON.stringify(others.terms) !== JSON.stringify(session.terms)) return 'the two rooms know different terms'
  if (others.phase !== session.phase || room.mixed !== other?.mixed)
    return `${session.phase}, the other ${others.phase}`
  if (room.mixed !== (session.phase === 'mixed')) return `${session.phase}, but mixed is ${room.mixed}`
  if (!isOwner(room, session.terms)) return undefined
  const areBroadcasters = !isSystemRoom(room) && !isSystemRoom(other)
  return checkOwner(room, session, other, story) ?? (areBroadcasters ? checkStreams(story, session.terms) : undefined)
}

const checkOwner = (owner: Room, session: Session, peer: Room, { isToRetry }: Story): string | undefined => {
  const { phase, ownerReady, peerReady, mixes, failures } = session
  if (phase !== 'agreed' && phase !== 'mixed') return `${phase} for ever`
  if (ownerReady !== owner.mixReady || peerReady !== peer.mixReady)
    return 'takes a room for ready that is not, or the reverse'
  if (phase === 'agreed' && ownerReady && peerReady) {
    if (failures === 0) return 'both are ready, and nothing starts'
    if (isToRetry) return 'a MixAvailable came after the failure, and nothing starts'
  }
  for (const { mainRoomId, state } of mixes) {
    const isReady = mainRoomId === owner.roomId ? ownerReady : peerReady
    if (phase === 'mixed' && state !== (isReady ? 'started' : 'broken'))
      return `mixed, and ${mainRoomId} stays ${state}`
  }
  return undefined
}

/**
 * Both rooms of a session that lives were told the same of each other's streams. Of a stream that broke off meanwhile the last word
 * counts: a room that is held, or has been interrupted, pushes no 17 of a readiness that is over.
 */
const checkStreams = ({ streams }: Story, { ownerRoomId, peerRoomId }: SessionTerms): string | undefined => {
  for (const stream of [ownerRoomId, peerRoomId]) {
    const others = streams[`${stream === ownerRoomId ? peerRoomId : ownerRoomId} ${stream}`] ?? ''
    const own = streams[`${stream} ${stream}`] ?? ''
    const told = `of ${stream} the other room was told ${others || 'nothing'}, its own ${own || 'nothing'}`
    for (const words of [/[PI]/g, /[IR]/g]) {
      const last = others.match(words)?.at(-1)
      if (last !== undefined && last !== own.match(words)?.at(-1)) return told
    }
    const isSteady = !/[IB]/.test(others)
    if (isSteady && own.match(/R/g)?.length !== others.match(/R/g)?.length) return told
  }
  return undefined
}

/** Sessions that are over were ended to their rooms, and both rooms were told the same. */
const checkStory = ({ rooms, story, roomOf }: Ending): string | undefined => {
  const living = new Set(rooms.flatMap((room) => sessionOf(room)?.terms.sessionId ?? []))
  const told = new Map<string, string>()
  for (const [key, history] of Object.entries(story.sessions)) {
    const space = key.indexOf(' ')
    const [roomId, sessionId] = [key.slice(0, space), key.slice(space + 1)]
    if (living.has(sessionId)) {
      if (history.includes('E')) return `${sessionId} lives on, though its end was pushed in ${roomId}`
    } else {
      if (!history.includes('E')) return `${sessionId} ended without push 4 in ${roomId}`
      if (history.includes('S') && !history.includes('X') && !story.ended.includes(roomId)) {
        return `${sessionId} was mixed and ended without push 15 in ${roomId}`
      }
    }
    if (story.ended.includes(roomId)) continue
    const others = told.get(sessionId)
    if (others !== undefined && others !== history)
      return `the rooms of ${sessionId} were told ${others} and ${history}`
    told.set(sessionId, history)
  }
  for (const room of rooms) {
    if (isEnded(room) && !isSystemRoom(room) && !story.ended.includes(room.roomId))
      return `${room.roomId} ended without push 8`
  }
  for (const [roomId, { type, attemptId }] of Object.entries(story.commands)) {
    const room = roomOf(roomId)
    const session = room === undefined ? undefined : sessionOf(room)
    if (type === 'StartMix' && (session?.attemptId !== attemptId || session.phase !== 'mixed')) {
      return `the mix of ${roomId} for ${attemptId} is never stopped`
    }
  }
  return undefined
}
