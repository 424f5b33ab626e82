import type { PushRecordName } from './types.generated.ts'

/** To whom a push message goes: everyone in the room, one user in it, or the connection that subscribed. */
export type Audience = 'room' | 'user' | 'connection'

/** On which lane a push message travels; `edge`: made there, never on Kafka. */
export type Lane = 'signal' | 'comment' | 'like' | 'edge'

export type PushMessage = {
  /** The number in `type` on the wire. */
  readonly type: number
  readonly name: string
  /** Delivery order: the lower, the sooner (4, 5, 8, 9). */
  readonly weight: Weight
  readonly audience: Audience
  readonly lane: Lane
  /** The Avro record in the namespace `roomcast.push`. */
  readonly record: PushRecordName
  /** One sentence for the page of messages. */
  readonly says: string
}

export const weights = [4, 5, 8, 9] as const
export type Weight = (typeof weights)[number]

/** Every push message, once. Types 11, 12 and 13 do not exist; from 100 on they are roomcast's own. */
export const pushMessages = [
  {
    type: 1,
    name: 'cohost-invited',
    weight: 4,
    audience: 'user',
    lane: 'signal',
    record: 'CohostInvited',
    says: 'you are invited to co-host',
  },
  {
    type: 2,
    name: 'cohost-agreed',
    weight: 4,
    audience: 'user',
    lane: 'signal',
    record: 'CohostAgreed',
    says: 'your invite was accepted; push here',
  },
  {
    type: 3,
    name: 'cohost-refused',
    weight: 4,
    audience: 'user',
    lane: 'signal',
    record: 'CohostRefused',
    says: 'your invite was refused',
  },
  {
    type: 4,
    name: 'cohost-ended',
    weight: 5,
    audience: 'room',
    lane: 'signal',
    record: 'CohostEnded',
    says: 'co-hosting has ended; mixing has not necessarily',
  },
  {
    type: 5,
    name: 'mix-succeeded',
    weight: 5,
    audience: 'room',
    lane: 'signal',
    record: 'MixSucceeded',
    says: 'the streams are mixed',
  },
  { type: 6, name: 'commented', weight: 8, audience: 'room', lane: 'comment', record: 'Commented', says: 'a comment' },
  {
    type: 7,
    name: 'liked',
    weight: 9,
    audience: 'room',
    lane: 'like',
    record: 'Liked',
    says: 'a like, or `count` of them',
  },
  {
    type: 8,
    name: 'live-ended',
    weight: 5,
    audience: 'room',
    lane: 'signal',
    record: 'LiveEnded',
    says: 'the live has ended',
  },
  {
    type: 9,
    name: 'stream-published',
    weight: 5,
    audience: 'room',
    lane: 'signal',
    record: 'StreamPublished',
    says: 'a stream has started',
  },
  {
    type: 10,
    name: 'stream-interrupted',
    weight: 5,
    audience: 'room',
    lane: 'signal',
    record: 'StreamInterrupted',
    says: 'a stream has broken off',
  },
  {
    type: 14,
    name: 'mix-failed',
    weight: 5,
    audience: 'room',
    lane: 'signal',
    record: 'MixFailed',
    says: 'the mix could not be started',
  },
  {
    type: 15,
    name: 'mix-ended',
    weight: 5,
    audience: 'room',
    lane: 'signal',
    record: 'MixEnded',
    says: 'mixing has ended',
  },
  {
    type: 16,
    name: 'mix-command-status',
    weight: 5,
    audience: 'room',
    lane: 'signal',
    record: 'MixCommandStatus',
    says: 'what is in the mix has changed, or could not be changed',
  },
  {
    type: 17,
    name: 'mix-available',
    weight: 5,
    audience: 'room',
    lane: 'signal',
    record: 'MixAvailable',
    says: 'a stream can now be mixed',
  },
  {
    type: 100,
    name: 'request-rejected',
    weight: 4,
    audience: 'user',
    lane: 'signal',
    record: 'RequestRejected',
    says: 'your request, answered 202 before, was refused',
  },
  {
    type: 101,
    name: 'invite-expired',
    weight: 4,
    audience: 'user',
    lane: 'signal',
    record: 'InviteExpired',
    says: 'an invite of or to you ran out',
  },
  {
    type: 102,
    name: 'invite-cancelled',
    weight: 4,
    audience: 'user',
    lane: 'signal',
    record: 'InviteCancelled',
    says: 'an invite to you was taken back',
  },
  {
    type: 103,
    name: 'viewer-count',
    weight: 9,
    audience: 'room',
    lane: 'edge',
    record: 'ViewerCount',
    says: 'how many watch',
  },
  {
    type: 104,
    name: 'room-state',
    weight: 5,
    audience: 'connection',
    lane: 'edge',
    record: 'RoomState',
    says: 'the room as you find it',
  },
] as const satisfies readonly PushMessage[]

export type PushName = (typeof pushMessages)[number]['name']

const byRecord: ReadonlyMap<string, PushMessage> = new Map(pushMessages.map((message) => [message.record, message]))

/** The push message that an Avro record of `roomcast.push` stands for; undefined for any other record. */
export const pushMessageOf = (record: string): PushMessage | undefined => byRecord.get(record)
