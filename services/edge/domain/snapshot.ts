import type { Room, RoomState, Session, SessionView } from '../../../schemas/types.generated.ts'

// The one place that knows how the state of a room looks in `room.state`.

/** An open invite whose push 1 went to a user in this room. */
export type OpenInvite = { readonly eventId: string; readonly inviteeUid: string; readonly expiresAt: number }

/** What the edge keeps of a room: what its subscribers may know, and what it needs to give it to them. */
export type Snapshot = {
  readonly roomId: string
  /** Offset in `room.input` up to which the state is the result. */
  readonly inputPos: number
  /** Epoch milliseconds of its last change. */
  readonly occurredAt: number
  readonly uid: string
  readonly name: string
  readonly status: number
  readonly type: number
  readonly isMixReady: boolean
  readonly isMixed: boolean
  readonly likes: number
  readonly session: SessionView | null
  readonly invites: readonly OpenInvite[]
  /** Push 2 of the session that lives, when it went to a user in this room. */
  readonly agreed: { readonly eventId: string; readonly inviterUid: string; readonly agreedAt: number } | null
}

/** A push message that a user is sent again when he subscribes, and when it was written at the earliest. */
export type Resent = { readonly eventId: string; readonly writtenAfter: number }

const endedStatus = 2
const audienceType = 1
const sessionStates: ReadonlySet<string> = new Set(['agreed', 'starting', 'mixed', 'stopping'])
/** The states in which the mixed streams can be played. */
const playableStates: ReadonlySet<string> = new Set(['mixed', 'stopping'])

/** `streamUrl` gives the address of a mixed stream by the name that the video cloud gave it. */
export const snapshotOf = (room: Room, streamUrl: (stream: string) => string): Snapshot => ({
  roomId: room.roomId,
  inputPos: room.inputPos,
  occurredAt: room.occurredAt,
  uid: room.uid,
  name: room.name,
  status: room.status,
  type: room.type,
  isMixReady: room.mixReady,
  isMixed: room.mixed,
  likes: room.likes,
  session: room.session === null ? null : sessionView(room.session, streamUrl),
  invites: invitesOf(room),
  agreed: agreedOf(room.session),
})

/** Nobody subscribes to a room that has ended, nor to the system room of an audience member who co-hosts. */
export const isOpen = ({ status, type }: Snapshot): boolean => status !== endedStatus && type !== audienceType

/** Message 104; `viewers` is what is known of them here. */
export const roomStateOf = (
  snapshot: Snapshot,
  { eventId, viewers }: { eventId: string; viewers: number },
): RoomState => ({
  eventId,
  roomId: snapshot.roomId,
  occurredAt: snapshot.occurredAt,
  uid: snapshot.uid,
  name: snapshot.name,
  status: snapshot.status,
  type: snapshot.type,
  isMixReady: snapshot.isMixReady,
  isMixed: snapshot.isMixed,
  likes: snapshot.likes,
  viewers,
  session: snapshot.session,
})

/**
 * What a user who subscribes without resuming is sent again: his open invites, and the agreement when he is the inviter of a
 * session that lives. `inviteTtlMs`: how long before its expiry an invite can have been pushed.
 */
export const resentTo = (
  uid: string,
  { invites, agreed }: Snapshot,
  { nowMs, inviteTtlMs }: { nowMs: number; inviteTtlMs: number },
): readonly Resent[] => {
  const open = invites
    .filter(({ inviteeUid, expiresAt }) => inviteeUid === uid && expiresAt > nowMs)
    .map(({ eventId, expiresAt }) => ({ eventId, writtenAfter: expiresAt - inviteTtlMs }))
  return agreed?.inviterUid === uid ? [...open, { eventId: agreed.eventId, writtenAfter: agreed.agreedAt }] : open
}

/** A session that is only held, not yet agreed, is nobody's business. */
const sessionView = ({ terms, phase, mixes }: Session, streamUrl: (stream: string) => string): SessionView | null => {
  if (!sessionStates.has(phase)) return null
  const urlsOf = (roomId: string): readonly string[] =>
    playableStates.has(phase)
      ? mixes.filter(({ mainRoomId }) => mainRoomId === roomId).flatMap(({ streamNames }) => streamNames.map(streamUrl))
      : []
  return {
    sessionId: terms.sessionId,
    state: phase,
    type: terms.type,
    inviterUid: terms.inviterUid,
    inviterName: terms.inviterName,
    inviterRoomId: terms.inviterRoomId,
    inviteeUid: terms.inviteeUid,
    inviteeName: terms.inviteeName,
    inviteeRoomId: terms.inviteeRoomId,
    inviterMixPlayUrls: urlsOf(terms.inviterRoomId),
    inviteeMixPlayUrls: urlsOf(terms.inviteeRoomId),
  }
}

/** An invite whose push 1 went elsewhere has no event id here. */
const invitesOf = ({ invites, noted }: Room): readonly OpenInvite[] =>
  [...invites, ...noted]
    .filter(({ eventId }) => eventId !== '')
    .map(({ eventId, inviteeUid, expiresAt }) => ({ eventId, inviteeUid, expiresAt }))

const agreedOf = (session: Session | null): Snapshot['agreed'] =>
  session === null || session.agreedEventId === '' || session.phase === 'stopping'
    ? null
    : { eventId: session.agreedEventId, inviterUid: session.terms.inviterUid, agreedAt: session.terms.agreedAt }
