import type { Invite, NotedInvite } from '../../../schemas/types.generated.ts'
import { reject } from './rejections.ts'
import { clearTimer } from './timers.ts'
import { change, codes, push, tell, type Turn } from './turn.ts'

const declineMessages: Readonly<Record<number, string>> = {
  [codes.notThatRooms]: 'the invitee is not the broadcaster of that room',
  [codes.noSuchRoom]: "the invitee's room does not exist or has ended",
  [codes.taken]: "the invitee's room is in a session or reserved for one",
}
export const refusalMessage = (code: number): string => declineMessages[code] ?? 'the request was refused'

/** The parties of an invite, as pushes name them. */
export const partiesOf = ({
  sessionId,
  inviterUid,
  inviterName,
  inviteeUid,
  inviteeName,
}: Invite | NotedInvite): Pick<Invite, 'sessionId' | 'inviterUid' | 'inviterName' | 'inviteeUid' | 'inviteeName'> => ({
  sessionId,
  inviterUid,
  inviterName,
  inviteeUid,
  inviteeName,
})

/** Removes an invite without a word to anybody. */
export const forgetInvite = (turn: Turn, { sessionId }: Invite): void => {
  change(turn, { invites: turn.room.invites.filter((invite) => invite.sessionId !== sessionId) })
  clearTimer(turn, 'invite', sessionId)
}

/** Refuses the requests of an invite that wait for the other room's word; the inviter is in this room. */
export const rejectOpen = (
  turn: Turn,
  { inviterUid, open, sessionId }: Invite,
  code: number,
  message: string,
): void => {
  const { roomId } = turn.room
  for (const { requestId, at } of open)
    reject(turn, { requestId, uid: inviterUid, at, roomId }, sessionId, code, message)
}

export type WithdrawCause = 'expired' | 'cancelled' | 'refused' | 'superseded' | 'room-ended'

/** Ends an invite: its open requests are answered, the invitee's room is told, and who is in this room gets his push. */
export const endInvite = (turn: Turn, invite: Invite, cause: WithdrawCause, actor: string): void => {
  forgetInvite(turn, invite)
  if (cause === 'room-ended') rejectOpen(turn, invite, codes.noSuchRoom, 'the room has ended')
  else if (cause === 'superseded') rejectOpen(turn, invite, codes.taken, refusalMessage(codes.taken))
  else rejectOpen(turn, invite, codes.noSuchInvite, 'the invite is gone')
  if (invite.inviteeRoomId !== null) {
    tell(turn, invite.inviteeRoomId, 'withdrawn', invite.sessionId, { number: invite.number, cause, actor })
  }
  const body = { ...partiesOf(invite), liveRoomId: turn.room.roomId }
  const addressing = { endReason: cause, actor }
  if (cause === 'expired') {
    push(turn, 'InviteExpired', body, { ...addressing, toUid: invite.inviterUid })
    if (invite.inviteeRoomId === null) push(turn, 'InviteExpired', body, { ...addressing, toUid: invite.inviteeUid })
  }
  if (cause === 'cancelled' && invite.inviteeRoomId === null) {
    push(turn, 'InviteCancelled', body, { ...addressing, toUid: invite.inviteeUid })
  }
  if (cause === 'refused' || cause === 'superseded') {
    push(
      turn,
      'CohostRefused',
      { sessionId: invite.sessionId, inviteeUid: invite.inviteeUid, inviteeName: invite.inviteeName, status: 2 },
      { ...addressing, toUid: invite.inviterUid },
    )
  }
}
