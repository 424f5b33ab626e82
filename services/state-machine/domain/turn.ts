import type {
  AnyRecord,
  PeerMessage,
  PushRecordName,
  RecordOf,
  Records,
  Room,
} from '../../../schemas/types.generated.ts'

/** Durations in ms, limits, and the pure functions that a decision may use. */
export type Rules = {
  readonly graceMs: number
  readonly inviteTtlMs: number
  readonly mixTimeoutMs: number
  readonly tombstoneMs: number
  /** A message to another room that is not answered is sent again after this. */
  readonly askAgainMs: number
  /** An agreement that is not decided by then has failed. */
  readonly agreementLimitMs: number
  /** How long an ended attempt is remembered. */
  readonly deadMs: number
  /** A refusal later than this after its request is pushed, too: its caller has been answered 202. */
  readonly lateMs: number
  readonly maxInvites: number
  /** How many inputs a room remembers in order to recognise repeats. */
  readonly maxRecentInputs: number
  /** What is remembered of an input's id: a text that no other id has, and that never changes. */
  readonly fingerprint: (eventId: string) => string
  readonly media: {
    readonly pushUrl: (room: string, at: number) => string
    readonly shortDelayUrl: (room: string) => string
    readonly streamUrl: (stream: string) => string
  }
  /** Sixteen lower-case hex digits that depend on the text alone. */
  readonly mintRoomId: (text: string) => string
}

/** What `room.input` may hold; other records are passed over. */
export type Input = RecordOf<InputName>
export type InputName = Extract<
  AnyRecord['type'],
  | 'LiveCreateRequested'
  | 'LiveLeaveRequested'
  | 'AudienceJoined'
  | 'AudienceLeft'
  | 'CohostInviteRequested'
  | 'CohostCancelRequested'
  | 'CohostFeedbackRequested'
  | 'CohostCloseRequested'
  | 'StreamNotified'
  | 'MixAvailabilityNotified'
  | 'MixStatusNotified'
  | 'MixCommandAnswered'
  | 'TimerFired'
  | 'ClockRead'
  | 'PeerMessage'
  | 'ProbeSent'
>

/** What a decision gives besides the room's new state: pushes, mix commands and outcomes, in order. */
export type Output = RecordOf<PushRecordName | 'StartMix' | 'StopMix' | 'RequestDecided'>

/** Codes of an outcome; domain.md of the service's documentation has their meaning. */
export const codes = { done: 200, notThatRooms: 2002, noSuchRoom: 2003, taken: 3020, noSuchInvite: 3404 } as const

/**
 * One decision while it is made. It is the only mutable thing here and never outlives `decide`. `room` is a copy of its own, of
 * which `change` replaces fields; what the fields hold is never changed in place.
 */
export type Turn = {
  room: Room
  readonly outputs: Output[]
  /** Why the input changed nothing; undefined: it did. */
  ignored: string | undefined
  /** True: nothing of the room is to be kept. */
  dropped: boolean
  /** How many ids were derived from the input's. */
  ids: number
  readonly now: number
  readonly inputId: string
  readonly rules: Rules
}

/** An id derived from the input's id: the same in every replay. */
export const nextId = (turn: Turn): string => {
  turn.ids += 1
  return `${turn.inputId}.${turn.ids}`
}

export const change = (turn: Turn, changes: Partial<Room>): void => {
  Object.assign(turn.room, changes)
}

/** Says why an input changes nothing; counted by the caller. */
export const ignore = (turn: Turn, why: string): void => {
  turn.ignored = why
}

type Envelope = 'eventId' | 'roomId' | 'occurredAt' | 'inputPos' | 'toUid' | 'endReason' | 'actor'
type PushBody<N extends PushRecordName> = Omit<Records[N], Envelope>
export type Addressing = {
  readonly toUid?: string
  readonly endReason?: string | null
  readonly actor?: string | null
}

/** Pushes a message to this turn's room, or to one user in it. `inputPos` is set by `decide`. */
export const push = <N extends SignalName>(
  turn: Turn,
  type: N,
  body: PushBody<N>,
  { toUid, endReason, actor }: Addressing = {},
): string => {
  const eventId = nextId(turn)
  const record = {
    ...body,
    eventId,
    roomId: turn.room.roomId,
    occurredAt: turn.now,
    inputPos: turn.room.inputPos,
    toUid: toUid ?? null,
    endReason: endReason ?? null,
    actor: actor ?? null,
  }
  turn.outputs.push(asOutput(type, record))
  return eventId
}
export type SignalName = Exclude<PushRecordName, 'Commented' | 'Liked' | 'ViewerCount' | 'RoomState' | 'ProbePassed'>

// The compiler cannot see that a name and a record of the same generic N belong together.
const asOutput = (type: Output['type'], record: object): Output => ({ type, record }) as Output

export type Answer = Partial<Pick<Records['RequestDecided'], 'sessionId' | 'live' | 'cohost'>>

/** Writes what was decided about a request. */
export const answer = (turn: Turn, requestId: string, code: number, message: string, data: Answer = {}): void => {
  turn.outputs.push({
    type: 'RequestDecided',
    record: {
      eventId: nextId(turn),
      roomId: turn.room.roomId,
      occurredAt: turn.now,
      requestId,
      code,
      message,
      sessionId: data.sessionId ?? null,
      live: data.live ?? null,
      cohost: data.cohost ?? null,
    },
  })
}

export const command = (
  turn: Turn,
  type: 'StartMix' | 'StopMix',
  {
    attemptId,
    generation,
    mixRoomId,
    template,
  }: {
    readonly attemptId: string
    readonly generation: number
    readonly mixRoomId: string
    readonly template: string
  },
): void => {
  const common = {
    eventId: nextId(turn),
    roomId: turn.room.roomId,
    occurredAt: turn.now,
    sessionId: attemptId,
    generation,
    mixRoomId,
    deadline: turn.now + turn.rules.mixTimeoutMs,
  }
  turn.outputs.push(
    type === 'StartMix'
      ? { type, record: { ...common, mixType: 'channel', mixTemplate: template } }
      : { type, record: common },
  )
}

type PeerBody = Partial<Omit<PeerMessage, 'eventId' | 'roomId' | 'occurredAt' | 'kind' | 'fromRoomId' | 'sessionId'>>

/** What a message to another room says where it has nothing to say. */
export const sayingNothing = {
  number: 0,
  terms: null,
  expiresAt: null,
  code: 0,
  cause: '',
  actor: '',
  subject: '',
  name: '',
  uid: '',
  flag: false,
  generation: 0,
  reason: '',
  message: '',
  texts: [],
} satisfies Partial<PeerMessage>

/** Puts a message to another room into the outbox: sent after this turn is committed, again until it is acknowledged. */
export const tell = (turn: Turn, roomId: string, kind: PeerKind, sessionId: string, body: PeerBody = {}): void => {
  const message: PeerMessage = {
    ...sayingNothing,
    ...body,
    eventId: nextId(turn),
    roomId,
    occurredAt: turn.now,
    kind,
    fromRoomId: turn.room.roomId,
    sessionId,
  }
  change(turn, { outbox: [...turn.room.outbox, message] })
}

export const peerKinds = [
  'offer',
  'offered',
  'declined',
  'withdrawn',
  'reserve',
  'reserved',
  'busy',
  'joined',
  'confirm',
  'release',
  'gone',
  'rejected',
  'fact',
  'step',
] as const
export type PeerKind = (typeof peerKinds)[number]
