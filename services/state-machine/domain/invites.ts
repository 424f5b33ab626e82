import type {
  CohostInviteRequested,
  CohostCancelRequested,
  Invite,
  NotedInvite,
  PeerMessage,
} from '../../../schemas/types.generated.ts'
import { endInvite, forgetInvite, partiesOf, refusalMessage, rejectOpen } from './invite-ending.ts'
import { failAgreement } from './locks.ts'
import { audience, broadcaster, isEnded, isSystemRoom } from './terms.ts'
import { setTimer } from './timers.ts'
import { answer, change, codes, ignore, push, tell, type Turn } from './turn.ts'

// The waiting of an invite: from the request to its agreement, refusal, expiry or cancellation. It waits in the room in which
// it was made (the owner); a broadcaster of another room is told by an offer to that room.

/** An invite is requested in its owner. */
export const requestInvite = (turn: Turn, request: CohostInviteRequested): void => {
  const refuse = (code: number, message: string): void => answer(turn, request.eventId, code, message)
  const { room, rules, now } = turn
  if (isEnded(room) || isSystemRoom(room)) return refuse(codes.noSuchRoom, 'this room does not exist or has ended')
  const byBroadcaster = request.inviterType === broadcaster
  const named = byBroadcaster ? request.inviterUid : request.inviteeUid
  if (named !== room.uid) return refuse(codes.notThatRooms, 'this room belongs to another user')
  if (request.inviterUid === request.inviteeUid) return refuse(codes.notThatRooms, 'nobody can invite himself')
  const inviteeRoomId = byBroadcaster ? request.inviteeRoomId : null
  if (inviteeRoomId === room.roomId) return refuse(codes.notThatRooms, 'this room belongs to the inviter')
  if (room.lock !== null) return refuse(codes.taken, 'this room is in a session or reserved for one')

  const waiting = room.invites.find(
    (invite) =>
      invite.inviterUid === request.inviterUid &&
      invite.inviteeUid === request.inviteeUid &&
      invite.inviteeRoomId === inviteeRoomId,
  )
  if (waiting === undefined && room.invites.length >= rules.maxInvites) {
    return refuse(codes.taken, 'too many invites wait in this room')
  }
  if (waiting !== undefined && room.agreements.some(({ terms }) => terms.sessionId === waiting.sessionId)) {
    return refuse(codes.taken, 'this invite is being agreed to')
  }
  const expiresAt = now + rules.inviteTtlMs
  const invite: Invite = {
    sessionId: waiting?.sessionId ?? request.eventId,
    number: (waiting?.number ?? 0) + 1,
    inviterUid: request.inviterUid,
    inviterName: request.inviterName ?? (byBroadcaster ? room.name : request.inviterUid),
    inviterType: byBroadcaster ? broadcaster : audience,
    inviteeUid: request.inviteeUid,
    inviteeName: request.inviteeName ?? waiting?.inviteeName ?? (byBroadcaster ? request.inviteeUid : room.name),
    inviteeType: byBroadcaster && inviteeRoomId === null ? audience : broadcaster,
    inviteeRoomId,
    type: inviteeRoomId === null ? request.type : (waiting?.type ?? request.type),
    // A renewal counts from the other room's word on; until then the old expiry holds.
    expiresAt: inviteeRoomId !== null && waiting !== undefined ? waiting.expiresAt : expiresAt,
    attempt: waiting?.attempt ?? 0,
    offeredNumber: waiting?.offeredNumber ?? 0,
    open: waiting?.open ?? [],
    eventId: '',
  }
  if (inviteeRoomId === null) {
    const eventId = pushInvite(turn, invite, invite.inviteeUid, room.roomId)
    keepInvite(turn, { ...invite, eventId })
    answer(turn, request.eventId, codes.done, 'invited', { sessionId: invite.sessionId })
  } else {
    replaceInvite(turn, {
      ...invite,
      open: [...invite.open, { requestId: request.eventId, number: invite.number, at: now }],
    })
    tell(turn, inviteeRoomId, 'offer', invite.sessionId, {
      number: invite.number,
      terms: {
        sessionId: invite.sessionId,
        ownerRoomId: room.roomId,
        peerRoomId: inviteeRoomId,
        inviterUid: invite.inviterUid,
        inviterName: invite.inviterName,
        inviterRoomId: room.roomId,
        inviterType: invite.inviterType,
        inviteeUid: invite.inviteeUid,
        inviteeName: invite.inviteeName,
        inviteeRoomId,
        inviteeType: invite.inviteeType,
        type: request.type,
        agreedAt: 0,
      },
      expiresAt,
    })
  }
}

/** As keepInvite, but one that is there keeps its place: the newest is the one that was made or renewed last. */
const replaceInvite = (turn: Turn, invite: Invite): void => {
  const { invites } = turn.room
  if (!invites.some(({ sessionId }) => sessionId === invite.sessionId)) return keepInvite(turn, invite)
  change(turn, { invites: invites.map((one) => (one.sessionId === invite.sessionId ? invite : one)) })
  setTimer(turn, 'invite', invite.sessionId, invite.expiresAt)
}

const keepInvite = (turn: Turn, invite: Invite): void => {
  change(turn, {
    invites: [...turn.room.invites.filter(({ sessionId }) => sessionId !== invite.sessionId), invite],
  })
  setTimer(turn, 'invite', invite.sessionId, invite.expiresAt)
}

const pushInvite = (
  turn: Turn,
  invite: Pick<Invite, 'sessionId' | 'inviterUid' | 'inviterName' | 'inviterType' | 'type' | 'expiresAt'>,
  toUid: string,
  liveRoomId: string,
): string =>
  push(
    turn,
    'CohostInvited',
    {
      expiresAt: invite.expiresAt,
      sessionId: invite.sessionId,
      inviterUid: invite.inviterUid,
      inviterName: invite.inviterName,
      type: invite.type,
      inviterType: invite.inviterType,
      liveRoomId,
    },
    { toUid, actor: invite.inviterUid },
  )

/** An invite of another room's broadcaster reaches the invitee's room. */
export const takeOffer = (turn: Turn, message: PeerMessage): void => {
  const { terms, expiresAt, number, sessionId, fromRoomId } = message
  if (terms === null || expiresAt === null) return ignore(turn, 'offer without terms')
  const { room } = turn
  const decline = (code: number): void => tell(turn, fromRoomId, 'declined', sessionId, { number, code })
  if (isEnded(room) || isSystemRoom(room)) return decline(codes.noSuchRoom)
  if (room.uid !== terms.inviteeUid) return decline(codes.notThatRooms)
  const known = room.noted.find((invite) => invite.sessionId === sessionId)
  if (known !== undefined && known.number >= number) {
    return tell(turn, fromRoomId, 'offered', sessionId, { number, expiresAt: known.expiresAt, name: room.name })
  }
  if (room.lock !== null) return decline(codes.taken)
  if (known === undefined && room.noted.length >= turn.rules.maxInvites) return decline(codes.taken)
  const eventId = pushInvite(turn, { ...terms, sessionId, expiresAt }, room.uid, fromRoomId)
  const noted: NotedInvite = {
    sessionId,
    number,
    ownerRoomId: fromRoomId,
    inviterUid: terms.inviterUid,
    inviterName: terms.inviterName,
    inviteeUid: terms.inviteeUid,
    inviteeName: terms.inviteeName === terms.inviteeUid ? room.name : terms.inviteeName,
    type: terms.type,
    expiresAt,
    eventId,
  }
  change(turn, { noted: [...room.noted.filter((invite) => invite.sessionId !== sessionId), noted] })
  tell(turn, fromRoomId, 'offered', sessionId, { number, expiresAt, name: room.name, subject: terms.type })
}

/** The invitee's room has noted an invite: its request is done. */
export const takeOffered = (turn: Turn, { sessionId, number, expiresAt, name, subject }: PeerMessage): void => {
  const invite = turn.room.invites.find((one) => one.sessionId === sessionId)
  if (invite === undefined) return ignore(turn, 'offered: no such invite')
  if (number <= invite.offeredNumber) return ignore(turn, 'offered: known')
  for (const { requestId } of invite.open.filter((open) => open.number <= number)) {
    answer(turn, requestId, codes.done, 'invited', { sessionId })
  }
  keepInvite(turn, {
    ...invite,
    offeredNumber: number,
    open: invite.open.filter((open) => open.number > number),
    expiresAt: expiresAt ?? invite.expiresAt,
    type: subject === '' ? invite.type : subject,
    inviteeName: invite.inviteeName === invite.inviteeUid && name !== '' ? name : invite.inviteeName,
  })
}

/** The invitee's room did not take an offer: a first invite is gone, a renewed one stays as it was. */
export const takeDeclined = (turn: Turn, { sessionId, number, code }: PeerMessage): void => {
  const invite = turn.room.invites.find((one) => one.sessionId === sessionId)
  if (invite === undefined) return ignore(turn, 'declined: no such invite')
  const refused = invite.open.filter((one) => one.number <= number)
  rejectOpen(turn, { ...invite, open: refused }, code, refusalMessage(code))
  const open = invite.open.filter((one) => one.number > number)
  if (invite.offeredNumber === 0 && open.length === 0) forgetInvite(turn, invite)
  else replaceInvite(turn, { ...invite, open })
}

/** The owner has taken its invite back, for whichever cause. */
export const takeWithdrawn = (turn: Turn, { sessionId, number, cause, actor }: PeerMessage): void => {
  const noted = turn.room.noted.find((invite) => invite.sessionId === sessionId && invite.number <= number)
  if (noted === undefined) return ignore(turn, 'withdrawn: not noted')
  change(turn, { noted: turn.room.noted.filter((invite) => invite !== noted) })
  const body = { ...partiesOf(noted), liveRoomId: noted.ownerRoomId }
  const addressing = { toUid: turn.room.uid, endReason: cause, actor }
  if (cause === 'expired') push(turn, 'InviteExpired', body, addressing)
  if (cause === 'cancelled') push(turn, 'InviteCancelled', body, addressing)
}

/** An invite's deadline: it waits while an agreement to it is on its way. */
export const expireInvite = (turn: Turn, sessionId: string): void => {
  const invite = turn.room.invites.find((one) => one.sessionId === sessionId)
  if (invite === undefined) return
  if (turn.room.agreements.some(({ terms }) => terms.sessionId === sessionId)) return
  endInvite(turn, invite, 'expired', 'clock')
}

/** The inviter takes one invite, or all of his in this room, back. */
export const requestCancel = (turn: Turn, { eventId, inviterUid, inviteeUid }: CohostCancelRequested): void => {
  if (isEnded(turn.room)) return answer(turn, eventId, codes.noSuchRoom, 'this room does not exist or has ended')
  const invites = turn.room.invites.filter(
    (invite) => invite.inviterUid === inviterUid && (inviteeUid === null || invite.inviteeUid === inviteeUid),
  )
  if (invites.length === 0) return answer(turn, eventId, codes.noSuchInvite, 'there is no such invite')
  for (const invite of invites) {
    for (const agreement of turn.room.agreements.filter(({ terms }) => terms.sessionId === invite.sessionId)) {
      failAgreement(turn, agreement, codes.noSuchInvite, 'the invite was cancelled')
    }
    // It may have run out meanwhile, and has then ended with its agreement.
    if (turn.room.invites.some(({ sessionId }) => sessionId === invite.sessionId)) {
      endInvite(turn, invite, 'cancelled', inviterUid)
    }
  }
  answer(turn, eventId, codes.done, 'cancelled')
}
