import type { CohostView, LiveView, RequestDecided } from '../../../schemas/types.generated.ts'
import { createdRoomId } from './ids.ts'
import type { Stamp } from './records.ts'
import type { CreateLive, PlayLive } from './requests.ts'
import type { RoomView } from './room-table.ts'

/** What the caller gets: the HTTP status, and a body whose `code` is the decision. */
export type Answer = {
  readonly status: 200 | 202 | 404
  readonly body: { readonly code: number; readonly message: string; readonly data: object }
  /** Ingest itself has refused the request: nothing of it is on Kafka. */
  readonly isRefusal?: true
}

/** Where a room's stream is pushed to and played from. */
export type Addresses = {
  readonly pushUrl: (room: string, at: number) => string
  readonly playUrl: (room: string) => string
  readonly m3u8PlayUrl: (room: string) => string
  readonly rtmpPlayUrl: (room: string) => string
}

/** Done at once. */
export const done = (data: object = {}): Answer => ({ status: 200, body: { code: 200, message: 'success', data } })

/** A refusal that ingest can be certain of itself; the request is understood, so the status is 200. */
export const refused = (code: 2003 | 3404, message: string): Answer => ({
  status: 200,
  body: { code, message, data: {} },
  isRefusal: true,
})

/** On Kafka, not decided yet. `known`: what can be said already. */
export const accepted = (requestId: string, known: object = {}): Answer => ({
  status: 202,
  body: { code: 202, message: 'accepted, not decided yet', data: { requestId, ...known } },
})

export const unknownRequest: Answer = {
  status: 404,
  body: { code: 404, message: 'no such request, or it is older than 10 minutes', data: {} },
}

/** A decision as its caller sees it. */
export const decided = (outcome: RequestDecided, addresses: Addresses): Answer => ({
  status: 200,
  body: { code: outcome.code, message: outcome.message, data: dataOf(outcome, addresses) },
})

const dataOf = ({ live, sessionId, cohost }: RequestDecided, addresses: Addresses): object => ({
  ...(live === null ? {} : createdLive(live, addresses)),
  ...(sessionId === null ? {} : { sessionId }),
  ...(cohost === null ? {} : agreement(cohost)),
})

const agreement = ({ inviterPlayUrl, inviterRoomId, inviteeRoomId, rtmpUrl }: CohostView): object => ({
  inviterPlayUrl,
  inviterRoomId,
  inviteeRoomId,
  rtmpUrl,
})

const playUrls = (roomId: string, addresses: Addresses) => ({
  playUrl: addresses.playUrl(roomId),
  m3u8PlayUrl: addresses.m3u8PlayUrl(roomId),
  rtmpPlayUrl: addresses.rtmpPlayUrl(roomId),
})

const createdLive = (live: LiveView, addresses: Addresses): object => ({
  uid: live.uid,
  name: live.name,
  roomId: live.roomId,
  rtmpUrl: live.rtmpUrl,
  ...playUrls(live.roomId, addresses),
  status: live.status,
  type: live.type,
  isMixReady: live.isMixReady,
  isMixed: live.isMixed,
  description: live.description ?? '',
})

/** A live that is being created, as it will be: everything about it follows from the request. */
export const liveToBe = (request: CreateLive, { eventId, occurredAt }: Stamp, addresses: Addresses): object => {
  const roomId = createdRoomId(eventId)
  return createdLive(
    {
      uid: request.uid,
      name: request.name ?? request.uid,
      roomId,
      rtmpUrl: addresses.pushUrl(roomId, occurredAt),
      status: 0,
      type: 2,
      isMixReady: false,
      isMixed: false,
      description: request.desc ?? null,
    },
    addresses,
  )
}

/** A live on the list: without its push address. */
export const listedLive = (room: RoomView, addresses: Addresses): object => ({
  uid: room.uid,
  name: room.name,
  roomId: room.roomId,
  ...playUrls(room.roomId, addresses),
  status: room.status,
  type: room.type,
  isMixReady: room.mixReady,
  isMixed: room.mixed,
  description: room.description ?? '',
})

/** What somebody needs in order to watch. */
export const playableLive = ({ uid, roomId }: PlayLive, name: string | undefined, addresses: Addresses): object => ({
  uid,
  name: name ?? uid,
  roomId,
  playUrl: addresses.playUrl(roomId),
})
