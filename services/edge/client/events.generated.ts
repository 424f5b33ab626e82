// Generated from schemas/*.avsc by schemas/generate.ts. Do not edit.

/** What a client may know of the session of a room; part of RoomState. */
export type SessionView = {
  /** the co-hosting session, the same from the invite on */
  readonly sessionId: string
  /** agreed, starting, mixed or stopping */
  readonly state: string
  /** side_by_side or picture_in_picture */
  readonly type: string
  readonly inviterUid: string
  readonly inviterName: string
  readonly inviterRoomId: string
  readonly inviteeUid: string
  readonly inviteeName: string
  readonly inviteeRoomId: string
  readonly inviterMixPlayUrls: readonly string[]
  readonly inviteeMixPlayUrls: readonly string[]
}

/** `data` of each push message, by name. */
export type PushData = {
  /** 1, weight 4: you are invited to co-host. */
  readonly 'cohost-invited': {
    /** the co-hosting session, the same from the invite on */
    readonly sessionId: string
    readonly inviterUid: string
    readonly inviterName: string
    /** side_by_side or picture_in_picture */
    readonly type: string
    /** 1 audience, 2 broadcaster */
    readonly inviterType: number
    /** the room in which the invite was made */
    readonly liveRoomId: string
  }
  /** 2, weight 4: your invite was accepted; push here. */
  readonly 'cohost-agreed': {
    /** the co-hosting session, the same from the invite on */
    readonly sessionId: string
    readonly inviteeUid: string
    readonly inviteeName: string
    readonly inviteeRoomId: string
    readonly inviterRoomId: string
    /** short-delay play URL of the invitee */
    readonly inviteePlayUrl: string
    /** push URL of the inviter: a secret */
    readonly rtmpUrl: string
    /** side_by_side or picture_in_picture */
    readonly type: string
    /** 1 */
    readonly status: number
    /** 1 audience, 2 broadcaster */
    readonly inviterType: number
    /** 1 audience, 2 broadcaster */
    readonly inviteeType: number
  }
  /** 3, weight 4: your invite was refused. */
  readonly 'cohost-refused': {
    /** the co-hosting session, the same from the invite on */
    readonly sessionId: string
    readonly inviteeUid: string
    readonly inviteeName: string
    /** 2 */
    readonly status: number
  }
  /** 4, weight 5: co-hosting has ended; mixing has not necessarily. */
  readonly 'cohost-ended': {
    /** the co-hosting session, the same from the invite on */
    readonly sessionId: string
    /** the room that closed or ended */
    readonly roomId: string
    readonly uid: string
    readonly name: string
    readonly notifiedRoomId: string
    readonly notifiedUid: string
    readonly notifiedName: string
  }
  /** 5, weight 5: the streams are mixed. */
  readonly 'mix-succeeded': {
    /** the co-hosting session, the same from the invite on */
    readonly sessionId: string
    readonly inviterRoomid: string
    readonly inviteeRoomid: string
    readonly inviterUid: string
    readonly inviterName: string
    readonly inviteeUid: string
    readonly inviteeName: string
    /** empty for an audience party */
    readonly inviterMixPlayUrls: readonly string[]
    /** empty for an audience party */
    readonly inviteeMixPlayUrls: readonly string[]
    /** 1 audience, 2 broadcaster */
    readonly inviterType: number
    /** 1 audience, 2 broadcaster */
    readonly inviteeType: number
  }
  /** 6, weight 8: a comment. */
  readonly 'commented': {
    readonly uid: string
    readonly name: string
    readonly comment: string
  }
  /** 7, weight 9: a like, or `count` of them. */
  readonly 'liked': {
    readonly uid: string
    readonly name: string
    /** how many likes this stands for, 1 to 1000 */
    readonly count?: number
  }
  /** 8, weight 5: the live has ended. */
  readonly 'live-ended': {
    /** the room it is addressed to */
    readonly roomId: string
  }
  /** 9, weight 5: a stream has started. */
  readonly 'stream-published': {
    readonly uid: string
    readonly name: string
    /** the room of the stream */
    readonly roomId: string
  }
  /** 10, weight 5: a stream has broken off. */
  readonly 'stream-interrupted': {
    readonly uid: string
    readonly name: string
    /** the room of the stream */
    readonly roomId: string
  }
  /** 14, weight 5: the mix could not be started. */
  readonly 'mix-failed': {
    /** the co-hosting session, the same from the invite on */
    readonly sessionId: string
    readonly inviterRoomid: string
    readonly inviteeRoomid: string
    readonly inviterUid: string
    readonly inviterName: string
    readonly inviteeUid: string
    readonly inviteeName: string
    /** 1 audience, 2 broadcaster */
    readonly inviterType: number
    /** 1 audience, 2 broadcaster */
    readonly inviteeType: number
    /** 3400, 3404, 3500 or 3000 */
    readonly code: number
    readonly message: string
  }
  /** 15, weight 5: mixing has ended. */
  readonly 'mix-ended': {
    /** the co-hosting session, the same from the invite on */
    readonly sessionId: string
    /** the room that closed or ended */
    readonly roomId: string
    readonly uid: string
    readonly name: string
    readonly notifiedRoomId: string
    readonly notifiedUid: string
    readonly notifiedName: string
  }
  /** 16, weight 5: what is in the mix has changed, or could not be changed. */
  readonly 'mix-command-status': {
    readonly mainMixRoomId: string
    readonly mixRoomId: string
    /** stream or channel */
    readonly mixType: string
    /** side_by_side or picture_in_picture */
    readonly mixTemplate: string
    /** EventMix or EventMixStop */
    readonly event: string
    /** empty on success */
    readonly message: string
    /** 200 success, 3404, 3400 or 3500 */
    readonly code: number
    /** the video cloud's own word */
    readonly reason: string
  }
  /** 17, weight 5: a stream can now be mixed. */
  readonly 'mix-available': {
    /** the room that the video cloud named */
    readonly roomId: string
    /** 1 audience, 2 broadcaster */
    readonly type: number
  }
  /** 100, weight 4: your request, answered 202 before, was refused. */
  readonly 'request-rejected': {
    readonly requestId: string
    readonly code: number
    readonly message: string
  }
  /** 101, weight 4: an invite of or to you ran out. */
  readonly 'invite-expired': {
    /** the co-hosting session, the same from the invite on */
    readonly sessionId: string
    readonly inviterUid: string
    readonly inviterName: string
    readonly inviteeUid: string
    readonly inviteeName: string
    /** the room in which the invite was made */
    readonly liveRoomId: string
  }
  /** 102, weight 4: an invite to you was taken back. */
  readonly 'invite-cancelled': {
    /** the co-hosting session, the same from the invite on */
    readonly sessionId: string
    readonly inviterUid: string
    readonly inviterName: string
    readonly inviteeUid: string
    readonly inviteeName: string
    /** the room in which the invite was made */
    readonly liveRoomId: string
  }
  /** 103, weight 9: how many watch. */
  readonly 'viewer-count': {
    /** the room it is addressed to */
    readonly roomId: string
    readonly count: number
  }
  /** 104, weight 5: the room as you find it. */
  readonly 'room-state': {
    /** the room */
    readonly roomId: string
    readonly uid: string
    readonly name: string
    /** 0 not pushing, 1 pushing, 2 ended */
    readonly status: number
    /** 1 audience, 2 broadcaster */
    readonly type: number
    readonly isMixReady: boolean
    readonly isMixed: boolean
    readonly likes: number
    readonly viewers: number
    readonly session: SessionView | null
  }
}

export type PushName = keyof PushData

/** The name of each push message, by the number in `type`. */
export const pushNames: Readonly<Record<number, PushName>> = {
  1: 'cohost-invited',
  2: 'cohost-agreed',
  3: 'cohost-refused',
  4: 'cohost-ended',
  5: 'mix-succeeded',
  6: 'commented',
  7: 'liked',
  8: 'live-ended',
  9: 'stream-published',
  10: 'stream-interrupted',
  14: 'mix-failed',
  15: 'mix-ended',
  16: 'mix-command-status',
  17: 'mix-available',
  100: 'request-rejected',
  101: 'invite-expired',
  102: 'invite-cancelled',
  103: 'viewer-count',
  104: 'room-state',
}
