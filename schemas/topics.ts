import type { RecordName } from './types.generated.ts'

export type Topic = {
  readonly name: string
  /** The records that may be written to it; each has the subject `<topic>-<record full name>`. */
  readonly records: readonly RecordName[]
  /** Kafka's settings of the topic. */
  readonly config: Readonly<Record<string, string>>
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Producers in other languages may compress with what kafkajs cannot read (lz4, snappy, zstd); the broker then stores it plain. */
const readableByAll = { 'compression.type': 'uncompressed' }
const keptFor = (ms: number): Readonly<Record<string, string>> => ({
  'cleanup.policy': 'delete',
  'retention.ms': String(ms),
})

/**
 * Every topic of roomcast, once; nobody else spells a topic's name. All have the same number of partitions and the key roomId,
 * so a room has one partition number everywhere.
 */
export const topics = {
  /** Requests, cloud callbacks, mix results, timers, messages between rooms. One clock: the broker's append time. */
  roomInput: {
    name: 'room.input.v1',
    records: [
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
      'MixCommandAnswered',
      'TimerFired',
      'ClockRead',
      'PeerMessage',
      'ProbeSent',
    ],
    config: { ...keptFor(7 * dayMs), ...readableByAll, 'message.timestamp.type': 'LogAppendTime' },
  },
  /** Weights 4 and 5: what may never be lost. */
  pushSignal: {
    name: 'push.signal.v1',
    records: [
      'CohostInvited',
      'CohostAgreed',
      'CohostRefused',
      'CohostEnded',
      'MixSucceeded',
      'LiveEnded',
      'StreamPublished',
      'StreamInterrupted',
      'MixFailed',
      'MixEnded',
      'MixCommandStatus',
      'MixAvailable',
      'RequestRejected',
      'InviteExpired',
      'InviteCancelled',
      'ProbePassed',
    ],
    config: keptFor(dayMs),
  },
  pushComment: { name: 'push.comment.v1', records: ['Commented'], config: { ...keptFor(hourMs), ...readableByAll } },
  pushLike: { name: 'push.like.v1', records: ['Liked'], config: { ...keptFor(hourMs), ...readableByAll } },
  requestOutcome: { name: 'request.outcome.v1', records: ['RequestDecided'], config: keptFor(hourMs) },
  mixCommand: { name: 'mix.command.v1', records: ['StartMix', 'StopMix'], config: keptFor(dayMs) },
  /** What lives; a tombstone ends it. */
  roomState: {
    name: 'room.state.v1',
    records: ['Room', 'PartitionCreated'],
    config: {
      'cleanup.policy': 'compact',
      'segment.ms': String(10 * 60_000),
      'min.cleanable.dirty.ratio': '0.2',
      'delete.retention.ms': String(hourMs),
    },
  },
  /** Who watches where: each edge reports its rooms, all edges add up. */
  roomPresence: {
    name: 'room.presence.v1',
    records: ['RoomPresence'],
    config: { ...keptFor(5 * 60_000), 'segment.ms': String(5 * 60_000) },
  },
  /** Bytes that could not be decoded, untouched. */
  deadLetter: { name: 'dead-letter.v1', records: [], config: keptFor(30 * dayMs) },
} as const satisfies Record<string, Topic>

export type TopicKey = keyof typeof topics
