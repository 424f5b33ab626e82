/** 1 audience, 2 broadcaster. */
export type PartyType = 1 | 2
/** How the two pictures are put together. */
export type MixLayout = 'side_by_side' | 'picture_in_picture'

// The requests as they are after validation: ids are strings, numbers are numbers, blank optional fields are absent.

export type CreateLive = {
  readonly uid: string
  readonly name?: string | undefined
  readonly desc?: string | undefined
}
export type LeaveLive = { readonly roomId: string }
export type ListLives = { readonly roomId?: string | undefined }
export type PlayLive = { readonly roomId: string; readonly uid: string; readonly name?: string | undefined }
export type LeaveAudience = { readonly roomId: string; readonly uid: string }
export type Comment = PlayLive & { readonly comment: string }
export type Like = PlayLive & { readonly count: number }

export type Invite = {
  readonly inviterUid: string
  readonly inviterName?: string | undefined
  readonly inviteeUid: string
  readonly inviteeName?: string | undefined
  readonly liveRoomId: string
  readonly inviteeRoomId?: string | undefined
  readonly type: MixLayout
  readonly inviterType: PartyType
}
export type CancelInvite = {
  readonly inviterUid: string
  readonly liveRoomId: string
  readonly inviteeUid?: string | undefined
}
export type Feedback = {
  readonly inviterUid: string
  readonly inviteeUid: string
  readonly liveRoomId?: string | undefined
  /** 1 agree, 2 refuse. */
  readonly status: 1 | 2
}
export type CloseCohosting = { readonly closeRoomId: string; readonly notifiedRoomId: string }

// The callbacks of the video cloud; stream names are rooms already. cloudTime: epoch milliseconds.

export type StreamCallback = {
  readonly action: 'publish' | 'publish_done'
  readonly roomId: string
  readonly cloudTime: number | null
}
export type AvailabilityCallback = { readonly roomId: string; readonly cloudTime: number | null }
export type StatusCallback = {
  readonly roomId: string
  readonly mixRoomId: string
  readonly mixType: string
  readonly mixTemplate: string
  readonly event: 'EventMix' | 'EventMixStop' | 'MixResult'
  readonly code: string
  readonly message: string
}
