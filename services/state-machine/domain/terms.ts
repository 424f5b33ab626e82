import type { CohostView, Invite, Room, Session, SessionTerms } from '../../../schemas/types.generated.ts'
import type { Rules } from './turn.ts'

export const audience = 1
export const broadcaster = 2

export const roomStatus = { created: 0, pushing: 1, ended: 2, systemIdle: 10 } as const

export const isEnded = (room: Room): boolean => room.status === roomStatus.ended
/** A room that the system made for an audience party: nothing is pushed to it. */
export const isSystemRoom = (room: Room): boolean => room.type === audience

/** The session in which the room is; undefined while it is merely held for one, or free. */
export const sessionOf = (room: Room): Session | undefined =>
  room.session !== null && room.session.phase !== 'held' ? room.session : undefined

/** The attempt by which a peer is held without knowing yet whether the session comes to be. */
export const holdOf = (room: Room): Session | undefined =>
  room.session !== null && room.session.phase === 'held' ? room.session : undefined

export const isOwner = (room: Room, terms: SessionTerms): boolean => terms.ownerRoomId === room.roomId

/** The other room of a session. */
export const otherRoom = (room: Room, terms: SessionTerms): string =>
  isOwner(room, terms) ? terms.peerRoomId : terms.ownerRoomId

/** Whether that room is a broadcaster's: the main stream of a mix, with clients that get pushes. */
export const isBroadcasters = (terms: SessionTerms, roomId: string): boolean =>
  roomId === terms.inviterRoomId ? terms.inviterType === broadcaster : terms.inviteeType === broadcaster

/** Who a room of the session belongs to. */
export const partyOf = (terms: SessionTerms, roomId: string): { readonly uid: string; readonly name: string } =>
  roomId === terms.inviterRoomId
    ? { uid: terms.inviterUid, name: terms.inviterName }
    : { uid: terms.inviteeUid, name: terms.inviteeName }

/** Whether these two users are the parties, whoever of them invited. */
export const isBetween = (terms: SessionTerms, oneUid: string, otherUid: string): boolean =>
  (terms.inviterUid === oneUid && terms.inviteeUid === otherUid) ||
  (terms.inviterUid === otherUid && terms.inviteeUid === oneUid)

/** What the agreeing party needs: where it pushes, and where it watches the other. */
export const viewFor = (terms: SessionTerms, uid: string, { media }: Rules): CohostView => {
  const isInvitee = terms.inviteeUid === uid
  const own = isInvitee ? terms.inviteeRoomId : terms.inviterRoomId
  const other = isInvitee ? terms.inviterRoomId : terms.inviteeRoomId
  return {
    inviterPlayUrl: media.shortDelayUrl(other),
    inviterRoomId: other,
    inviteeRoomId: own,
    rtmpUrl: media.pushUrl(own, terms.agreedAt),
  }
}

/** The room in which a party of an attempt is that has asked for something here: a viewer watches this one. */
export const roomOfAsker = (
  room: Room,
  uid: string,
  { attemptId, peerRoomId }: { readonly attemptId: string; readonly peerRoomId: string },
  { mintRoomId }: Rules,
): string => (uid === room.uid || peerRoomId === mintRoomId(attemptId) ? room.roomId : peerRoomId)

/** The terms of an attempt to turn an invite, made in `ownerRoomId`, into a session. */
export const termsOf = (
  invite: Invite,
  ownerRoomId: string,
  attemptId: string,
  { mintRoomId }: Rules,
): SessionTerms => {
  const peerRoomId = invite.inviteeRoomId ?? mintRoomId(attemptId)
  const invitesFromOwnRoom = invite.inviterType === broadcaster
  return {
    sessionId: invite.sessionId,
    ownerRoomId,
    peerRoomId,
    inviterUid: invite.inviterUid,
    inviterName: invite.inviterName,
    inviterRoomId: invitesFromOwnRoom ? ownerRoomId : peerRoomId,
    inviterType: invite.inviterType,
    inviteeUid: invite.inviteeUid,
    inviteeName: invite.inviteeName,
    inviteeRoomId: invitesFromOwnRoom ? peerRoomId : ownerRoomId,
    inviteeType: invite.inviteeType,
    type: invite.type,
    agreedAt: 0,
  }
}
