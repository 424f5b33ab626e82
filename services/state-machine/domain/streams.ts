import type { MixCommandAnswered, MixStatusNotified, StreamNotified } from '../../../schemas/types.generated.ts'
import { noteReady, takeAnswer, takeStatus } from './mixing.ts'
import {
  changeMix,
  isUnmixedAfterFailure,
  mixOf,
  ownedSession,
  pushStatus,
  pushStream,
  tellFact,
  type MixStatus,
} from './session.ts'
import { isEnded, isOwner, isSystemRoom, otherRoom, roomStatus, sessionOf } from './terms.ts'
import { clearTimer, setTimer } from './timers.ts'
import { change, ignore, push, tell, type Turn } from './turn.ts'

// What the video cloud says of this room's stream and of the mix whose main stream it is.

const succeeded = 200

/** The stream started or broke off. Callbacks come twice, late and in any order. */
export const takeStreamNotice = (turn: Turn, { action, cloudTime }: StreamNotified): void => {
  const { room, now, rules } = turn
  if (isEnded(room)) return ignore(turn, 'stream callback: no such room')
  if (cloudTime !== null && room.streamTime !== null && cloudTime < room.streamTime) {
    return ignore(turn, 'stream callback: older than the last')
  }
  const isPushing = room.status === roomStatus.pushing
  if (action === 'publish') {
    if (isPushing) return ignore(turn, 'publish: pushing already')
    change(turn, { status: roomStatus.pushing, streamTime: cloudTime ?? room.streamTime })
    clearTimer(turn, 'grace')
    announceStream(turn, 'published')
  } else if (action === 'publish_done') {
    if (!isPushing) return ignore(turn, 'publish_done: not pushing')
    const status = isSystemRoom(room) ? roomStatus.systemIdle : roomStatus.created
    change(turn, { status, mixReady: false, readyWhenLocked: false, streamTime: cloudTime ?? room.streamTime })
    setTimer(turn, 'grace', '', now + rules.graceMs)
    announceStream(turn, 'interrupted')
    noteReady(turn, room.roomId, false)
  } else {
    ignore(turn, 'stream callback: unknown action')
  }
}

/** The stream can be the main stream of a mix. */
export const takeMixAvailability = (turn: Turn): void => {
  const { room } = turn
  if (isEnded(room)) return ignore(turn, 'mix availability: no such room')
  const session = sessionOf(room)
  if (room.mixReady && (session === undefined || !isUnmixedAfterFailure(session))) return askWhetherKnown(turn)
  change(turn, { mixReady: true })
  announceStream(turn, 'mix-available')
  noteReady(turn, room.roomId, true)
}

/**
 * The stream was ready already, as far as this room knows. In a peer that may be out of date: that a mix has failed, or is broken, is
 * for the owner to know, so the owner decides whether there is something to try again.
 */
const askWhetherKnown = (turn: Turn): void => {
  const { session } = turn.room
  if (session === null || session.phase === 'stopping' || isOwner(turn.room, session.terms)) {
    return ignore(turn, 'mix availability: known')
  }
  tellFact(turn, 'mix-available', { flag: true })
}

/** Pushes what happened to the stream to whom it concerns: the room, or the rooms of its session. */
const announceStream = (turn: Turn, cause: 'published' | 'interrupted' | 'mix-available'): void => {
  const { session, roomId } = turn.room
  const inSession = sessionOf(turn.room)
  if (inSession !== undefined) {
    pushStream(turn, inSession.terms, roomId, cause)
  } else if (!isSystemRoom(turn.room) && cause !== 'mix-available') {
    const { uid, name } = turn.room
    push(
      turn,
      cause === 'published' ? 'StreamPublished' : 'StreamInterrupted',
      { uid, name, streamRoomId: roomId },
      { actor: uid, endReason: cause === 'interrupted' ? 'stream-broken' : null },
    )
  }
  // A room that is held reports, too: its owner may be in the session already.
  if (session !== null) tellFact(turn, cause)
}

const statusCodes: Readonly<Record<string, number>> = {
  Success: succeeded,
  MainStreamNotExist: 3404,
  MixStreamNotExist: 3404,
  NoSuchStream: 3404,
  InvalidArgument: 3400,
}

/** The content of the mix of this room's stream changed. It belongs to the session whose pair it names, or to nobody. */
export const takeMixStatus = (turn: Turn, notice: MixStatusNotified): void => {
  const { room } = turn
  const session = sessionOf(room)
  const mix = mixOf(turn, room.roomId)
  const isCurrent =
    session !== undefined &&
    otherRoom(room, session.terms) === notice.mixRoomId &&
    mix?.sent === true &&
    mix.state !== 'stopped'
  const lateStop = room.lateStops.find(({ otherRoomId }) => otherRoomId === notice.mixRoomId)
  if (!isCurrent && lateStop === undefined) return ignore(turn, 'mix status: of no mix of ours')

  const isStopping = !isCurrent || mix.state === 'stopping'
  const status: MixStatus = {
    mainMixRoomId: room.roomId,
    mixRoomId: notice.mixRoomId,
    mixType: notice.mixType,
    mixTemplate: notice.mixTemplate,
    event: notice.event === 'MixResult' ? (isStopping ? 'EventMixStop' : 'EventMix') : notice.event,
    message: notice.code === 'Success' ? '' : notice.message || notice.code,
    code: statusCodes[notice.code] ?? 3500,
    reason: notice.code,
  }
  const told = {
    code: status.code,
    message: status.message,
    reason: status.reason,
    subject: room.roomId,
    texts: [status.mixType, status.mixTemplate, status.event],
  }
  if (!isEnded(room)) pushStatus(turn, status)
  if (isCurrent) {
    if (notice.code === 'MainStreamNotExist') change(turn, { mixReady: false })
    tellFact(turn, 'status', told)
    takeStatus(turn, room.roomId, notice.code)
  } else if (lateStop?.otherListens === true) {
    tell(turn, lateStop.otherRoomId, 'fact', lateStop.attemptId, { ...told, cause: 'status' })
  }
}

/** The video cloud answered a mix command of this room. */
export const takeMixAnswer = (turn: Turn, answer: MixCommandAnswered): void => {
  const { room } = turn
  const { sessionId: attemptId, generation, action, code, reason, message, streamNames } = answer
  const late = room.lateStops.find((one) => one.attemptId === attemptId && one.generation === generation)
  if (late !== undefined) {
    change(turn, { lateStops: room.lateStops.filter((one) => one !== late) })
    clearTimer(turn, 'late-stop', attemptId)
    const body = { cause: 'answer', subject: action, generation, code, reason, message }
    if (late.tellsOwner) tell(turn, late.otherRoomId, 'fact', attemptId, body)
    return
  }
  const session = sessionOf(room)
  const mix = mixOf(turn, room.roomId)
  if (session?.attemptId !== attemptId || mix?.generation !== generation) {
    return ignore(turn, 'mix answer: an older generation')
  }
  if (ownedSession(turn) !== undefined) return takeAnswer(turn, room.roomId, answer)
  if (action === 'start' && code === succeeded) changeMix(turn, room.roomId, { state: 'started', streamNames })
  if (action === 'stop') changeMix(turn, room.roomId, { state: 'stopped' })
  tellFact(turn, 'answer', { subject: action, generation, code, reason, message, texts: streamNames })
}
