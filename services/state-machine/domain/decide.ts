import type { PeerMessage, Room, TimerFired } from '../../../schemas/types.generated.ts'
import {
  askOwnerAgain,
  askPeerAgain,
  giveUpAgreement,
  requestFeedback,
  takeBusy,
  takeConfirm,
  takeJoined,
  takeRelease,
  takeReserve,
  takeReserved,
} from './agreements.ts'
import {
  expireInvite,
  requestCancel,
  requestInvite,
  takeDeclined,
  takeOffer,
  takeOffered,
  takeWithdrawn,
} from './invites.ts'
import { giveUpRestart, giveUpStart, giveUpStop, resumeRetry, startWhenReady } from './mixing.ts'
import { requestClose, takeFact, takeGone, takeStep } from './peers.ts'
import { passProbe } from './probe.ts'
import { takeRejected } from './rejections.ts'
import { endByGrace, forgetRoom, requestCreate, requestLeave } from './rooms.ts'
import { takeMixAnswer, takeMixAvailability, takeMixStatus, takeStreamNotice } from './streams.ts'
import { pushStream } from './session.ts'
import { broadcaster, roomStatus, sessionOf } from './terms.ts'
import { setTimer, takeTimer, type TimerKind } from './timers.ts'
import { change, ignore, peerKinds, type Input, type Output, type PeerKind, type Rules, type Turn } from './turn.ts'

export type { Input, Output, Rules } from './turn.ts'

export type Decision = {
  /** The room after the input; null: nothing of it is kept. The same object when nothing changed. */
  readonly room: Room | null
  readonly outputs: readonly Output[]
  /** Why the input changed nothing; undefined: it did. One of a bounded set of texts. */
  readonly ignored: string | undefined
}

/**
 * Decides what an input does to a room: the new state, and what is to be written in the same transaction.
 * Pure and total: every state takes every input, and the same log gives the same outputs.
 *
 * @param room the room's state; null when nothing is known of it
 * @param position offset of the input in its partition
 * @param timestamp the broker's append time of the input, epoch ms; a room's time never goes back
 */
export const decide = (
  room: Room | null,
  input: Input,
  { position, timestamp }: { readonly position: number; readonly timestamp: number },
  rules: Rules,
): Decision => {
  const { eventId, roomId } = input.record
  const print = rules.fingerprint(eventId)
  if (room?.recentInputs.includes(print)) return { room, outputs: [], ignored: 'duplicate' }
  const now = Math.max(timestamp, room?.occurredAt ?? 0)
  const before = room ?? unknownRoom(roomId)
  const turn: Turn = {
    room: { ...before, eventId, occurredAt: now, inputPos: position },
    outputs: [],
    ignored: undefined,
    dropped: false,
    ids: 0,
    now,
    inputId: eventId,
    rules,
  }
  apply(turn, input)
  if (turn.ignored !== undefined) return { room, outputs: turn.outputs, ignored: turn.ignored }
  if (turn.dropped) return { room: null, outputs: turn.outputs, ignored: undefined }
  remember(turn, input, print)
  return { room: keep(turn), outputs: turn.outputs, ignored: undefined }
}

const apply = (turn: Turn, input: Input): void => {
  switch (input.type) {
    case 'LiveCreateRequested':
      return requestCreate(turn, input.record)
    case 'LiveLeaveRequested':
      return requestLeave(turn, input.record)
    case 'AudienceJoined':
    case 'AudienceLeft':
      return ignore(turn, 'audience')
    case 'CohostInviteRequested':
      return requestInvite(turn, input.record)
    case 'CohostCancelRequested':
      return requestCancel(turn, input.record)
    case 'CohostFeedbackRequested':
      return requestFeedback(turn, input.record)
    case 'CohostCloseRequested':
      return requestClose(turn, input.record)
    case 'StreamNotified':
      return takeStreamNotice(turn, input.record)
    case 'MixAvailabilityNotified':
      return takeMixAvailability(turn)
    case 'MixStatusNotified':
      return takeMixStatus(turn, input.record)
    case 'MixCommandAnswered':
      return takeMixAnswer(turn, input.record)
    case 'TimerFired':
      return fire(turn, input.record)
    case 'ClockRead':
      return ignore(turn, 'clock')
    case 'PeerMessage':
      return takePeerMessage(turn, input.record)
    case 'ProbeSent':
      return passProbe(turn, input.record)
  }
}

const isPeerKind = (kind: string): kind is PeerKind => (peerKinds as readonly string[]).includes(kind)

const takePeerMessage = (turn: Turn, message: PeerMessage): void => {
  if (!isPeerKind(message.kind)) return ignore(turn, 'peer message: unknown kind')
  switch (message.kind) {
    case 'offer':
      return takeOffer(turn, message)
    case 'offered':
      return takeOffered(turn, message)
    case 'declined':
      return takeDeclined(turn, message)
    case 'withdrawn':
      return takeWithdrawn(turn, message)
    case 'reserve':
      return takeReserve(turn, message)
    case 'reserved':
      if (takeReserved(turn, message)) startWhenReady(turn)
      return
    case 'busy':
      return takeBusy(turn, message)
    case 'joined':
      return takeJoined(turn, message)
    case 'confirm':
      takeConfirm(turn, message)
      return announceReadiness(turn)
    case 'release':
      return takeRelease(turn, message)
    case 'gone':
      return takeGone(turn, message)
    case 'rejected':
      return takeRejected(turn, message)
    case 'fact':
      return takeFact(turn, message)
    case 'step':
      return takeStep(turn, message)
  }
}

/** A room that became ready while it was held says so now that it is in the session. */
const announceReadiness = (turn: Turn): void => {
  const session = sessionOf(turn.room)
  const { mixReady, readyWhenLocked, roomId } = turn.room
  if (turn.ignored !== undefined || session === undefined || !mixReady || readyWhenLocked) return
  pushStream(turn, session.terms, roomId, 'mix-available')
}

const fire = (turn: Turn, { timer, subject, generation }: TimerFired): void => {
  if (!takeTimer(turn, timer, subject, generation)) return ignore(turn, 'timer: stale')
  // Where its matter is settled nothing follows, but the deadline has left the state.
  fireKind(turn, timer as TimerKind, subject)
}

const fireKind = (turn: Turn, kind: TimerKind, subject: string): void => {
  switch (kind) {
    case 'grace':
      return endByGrace(turn)
    case 'tombstone':
      return forgetRoom(turn)
    case 'invite':
      return expireInvite(turn, subject)
    case 'reserve-again':
      return askPeerAgain(turn, subject)
    case 'agreement':
      return giveUpAgreement(turn, subject)
    case 'reserved-again':
      return askOwnerAgain(turn, subject)
    case 'mix-start':
      return giveUpStart(turn)
    case 'mix-restart':
      return giveUpRestart(turn, subject)
    case 'mix-retry':
      return resumeRetry(turn, subject)
    case 'mix-stop':
      return giveUpStop(turn)
    case 'late-stop':
      return change(turn, { lateStops: turn.room.lateStops.filter(({ attemptId }) => attemptId !== subject) })
  }
}

const isNumbered = (kind: string): boolean => kind === 'fact' || kind === 'step'

/** Repeats of timers and numbered messages are recognised by their numbers; of all else by the ids of the newest inputs. */
const remember = (turn: Turn, input: Input, print: string): void => {
  if (input.type === 'TimerFired') return
  if (input.type === 'PeerMessage' && input.record.number > 0 && isNumbered(input.record.kind)) return
  const { recentInputs } = turn.room
  change(turn, { recentInputs: [...recentInputs, print].slice(-turn.rules.maxRecentInputs) })
}

/**
 * What is kept of the room: nothing of one that never was, unless it has told another room something. Then its tombstone alone ends
 * it: when the broker acknowledged its messages is not for the decision to know.
 */
const keep = (turn: Turn): Room | null => {
  const { room, now, rules } = turn
  if (room.uid !== '') return room
  if (room.outbox.length === 0 && room.timers.length === 0) return null
  if (room.timers.length === 0) setTimer(turn, 'tombstone', '', now + rules.tombstoneMs)
  return turn.room
}

/** A room of which nothing is known answers like one that has ended. */
const unknownRoom = (roomId: string): Room => ({
  eventId: '',
  roomId,
  occurredAt: 0,
  inputPos: 0,
  uid: '',
  name: '',
  description: null,
  type: broadcaster,
  status: roomStatus.ended,
  mixReady: false,
  mixed: false,
  createdAt: 0,
  endedAt: null,
  endReason: null,
  streamTime: null,
  timers: [],
  timerGeneration: 0,
  invites: [],
  noted: [],
  lock: null,
  lockPeer: null,
  lockedAt: null,
  readyWhenLocked: false,
  agreements: [],
  merged: [],
  session: null,
  dead: [],
  lateStops: [],
  outbox: [],
  recentInputs: [],
  likes: 0,
  likePos: 0,
})
