import type { RecordOf } from '../../../schemas/types.generated.ts'
import { createdRoomId } from './ids.ts'
import type {
  AvailabilityCallback,
  CancelInvite,
  CloseCohosting,
  Comment,
  CreateLive,
  Feedback,
  Invite,
  LeaveAudience,
  LeaveLive,
  Like,
  PlayLive,
  StatusCallback,
  StreamCallback,
} from './requests.ts'

/** The types of the records that ingest writes. */
export const inputEventTypes = [
  'LiveCreateRequested',
  'LiveLeaveRequested',
  'AudienceJoined',
  'AudienceLeft',
  'CohostInviteRequested',
  'CohostCancelRequested',
  'CohostFeedbackRequested',
  'CohostCloseRequested',
  'StreamNotified',
  'MixAvailabilityNotified',
  'MixStatusNotified',
  'Commented',
  'Liked',
  'ProbeSent',
] as const

/** One of these records. */
export type InputEvent = RecordOf<(typeof inputEventTypes)[number]>

/** What makes an event this one: its id, and when ingest took it (epoch milliseconds). */
export type Stamp = { readonly eventId: string; readonly occurredAt: number }

/** The name known for a uid, `given` first; undefined: none is. */
export type NameOf = (uid: string, given?: string) => string | undefined

export const liveCreateRequested = (request: CreateLive, stamp: Stamp, nameOf: NameOf): InputEvent => ({
  type: 'LiveCreateRequested',
  record: {
    ...stamp,
    roomId: createdRoomId(stamp.eventId),
    uid: request.uid,
    name: nameOf(request.uid, request.name) ?? null,
    description: request.desc ?? null,
  },
})

export const liveLeaveRequested = ({ roomId }: LeaveLive, stamp: Stamp): InputEvent => ({
  type: 'LiveLeaveRequested',
  record: { ...stamp, roomId },
})

export const audienceJoined = ({ roomId, uid, name }: PlayLive, stamp: Stamp, nameOf: NameOf): InputEvent => ({
  type: 'AudienceJoined',
  record: { ...stamp, roomId, uid, name: nameOf(uid, name) ?? null },
})

export const audienceLeft = ({ roomId, uid }: LeaveAudience, stamp: Stamp): InputEvent => ({
  type: 'AudienceLeft',
  record: { ...stamp, roomId, uid },
})

/** Who comments without a known name is shown by uid. */
export const commented = ({ roomId, uid, name, comment }: Comment, stamp: Stamp, nameOf: NameOf): InputEvent => ({
  type: 'Commented',
  record: { ...stamp, roomId, uid, name: nameOf(uid, name) ?? uid, comment },
})

export const liked = ({ roomId, uid, name, count }: Like, stamp: Stamp, nameOf: NameOf): InputEvent => ({
  type: 'Liked',
  record: { ...stamp, roomId, uid, name: nameOf(uid, name) ?? uid, count },
})

/**
 * An invite. A broadcaster who invites may mean a broadcaster of another room: the one that was named, else the running live
 * that was found for the invitee; without either the invitee is audience. Audience invites the broadcaster of liveRoomId alone.
 */
export const cohostInviteRequested = (
  request: Invite,
  stamp: Stamp,
  nameOf: NameOf,
  runningLiveOfInvitee: string | undefined,
): InputEvent => ({
  type: 'CohostInviteRequested',
  record: {
    ...stamp,
    roomId: request.liveRoomId,
    inviterUid: request.inviterUid,
    inviterName: nameOf(request.inviterUid, request.inviterName) ?? null,
    inviteeUid: request.inviteeUid,
    inviteeName: nameOf(request.inviteeUid, request.inviteeName) ?? null,
    inviteeRoomId: request.inviterType === 2 ? (request.inviteeRoomId ?? runningLiveOfInvitee ?? null) : null,
    type: request.type,
    inviterType: request.inviterType,
  },
})

export const cohostCancelRequested = (
  { liveRoomId, inviterUid, inviteeUid }: CancelInvite,
  stamp: Stamp,
): InputEvent => ({
  type: 'CohostCancelRequested',
  record: { ...stamp, roomId: liveRoomId, inviterUid, inviteeUid: inviteeUid ?? null },
})

/** Feedback to the invite that was made in `roomId`. */
export const cohostFeedbackRequested = (
  { inviterUid, inviteeUid, status }: Feedback,
  roomId: string,
  stamp: Stamp,
): InputEvent => ({
  type: 'CohostFeedbackRequested',
  record: { ...stamp, roomId, inviterUid, inviteeUid, status },
})

export const cohostCloseRequested = ({ closeRoomId, notifiedRoomId }: CloseCohosting, stamp: Stamp): InputEvent => ({
  type: 'CohostCloseRequested',
  record: { ...stamp, roomId: closeRoomId, notifiedRoomId },
})

export const streamNotified = ({ roomId, action, cloudTime }: StreamCallback, stamp: Stamp): InputEvent => ({
  type: 'StreamNotified',
  record: { ...stamp, roomId, action, cloudTime },
})

export const mixAvailabilityNotified = ({ roomId, cloudTime }: AvailabilityCallback, stamp: Stamp): InputEvent => ({
  type: 'MixAvailabilityNotified',
  record: { ...stamp, roomId, cloudTime },
})

export const mixStatusNotified = (
  { roomId, mixRoomId, mixType, mixTemplate, event, code, message }: StatusCallback,
  stamp: Stamp,
): InputEvent => ({
  type: 'MixStatusNotified',
  record: { ...stamp, roomId, mixRoomId, mixType, mixTemplate, event, code, message },
})
