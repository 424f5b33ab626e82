import type { PeerMessage, Room, SessionTerms } from '../../schemas/types.generated.ts'
import type { Rules } from '../../services/state-machine/domain/decide.ts'
import { isOwner } from '../../services/state-machine/domain/terms.ts'

// What of a room and of a message can influence the future, and nothing else. Two states that differ in the rest only behave
// alike, so that exploring one of them is enough.

/** The time of every decision. A timer is taken one tick later; its room then counts as living at this time again. */
export const now = 1_000_000
const farAway = 1_000_000

/**
 * One tick for every duration that a timer measures: whatever was set may fire before or after whatever else was set, which
 * includes every order that real durations allow. Attempts are remembered for ever: real messages are never under way for as long
 * as the ten minutes for which they are remembered.
 */
export const modelRules: Rules = {
  graceMs: 1,
  inviteTtlMs: farAway,
  mixTimeoutMs: 1,
  tombstoneMs: 1,
  askAgainMs: 1,
  agreementLimitMs: 1,
  deadMs: farAway * farAway,
  lateMs: 0,
  maxInvites: 200,
  maxRecentInputs: 32,
  fingerprint: (eventId) => eventId,
  media: {
    pushUrl: (room) => `push:${room}`,
    shortDelayUrl: (room) => `play:${room}`,
    streamUrl: (stream) => `mixed:${stream}`,
  },
  // Behind all other rooms by its name; scenarios in which it comes first bring their own.
  mintRoomId: (text) => `sys${text.replaceAll(/[^A-Za-z0-9]/g, 'x')}`,
}

/** Times that are compared with the present alone: is it past, or not yet? */
const pastOrNot = (at: number, present: number): number => (at < present ? now - 1 : now)
const dueOrNot = (at: number, present: number): number => (at <= present ? now : now + farAway)

/** `agreedAt` is shown to clients and decides nothing. */
const normalTerms = (terms: SessionTerms): SessionTerms => (terms.agreedAt === 0 ? terms : { ...terms, agreedAt: now })

const byName = (a: string, b: string): number => (a < b ? -1 : 1)

/**
 * A room after a decision, at time `now`. Erased: the ids and positions of inputs and pushes; the times of timers, since any may
 * fire next; their generations beyond telling them apart, since a stale one changes nothing (which the explorer checks for
 * every room it meets); ids of inputs that cannot come again; how many mixes failed beyond whether one did; the outbox, which
 * is in the channels.
 */
export const normalRoom = (room: Room, canComeAgain: (eventId: string) => boolean): Room => {
  const present = room.occurredAt
  const timers = room.timers
    .toSorted((a, b) => byName(a.kind + a.subject, b.kind + b.subject))
    .map(({ kind, subject }, index) => ({ kind, subject, at: now, generation: index + 1 }))
  return {
    ...room,
    eventId: '',
    occurredAt: now,
    inputPos: 0,
    createdAt: 0,
    endedAt: null,
    endReason: null,
    timers,
    timerGeneration: timers.length,
    invites: room.invites.map((invite) => ({
      ...invite,
      eventId: '',
      expiresAt: dueOrNot(invite.expiresAt, present),
      open: invite.open.map((open) => ({ ...open, at: pastOrNot(open.at, present) })),
    })),
    noted: room.noted.map((noted) => ({ ...noted, eventId: '', expiresAt: now + farAway })),
    lockedAt: room.lockedAt === null ? null : now,
    agreements: room.agreements.map((one) => ({ ...one, startedAt: pastOrNot(one.startedAt, present) })),
    merged: room.merged.map((one) => ({ ...one, at: pastOrNot(one.at, present) })),
    session: room.session && {
      ...room.session,
      terms: normalTerms(room.session.terms),
      failures: Math.min(room.session.failures, 1),
      // The peer alone looks at its own.
      readyNumber: isOwner(room, room.session.terms) ? 0 : room.session.readyNumber,
      agreedEventId: '',
    },
    dead: room.dead
      .map(({ attemptId }) => ({ attemptId, until: farAway * farAway }))
      .toSorted((a, b) => byName(a.attemptId, b.attemptId)),
    outbox: [],
    recentInputs: room.recentInputs.filter(canComeAgain),
  }
}

/** A message under way, without its id: repeats are told apart where it lies. */
export const normalMessage = (message: PeerMessage): PeerMessage => ({
  ...message,
  eventId: '',
  occurredAt: now,
  terms: message.terms && normalTerms(message.terms),
  expiresAt: message.expiresAt === null ? null : now + farAway,
})
