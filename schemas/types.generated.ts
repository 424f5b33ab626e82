// Generated from *.avsc by generate.ts. Do not edit.

/** An agreement on its way to a session, in the room that owns the invite. */
export type Agreement = {
  /** the session's id, a dot, the number of the attempt */
  readonly attemptId: string
  readonly terms: SessionTerms
  /** the agreeing request */
  readonly requestId: string
  readonly requestUid: string
  readonly startedAt: number
}

/** Somebody began to watch a room. */
export type AudienceJoined = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the watched room */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly uid: string
  readonly name: string | null
}

/** Somebody stopped watching a room. */
export type AudienceLeft = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the watched room */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly uid: string
}

/** Appended to learn the broker's time; changes nothing. */
export type ClockRead = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** empty: it belongs to no room */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
}

/** Type 2: the invitee agreed; for the inviter alone, since it carries a push URL. */
export type CohostAgreed = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
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

/** The inviter takes an invite back. */
export type CohostCancelRequested = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room in which the invite was made */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly inviterUid: string
  /** null: every invite of that inviter in this room */
  readonly inviteeUid: string | null
}

/** A party closes the session. */
export type CohostCloseRequested = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the closing room */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** the other room */
  readonly notifiedRoomId: string
}

/** Type 4: co-hosting has ended; mixing has not necessarily. */
export type CohostEnded = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  /** the co-hosting session, the same from the invite on */
  readonly sessionId: string
  /** the room that closed or ended */
  readonly closingRoomId: string
  readonly uid: string
  readonly name: string
  readonly notifiedRoomId: string
  readonly notifiedUid: string
  readonly notifiedName: string
}

/** The invitee agrees or refuses. */
export type CohostFeedbackRequested = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room in which the invite was made */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly inviterUid: string
  readonly inviteeUid: string
  /** 1 agree, 2 refuse */
  readonly status: number
}

/** An invite to co-host. */
export type CohostInviteRequested = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** liveRoomId: the room in which the invite is made */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly inviterUid: string
  /** null: not known */
  readonly inviterName: string | null
  readonly inviteeUid: string
  /** null: not known */
  readonly inviteeName: string | null
  /** the invitee's own room when a broadcaster is invited */
  readonly inviteeRoomId: string | null
  /** side_by_side or picture_in_picture */
  readonly type: string
  /** 1 audience, 2 broadcaster */
  readonly inviterType: number
}

/** Type 1: somebody is invited to co-host. */
export type CohostInvited = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  /** not to be delivered after this */
  readonly expiresAt: number
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

/** Type 3: the invitee refused; for the inviter alone. */
export type CohostRefused = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  /** the co-hosting session, the same from the invite on */
  readonly sessionId: string
  readonly inviteeUid: string
  readonly inviteeName: string
  /** 2 */
  readonly status: number
}

/** What the invitee needs after an agreement. */
export type CohostView = {
  /** short-delay play URL of the inviter */
  readonly inviterPlayUrl: string
  readonly inviterRoomId: string
  readonly inviteeRoomId: string
  /** where the invitee pushes: a secret */
  readonly rtmpUrl: string
}

/** Type 6: a comment. */
export type Commented = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly uid: string
  readonly name: string
  readonly comment: string
}

/** An attempt that has ended; its late messages change nothing. */
export type DeadSession = {
  readonly attemptId: string
  readonly until: number
}

/** Type 102: the inviter took an invite back. */
export type InviteCancelled = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  /** the co-hosting session, the same from the invite on */
  readonly sessionId: string
  readonly inviterUid: string
  readonly inviterName: string
  readonly inviteeUid: string
  readonly inviteeName: string
  /** the room in which the invite was made */
  readonly liveRoomId: string
}

/** Type 101: an invite ran out unanswered. */
export type InviteExpired = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  /** the co-hosting session, the same from the invite on */
  readonly sessionId: string
  readonly inviterUid: string
  readonly inviterName: string
  readonly inviteeUid: string
  readonly inviteeName: string
  /** the room in which the invite was made */
  readonly liveRoomId: string
}

/** An invite that waits in the room in which it was made. */
export type Invite = {
  /** the co-hosting session, the same from the invite on */
  readonly sessionId: string
  /** 1, and 1 more with each renewal */
  readonly number: number
  readonly inviterUid: string
  readonly inviterName: string
  /** 1 audience, 2 broadcaster */
  readonly inviterType: number
  readonly inviteeUid: string
  readonly inviteeName: string
  /** 1 audience, 2 broadcaster */
  readonly inviteeType: number
  /** when a broadcaster of another room is invited */
  readonly inviteeRoomId: string | null
  /** side_by_side or picture_in_picture */
  readonly type: string
  readonly expiresAt: number
  /** how many agreements were tried */
  readonly attempt: number
  /** the newest number that the other room has noted; 0: none */
  readonly offeredNumber: number
  /** requests that wait for the other room's word */
  readonly open: readonly OpenRequest[]
  /** of the newest push 1, when it was pushed here; else empty */
  readonly eventId: string
}

/** A StopMix that is unanswered though its session has ended. */
export type LateStop = {
  readonly attemptId: string
  readonly otherRoomId: string
  /** the other room is a broadcaster's */
  readonly otherListens: boolean
  readonly generation: number
  /** the owner waits for the answer */
  readonly tellsOwner: boolean
}

/** Type 7: one like or several of one user. */
export type Liked = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly uid: string
  readonly name: string
  /** how many likes this stands for, 1 to 1000 */
  readonly count: number
}

/** A live is to be created. */
export type LiveCreateRequested = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the new room's id */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** its broadcaster */
  readonly uid: string
  /** the broadcaster's */
  readonly name: string | null
  readonly description: string | null
}

/** Type 8: the live of this room has ended. */
export type LiveEnded = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
}

/** The broadcaster ends the live. */
export type LiveLeaveRequested = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room that takes the request */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
}

/** A room as the answer to its creation shows it. */
export type LiveView = {
  readonly uid: string
  readonly name: string
  readonly roomId: string
  readonly description: string | null
  readonly status: number
  /** 1 audience, 2 broadcaster */
  readonly type: number
  readonly isMixReady: boolean
  readonly isMixed: boolean
  /** where the broadcaster pushes: a secret */
  readonly rtmpUrl: string
}

/** A request that shares the fate of an agreement between the same two rooms. */
export type Merged = {
  /** of that agreement */
  readonly attemptId: string
  /** the other room */
  readonly peerRoomId: string
  readonly requestId: string
  /** who asked */
  readonly uid: string
  /** when it was taken */
  readonly at: number
}

/** The video cloud says that a stream can be the main stream of a mix. */
export type MixAvailabilityNotified = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room of the stream */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** when it happened, by the video cloud */
  readonly cloudTime: number | null
}

/** Type 17: a room's stream can now be mixed. */
export type MixAvailable = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  /** the room that the video cloud named */
  readonly readyRoomId: string
  /** 1 audience, 2 broadcaster */
  readonly type: number
}

/** What the video cloud answered to a mix command. */
export type MixCommandAnswered = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room of the main stream */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** eventId of the command */
  readonly commandId: string
  readonly sessionId: string
  /** that of the command */
  readonly generation: number
  /** start or stop */
  readonly action: string
  /** 200, or 3400, 3404, 3500, 3000 */
  readonly code: number
  /** the video cloud's own word; empty on success */
  readonly reason: string
  readonly message: string
  /** the mixed streams, of an accepted start */
  readonly streamNames: readonly string[]
}

/** Type 16: the content of a mix changed, or could not be changed. */
export type MixCommandStatus = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
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

/** Type 15: mixing has ended. */
export type MixEnded = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  /** the co-hosting session, the same from the invite on */
  readonly sessionId: string
  /** the room that closed or ended */
  readonly closingRoomId: string
  readonly uid: string
  readonly name: string
  readonly notifiedRoomId: string
  readonly notifiedUid: string
  readonly notifiedName: string
}

/** Type 14: a mix could not be started. */
export type MixFailed = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  /** the co-hosting session, the same from the invite on */
  readonly sessionId: string
  readonly inviterRoomId: string
  readonly inviteeRoomId: string
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

/** The video cloud says how the content of a mix changed. */
export type MixStatusNotified = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room of the main stream */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly mixRoomId: string
  readonly mixType: string
  readonly mixTemplate: string
  /** EventMix, EventMixStop or MixResult */
  readonly event: string
  /** the video cloud's word: Success, MainStreamNotExist, MixStreamNotExist, InternalError, … */
  readonly code: string
  readonly message: string
}

/** Type 5: the streams of a session are mixed. */
export type MixSucceeded = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  /** the co-hosting session, the same from the invite on */
  readonly sessionId: string
  readonly inviterRoomId: string
  readonly inviteeRoomId: string
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

/** The mix whose main stream is one broadcaster's. */
export type Mix = {
  readonly mainRoomId: string
  /** of the newest command */
  readonly generation: number
  /** idle, starting, started, broken, stopping or stopped */
  readonly state: string
  readonly streamNames: readonly string[]
  /** a StartMix was sent */
  readonly sent: boolean
  /** after InternalError */
  readonly restarts: number
  /** InternalError was the last word */
  readonly erring: boolean
}

/** An invite of another room that waits for an answer of this room's broadcaster. */
export type NotedInvite = {
  /** the co-hosting session, the same from the invite on */
  readonly sessionId: string
  readonly number: number
  readonly ownerRoomId: string
  readonly inviterUid: string
  readonly inviterName: string
  readonly inviteeUid: string
  readonly inviteeName: string
  /** side_by_side or picture_in_picture */
  readonly type: string
  readonly expiresAt: number
  /** of the newest push 1 */
  readonly eventId: string
}

/** An invite request whose answer waits for the other room's word. */
export type OpenRequest = {
  readonly requestId: string
  /** of the offer that it waits for */
  readonly number: number
  /** when it was taken */
  readonly at: number
}

/** The first record of every partition of room.state: part of the epoch by which a resuming client recognises this log. */
export type PartitionCreated = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** empty: it belongs to no room */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly creationId: string
}

/** One step of the protocol between the two rooms of an invite or a session; written by the state-machine alone. */
export type PeerMessage = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is for */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offer, offered, declined, withdrawn, reserve, reserved, busy, joined, confirm, release, rejected, gone, fact or step */
  readonly kind: string
  readonly fromRoomId: string
  /** the session; in the steps from reserve on with the number of the attempt behind a dot */
  readonly sessionId: string
  /** of the renewal (offer, offered, declined, withdrawn) or of the fact or step; 0 elsewhere */
  readonly number: number
  /** with offer, reserve and confirm */
  readonly terms: SessionTerms | null
  /** of the invite, with offer */
  readonly expiresAt: number | null
  /** of the refusal, with declined and busy; of a mix result or status, with fact and step */
  readonly code: number
  /** of withdrawn and gone; what a fact or step is about */
  readonly cause: string
  /** uid, cloud or clock */
  readonly actor: string
  /** another session (joined), the main room (mix facts), the closing room (steps) */
  readonly subject: string
  /** the owner's name, with reserved */
  readonly name: string
  /** the owner, with reserved */
  readonly uid: string
  /** mixReady, with reserved and facts of a stream */
  readonly flag: boolean
  /** of the mix command, with facts and steps of a mix */
  readonly generation: number
  /** the video cloud's own word */
  readonly reason: string
  readonly message: string
  /** mixed streams of an accepted start; mixType, mixTemplate and event of a status */
  readonly texts: readonly string[]
}

/** A marker that has passed the state-machine; for the edge itself, no client is given it. */
export type ProbePassed = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** that of the ProbeSent */
  readonly roomId: string
  /** when the ProbeSent was sent, epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
}

/** A marker that takes the way of every event, so that the edge can time it; changes nothing. */
export type ProbeSent = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** one that no room ever has: each partition has such an id */
  readonly roomId: string
  /** when it was sent, epoch milliseconds */
  readonly occurredAt: number
}

/** What was decided about a request. */
export type RequestDecided = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room that decided */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** eventId of the request */
  readonly requestId: string
  /** 200, or why not */
  readonly code: number
  readonly message: string
  /** of an invite that was made */
  readonly sessionId: string | null
  /** of a live that was created */
  readonly live: LiveView | null
  /** of an agreement */
  readonly cohost: CohostView | null
}

/** Type 100: a request was refused after its caller had been answered 202. */
export type RequestRejected = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  readonly requestId: string
  readonly code: number
  readonly message: string
}

/** How many users watch a room at one edge instance. The newest of an instance counts, until a minute after it. */
export type RoomPresence = {
  /** unique */
  readonly eventId: string
  /** the watched room */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** the edge process; another one after each start */
  readonly instance: string
  /** users, with however many connections each; 0: the last one has left */
  readonly viewers: number
}

/** Type 104: a room as a subscriber finds it; made at the edge from room.state, without secrets. */
export type RoomState = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
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

/** A room: all that is known of it. */
export type Room = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the newest record that changed it or pushed */
  readonly inputPos: number
  /** its broadcaster, or the audience party of a system room */
  readonly uid: string
  readonly name: string
  readonly description: string | null
  /** 1 audience, 2 broadcaster */
  readonly type: number
  /** 0 created, 1 pushing, 2 ended, 10 system room not pushing */
  readonly status: number
  readonly mixReady: boolean
  readonly mixed: boolean
  readonly createdAt: number
  readonly endedAt: number | null
  readonly endReason: string | null
  /** the video cloud's time of the newest stream callback applied */
  readonly streamTime: number | null
  readonly timers: readonly Timer[]
  /** of the newest timer */
  readonly timerGeneration: number
  readonly invites: readonly Invite[]
  readonly noted: readonly NotedInvite[]
  /** the attempt that this room is held by or in */
  readonly lock: string | null
  /** the other room of that attempt */
  readonly lockPeer: string | null
  readonly lockedAt: number | null
  /** mixReady as it was then, without a break since */
  readonly readyWhenLocked: boolean
  readonly agreements: readonly Agreement[]
  readonly merged: readonly Merged[]
  /** with the lock; null: held for an own agreement */
  readonly session: Session | null
  readonly dead: readonly DeadSession[]
  readonly lateStops: readonly LateStop[]
  /** messages to other rooms that the broker has not acknowledged yet */
  readonly outbox: readonly PeerMessage[]
  /** fingerprints of the event ids of the newest inputs, oldest first */
  readonly recentInputs: readonly string[]
  readonly likes: number
  /** offset in push.like up to which likes are counted */
  readonly likePos: number
}

/** Who co-hosts with whom and how; the same in both rooms of a session. */
export type SessionTerms = {
  /** the co-hosting session, the same from the invite on */
  readonly sessionId: string
  /** the room in which the invite was made; it decides */
  readonly ownerRoomId: string
  /** the other room */
  readonly peerRoomId: string
  readonly inviterUid: string
  readonly inviterName: string
  readonly inviterRoomId: string
  /** 1 audience, 2 broadcaster */
  readonly inviterType: number
  readonly inviteeUid: string
  readonly inviteeName: string
  readonly inviteeRoomId: string
  /** 1 audience, 2 broadcaster */
  readonly inviteeType: number
  /** side_by_side or picture_in_picture */
  readonly type: string
  /** when the agreement was reached; 0 before */
  readonly agreedAt: number
}

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

/** The session that a room is in. */
export type Session = {
  readonly attemptId: string
  readonly terms: SessionTerms
  /** held, agreed, starting, mixed, stopping */
  readonly phase: string
  /** as the owner knows them */
  readonly ownerReady: boolean
  readonly peerReady: boolean
  /** one for each broadcaster's room */
  readonly mixes: readonly Mix[]
  /** pushes 14 so far */
  readonly failures: number
  readonly closingRoomId: string | null
  readonly closeReason: string | null
  readonly closeActor: string | null
  /** of the newest fact or step sent to the other room */
  readonly sentNumber: number
  /** of the newest fact or step taken from the other room */
  readonly seenNumber: number
  /** of the newest fact that told that this room's own stream can be mixed */
  readonly readyNumber: number
  /** of push 2, in the inviter's room; else empty */
  readonly agreedEventId: string
}

/** Mix another room's stream into this room's. */
export type StartMix = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room of the main stream */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly sessionId: string
  /** of the command; an answer of an older one changes nothing */
  readonly generation: number
  /** the room of the stream that is mixed in */
  readonly mixRoomId: string
  /** not to be tried after this */
  readonly deadline: number
  /** channel */
  readonly mixType: string
  /** side_by_side or picture_in_picture */
  readonly mixTemplate: string
}

/** End the mix of this room's stream. */
export type StopMix = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room of the main stream */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly sessionId: string
  /** of the command; an answer of an older one changes nothing */
  readonly generation: number
  /** the room of the stream that is mixed in */
  readonly mixRoomId: string
  /** the state-machine waits for an answer until then; a stop may be tried a little longer, since nobody else ends that mix */
  readonly deadline: number
}

/** Type 10: a room's stream has broken off. */
export type StreamInterrupted = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  readonly uid: string
  readonly name: string
  /** the room of the stream */
  readonly streamRoomId: string
}

/** The video cloud says that a stream started or broke. */
export type StreamNotified = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room of the stream */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** publish or publish_done */
  readonly action: string
  /** when it happened, by the video cloud */
  readonly cloudTime: number | null
}

/** Type 9: a room's stream has started. */
export type StreamPublished = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** offset in room.input of the record that caused this */
  readonly inputPos: number
  /** the one user it is addressed to; null: everyone in the room */
  readonly toUid: string | null
  /** why something ended or failed: request, refused, expired, cancelled, grace-expired, stream-broken, room-ended, superseded, mix-refused, mix-timeout, mix-internal-error */
  readonly endReason: string | null
  /** who caused it: a uid, or cloud, or clock */
  readonly actor: string | null
  readonly uid: string
  readonly name: string
  /** the room of the stream */
  readonly streamRoomId: string
}

/** A deadline of a room has passed. */
export type TimerFired = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room whose deadline it is */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  /** which kind */
  readonly timer: string
  /** of what, where a room has several of a kind; else empty */
  readonly subject: string
  /** that of the deadline; another one there means that this one is stale */
  readonly generation: number
}

/** A deadline. */
export type Timer = {
  readonly kind: string
  readonly subject: string
  /** due when the broker's clock has passed this */
  readonly at: number
  readonly generation: number
}

/** Type 103: how many watch a room; made at the edge. */
export type ViewerCount = {
  /** unique; derived from the cause where there is one, so that a replay is recognised */
  readonly eventId: string
  /** the room it is addressed to */
  readonly roomId: string
  /** epoch milliseconds */
  readonly occurredAt: number
  readonly count: number
}

/** Every record that is written to Kafka, by its short name. */
export type Records = {
  readonly AudienceJoined: AudienceJoined
  readonly AudienceLeft: AudienceLeft
  readonly ClockRead: ClockRead
  readonly CohostAgreed: CohostAgreed
  readonly CohostCancelRequested: CohostCancelRequested
  readonly CohostCloseRequested: CohostCloseRequested
  readonly CohostEnded: CohostEnded
  readonly CohostFeedbackRequested: CohostFeedbackRequested
  readonly CohostInviteRequested: CohostInviteRequested
  readonly CohostInvited: CohostInvited
  readonly CohostRefused: CohostRefused
  readonly Commented: Commented
  readonly InviteCancelled: InviteCancelled
  readonly InviteExpired: InviteExpired
  readonly Liked: Liked
  readonly LiveCreateRequested: LiveCreateRequested
  readonly LiveEnded: LiveEnded
  readonly LiveLeaveRequested: LiveLeaveRequested
  readonly MixAvailabilityNotified: MixAvailabilityNotified
  readonly MixAvailable: MixAvailable
  readonly MixCommandAnswered: MixCommandAnswered
  readonly MixCommandStatus: MixCommandStatus
  readonly MixEnded: MixEnded
  readonly MixFailed: MixFailed
  readonly MixStatusNotified: MixStatusNotified
  readonly MixSucceeded: MixSucceeded
  readonly PartitionCreated: PartitionCreated
  readonly PeerMessage: PeerMessage
  readonly ProbePassed: ProbePassed
  readonly ProbeSent: ProbeSent
  readonly RequestDecided: RequestDecided
  readonly RequestRejected: RequestRejected
  readonly RoomPresence: RoomPresence
  readonly RoomState: RoomState
  readonly Room: Room
  readonly StartMix: StartMix
  readonly StopMix: StopMix
  readonly StreamInterrupted: StreamInterrupted
  readonly StreamNotified: StreamNotified
  readonly StreamPublished: StreamPublished
  readonly TimerFired: TimerFired
  readonly ViewerCount: ViewerCount
}

export type RecordName = keyof Records

/** A record together with its short name. */
export type RecordOf<N extends RecordName> = { readonly [T in N]: { readonly type: T; readonly record: Records[T] } }[N]
export type AnyRecord = RecordOf<RecordName>

/** The full name of each record. */
export const fullNames: Readonly<Record<RecordName, string>> = {
  AudienceJoined: 'roomcast.input.AudienceJoined',
  AudienceLeft: 'roomcast.input.AudienceLeft',
  ClockRead: 'roomcast.input.ClockRead',
  CohostAgreed: 'roomcast.push.CohostAgreed',
  CohostCancelRequested: 'roomcast.input.CohostCancelRequested',
  CohostCloseRequested: 'roomcast.input.CohostCloseRequested',
  CohostEnded: 'roomcast.push.CohostEnded',
  CohostFeedbackRequested: 'roomcast.input.CohostFeedbackRequested',
  CohostInviteRequested: 'roomcast.input.CohostInviteRequested',
  CohostInvited: 'roomcast.push.CohostInvited',
  CohostRefused: 'roomcast.push.CohostRefused',
  Commented: 'roomcast.push.Commented',
  InviteCancelled: 'roomcast.push.InviteCancelled',
  InviteExpired: 'roomcast.push.InviteExpired',
  Liked: 'roomcast.push.Liked',
  LiveCreateRequested: 'roomcast.input.LiveCreateRequested',
  LiveEnded: 'roomcast.push.LiveEnded',
  LiveLeaveRequested: 'roomcast.input.LiveLeaveRequested',
  MixAvailabilityNotified: 'roomcast.input.MixAvailabilityNotified',
  MixAvailable: 'roomcast.push.MixAvailable',
  MixCommandAnswered: 'roomcast.input.MixCommandAnswered',
  MixCommandStatus: 'roomcast.push.MixCommandStatus',
  MixEnded: 'roomcast.push.MixEnded',
  MixFailed: 'roomcast.push.MixFailed',
  MixStatusNotified: 'roomcast.input.MixStatusNotified',
  MixSucceeded: 'roomcast.push.MixSucceeded',
  PartitionCreated: 'roomcast.state.PartitionCreated',
  PeerMessage: 'roomcast.input.PeerMessage',
  ProbePassed: 'roomcast.push.ProbePassed',
  ProbeSent: 'roomcast.input.ProbeSent',
  RequestDecided: 'roomcast.outcome.RequestDecided',
  RequestRejected: 'roomcast.push.RequestRejected',
  RoomPresence: 'roomcast.presence.RoomPresence',
  RoomState: 'roomcast.push.RoomState',
  Room: 'roomcast.state.Room',
  StartMix: 'roomcast.command.StartMix',
  StopMix: 'roomcast.command.StopMix',
  StreamInterrupted: 'roomcast.push.StreamInterrupted',
  StreamNotified: 'roomcast.input.StreamNotified',
  StreamPublished: 'roomcast.push.StreamPublished',
  TimerFired: 'roomcast.input.TimerFired',
  ViewerCount: 'roomcast.push.ViewerCount',
}

export type PushRecordName =
  | 'CohostAgreed'
  | 'CohostEnded'
  | 'CohostInvited'
  | 'CohostRefused'
  | 'Commented'
  | 'InviteCancelled'
  | 'InviteExpired'
  | 'Liked'
  | 'LiveEnded'
  | 'MixAvailable'
  | 'MixCommandStatus'
  | 'MixEnded'
  | 'MixFailed'
  | 'MixSucceeded'
  | 'ProbePassed'
  | 'RequestRejected'
  | 'RoomState'
  | 'StreamInterrupted'
  | 'StreamPublished'
  | 'ViewerCount'

/** A field of a push record, and what it is called in `data` on the wire. */
export type WireField = { readonly field: string; readonly wire: string; readonly omitWhen?: unknown }

/** The fields of `data` of each push message, in order. */
export const wireFields: Readonly<Record<PushRecordName, readonly WireField[]>> = {
  CohostAgreed: [
    { field: 'sessionId', wire: 'sessionId' },
    { field: 'inviteeUid', wire: 'inviteeUid' },
    { field: 'inviteeName', wire: 'inviteeName' },
    { field: 'inviteeRoomId', wire: 'inviteeRoomId' },
    { field: 'inviterRoomId', wire: 'inviterRoomId' },
    { field: 'inviteePlayUrl', wire: 'inviteePlayUrl' },
    { field: 'rtmpUrl', wire: 'rtmpUrl' },
    { field: 'type', wire: 'type' },
    { field: 'status', wire: 'status' },
    { field: 'inviterType', wire: 'inviterType' },
    { field: 'inviteeType', wire: 'inviteeType' },
  ],
  CohostEnded: [
    { field: 'sessionId', wire: 'sessionId' },
    { field: 'closingRoomId', wire: 'roomId' },
    { field: 'uid', wire: 'uid' },
    { field: 'name', wire: 'name' },
    { field: 'notifiedRoomId', wire: 'notifiedRoomId' },
    { field: 'notifiedUid', wire: 'notifiedUid' },
    { field: 'notifiedName', wire: 'notifiedName' },
  ],
  CohostInvited: [
    { field: 'sessionId', wire: 'sessionId' },
    { field: 'inviterUid', wire: 'inviterUid' },
    { field: 'inviterName', wire: 'inviterName' },
    { field: 'type', wire: 'type' },
    { field: 'inviterType', wire: 'inviterType' },
    { field: 'liveRoomId', wire: 'liveRoomId' },
  ],
  CohostRefused: [
    { field: 'sessionId', wire: 'sessionId' },
    { field: 'inviteeUid', wire: 'inviteeUid' },
    { field: 'inviteeName', wire: 'inviteeName' },
    { field: 'status', wire: 'status' },
  ],
  Commented: [
    { field: 'uid', wire: 'uid' },
    { field: 'name', wire: 'name' },
    { field: 'comment', wire: 'comment' },
  ],
  InviteCancelled: [
    { field: 'sessionId', wire: 'sessionId' },
    { field: 'inviterUid', wire: 'inviterUid' },
    { field: 'inviterName', wire: 'inviterName' },
    { field: 'inviteeUid', wire: 'inviteeUid' },
    { field: 'inviteeName', wire: 'inviteeName' },
    { field: 'liveRoomId', wire: 'liveRoomId' },
  ],
  InviteExpired: [
    { field: 'sessionId', wire: 'sessionId' },
    { field: 'inviterUid', wire: 'inviterUid' },
    { field: 'inviterName', wire: 'inviterName' },
    { field: 'inviteeUid', wire: 'inviteeUid' },
    { field: 'inviteeName', wire: 'inviteeName' },
    { field: 'liveRoomId', wire: 'liveRoomId' },
  ],
  Liked: [
    { field: 'uid', wire: 'uid' },
    { field: 'name', wire: 'name' },
    { field: 'count', wire: 'count', omitWhen: 1 },
  ],
  LiveEnded: [
    { field: 'roomId', wire: 'roomId' },
  ],
  MixAvailable: [
    { field: 'readyRoomId', wire: 'roomId' },
    { field: 'type', wire: 'type' },
  ],
  MixCommandStatus: [
    { field: 'mainMixRoomId', wire: 'mainMixRoomId' },
    { field: 'mixRoomId', wire: 'mixRoomId' },
    { field: 'mixType', wire: 'mixType' },
    { field: 'mixTemplate', wire: 'mixTemplate' },
    { field: 'event', wire: 'event' },
    { field: 'message', wire: 'message' },
    { field: 'code', wire: 'code' },
    { field: 'reason', wire: 'reason' },
  ],
  MixEnded: [
    { field: 'sessionId', wire: 'sessionId' },
    { field: 'closingRoomId', wire: 'roomId' },
    { field: 'uid', wire: 'uid' },
    { field: 'name', wire: 'name' },
    { field: 'notifiedRoomId', wire: 'notifiedRoomId' },
    { field: 'notifiedUid', wire: 'notifiedUid' },
    { field: 'notifiedName', wire: 'notifiedName' },
  ],
  MixFailed: [
    { field: 'sessionId', wire: 'sessionId' },
    { field: 'inviterRoomId', wire: 'inviterRoomid' },
    { field: 'inviteeRoomId', wire: 'inviteeRoomid' },
    { field: 'inviterUid', wire: 'inviterUid' },
    { field: 'inviterName', wire: 'inviterName' },
    { field: 'inviteeUid', wire: 'inviteeUid' },
    { field: 'inviteeName', wire: 'inviteeName' },
    { field: 'inviterType', wire: 'inviterType' },
    { field: 'inviteeType', wire: 'inviteeType' },
    { field: 'code', wire: 'code' },
    { field: 'message', wire: 'message' },
  ],
  MixSucceeded: [
    { field: 'sessionId', wire: 'sessionId' },
    { field: 'inviterRoomId', wire: 'inviterRoomid' },
    { field: 'inviteeRoomId', wire: 'inviteeRoomid' },
    { field: 'inviterUid', wire: 'inviterUid' },
    { field: 'inviterName', wire: 'inviterName' },
    { field: 'inviteeUid', wire: 'inviteeUid' },
    { field: 'inviteeName', wire: 'inviteeName' },
    { field: 'inviterMixPlayUrls', wire: 'inviterMixPlayUrls' },
    { field: 'inviteeMixPlayUrls', wire: 'inviteeMixPlayUrls' },
    { field: 'inviterType', wire: 'inviterType' },
    { field: 'inviteeType', wire: 'inviteeType' },
  ],
  ProbePassed: [
  ],
  RequestRejected: [
    { field: 'requestId', wire: 'requestId' },
    { field: 'code', wire: 'code' },
    { field: 'message', wire: 'message' },
  ],
  RoomState: [
    { field: 'roomId', wire: 'roomId' },
    { field: 'uid', wire: 'uid' },
    { field: 'name', wire: 'name' },
    { field: 'status', wire: 'status' },
    { field: 'type', wire: 'type' },
    { field: 'isMixReady', wire: 'isMixReady' },
    { field: 'isMixed', wire: 'isMixed' },
    { field: 'likes', wire: 'likes' },
    { field: 'viewers', wire: 'viewers' },
    { field: 'session', wire: 'session' },
  ],
  StreamInterrupted: [
    { field: 'uid', wire: 'uid' },
    { field: 'name', wire: 'name' },
    { field: 'streamRoomId', wire: 'roomId' },
  ],
  StreamPublished: [
    { field: 'uid', wire: 'uid' },
    { field: 'name', wire: 'name' },
    { field: 'streamRoomId', wire: 'roomId' },
  ],
  ViewerCount: [
    { field: 'roomId', wire: 'roomId' },
    { field: 'count', wire: 'count' },
  ],
}
