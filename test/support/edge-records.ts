import { randomBytes, randomUUID } from 'node:crypto'
import { topics, type Topic } from '../../schemas/topics.ts'
import type {
  CohostAgreed,
  CohostInvited,
  CohostRefused,
  Commented,
  Liked,
  Room,
  Session,
  StreamPublished,
} from '../../schemas/types.generated.ts'

// Builders of the records that an edge reads: whole and valid, with what a test is about given by it.

type Over<T> = Partial<T> & { readonly roomId: string }

export const newRoomId = (): string => randomBytes(8).toString('hex')

const base = () => ({ eventId: randomUUID(), occurredAt: Date.now() })
const decided = () => ({ ...base(), inputPos: 0, toUid: null, endReason: null, actor: 'clock' })

/** A broadcaster's room that is pushing, without a session. */
export const aRoom = (over: Over<Room>): Room => ({
  ...base(),
  inputPos: 0,
  uid: 'owner',
  name: 'Owner',
  description: null,
  type: 2,
  status: 1,
  mixReady: false,
  mixed: false,
  createdAt: Date.now(),
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
  ...over,
})

/** An open invite to `inviteeUid` in its own room. */
export const anInvite = (over: Partial<Room['invites'][number]>): Room['invites'][number] => ({
  sessionId: 's1',
  number: 1,
  inviterUid: 'owner',
  inviterName: 'Owner',
  inviterType: 2,
  inviteeUid: 'guest',
  inviteeName: 'Guest',
  inviteeType: 1,
  inviteeRoomId: null,
  type: 'picture_in_picture',
  expiresAt: Date.now() + 30_000,
  attempt: 0,
  offeredNumber: 0,
  open: [],
  eventId: randomUUID(),
  ...over,
})

/** A session of two broadcasters in the given phase, with both streams mixed. */
export const aSession = (
  phase: string,
  { roomId, peerRoomId, agreedEventId }: { roomId: string; peerRoomId: string; agreedEventId: string },
): Session => ({
  attemptId: 's1.1',
  terms: {
    sessionId: 's1',
    ownerRoomId: roomId,
    peerRoomId,
    inviterUid: 'owner',
    inviterName: 'Owner',
    inviterRoomId: roomId,
    inviterType: 2,
    inviteeUid: 'guest',
    inviteeName: 'Guest',
    inviteeRoomId: peerRoomId,
    inviteeType: 2,
    type: 'side_by_side',
    agreedAt: Date.now(),
  },
  phase,
  ownerReady: true,
  peerReady: true,
  mixes: [roomId, peerRoomId].map((mainRoomId) => ({
    mainRoomId,
    generation: 1,
    state: 'started',
    streamNames: [`${mainRoomId}_mix360`],
    sent: true,
    restarts: 0,
    erring: false,
  })),
  failures: 0,
  closingRoomId: null,
  closeReason: null,
  closeActor: null,
  sentNumber: 0,
  seenNumber: 0,
  readyNumber: 0,
  agreedEventId,
})

export const aStreamPublished = (over: Over<StreamPublished>): StreamPublished => ({
  ...decided(),
  uid: 'owner',
  name: 'Owner',
  streamRoomId: over.roomId,
  ...over,
})

export const aCohostInvited = (over: Over<CohostInvited> & { readonly toUid: string }): CohostInvited => ({
  ...decided(),
  expiresAt: Date.now() + 30_000,
  sessionId: 's1',
  inviterUid: 'owner',
  inviterName: 'Owner',
  type: 'picture_in_picture',
  inviterType: 2,
  liveRoomId: over.roomId,
  ...over,
})

export const aCohostAgreed = (over: Over<CohostAgreed> & { readonly toUid: string }): CohostAgreed => ({
  ...decided(),
  sessionId: 's1',
  inviteeUid: 'guest',
  inviteeName: 'Guest',
  inviteeRoomId: 'b1',
  inviterRoomId: over.roomId,
  inviteePlayUrl: 'http://play.localhost/DemoApp/b1.flv?ali_flv_retain=0',
  rtmpUrl: 'rtmp://push.localhost/DemoApp/a1?auth_key=very-secret',
  type: 'side_by_side',
  status: 1,
  inviterType: 2,
  inviteeType: 2,
  ...over,
})

export const aCohostRefused = (over: Over<CohostRefused> & { readonly toUid: string }): CohostRefused => ({
  ...decided(),
  sessionId: 's1',
  inviteeUid: 'guest',
  inviteeName: 'Guest',
  status: 2,
  ...over,
})

export const aComment = (over: Over<Commented>): Commented => ({
  ...base(),
  uid: 'viewer',
  name: 'Viewer',
  comment: 'hello',
  ...over,
})

export const aLike = (over: Over<Liked>): Liked => ({ ...base(), uid: 'viewer', name: 'Viewer', count: 1, ...over })

/** The topics that an edge reads and that have records. */
export const edgeTopics: readonly Topic[] = [topics.roomState, topics.pushSignal, topics.pushComment, topics.pushLike]
