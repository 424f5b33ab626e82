import { z } from 'zod'

// One schema per request: validation, types and the OpenAPI page come from it. Unknown fields are ignored.
// Complaints never repeat the value: bodies are neither echoed nor logged.

/** Longest texts, in UTF-16 code units; a longer one is refused. */
export const maxLengths = { uid: 128, name: 256, description: 4_096, comment: 16_384 } as const

/** The complaint of a schema; something that is not there at all is called missing. */
const complain = (complaint: string) => ({
  error: (issue: { readonly input?: unknown }) =>
    issue.input === undefined || issue.input === null ? 'is missing' : complaint,
})

const idComplaint = 'must be a string, or a whole number of at most 2^53 − 1 (send larger ones as strings)'

/** A string or a whole number; a string inside. A number above 2^53 − 1 was already changed by parsing. */
const id = z.union([z.string(), z.int(complain(idComplaint))], complain(idComplaint)).transform(String)

const roomIdComplaint = 'must be 1 to 64 letters or digits'
const roomIdText = z.string().regex(/^[A-Za-z0-9]{1,64}$/, roomIdComplaint)
const roomId = id.pipe(roomIdText).describe('1 to 64 letters or digits')

const uidComplaint = `must have 1 to ${maxLengths.uid} characters`
const uid = id
  .pipe(z.string().min(1, uidComplaint).max(maxLengths.uid, uidComplaint))
  .describe(`1 to ${maxLengths.uid} characters`)

const text = (maxLength: number) =>
  z.string(complain('must be a string')).max(maxLength, `must have at most ${maxLength} characters`)

/** A whole number within bounds, as a number or in decimal digits. */
const whole = (min: number, max: number, complaint: string) =>
  z
    .union([z.int(complain(complaint)), z.string().regex(/^\d{1,15}$/, complaint)], complain(complaint))
    .transform(Number)
    .pipe(z.number().min(min, complaint).max(max, complaint))

const oneOrTwo = (meaning: string) =>
  whole(1, 2, `must be 1 or 2 (${meaning})`)
    .transform((value): 1 | 2 => (value === 1 ? 1 : 2))
    .describe(meaning)

const partyType = oneOrTwo('1 audience, 2 broadcaster')
const mixLayouts = ['side_by_side', 'picture_in_picture'] as const
const mixLayout = z.enum(mixLayouts, complain(`must be ${mixLayouts.join(' or ')}`))

/** A field that clients leave out, send as null, or send empty: all of it means absent. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' || value === null ? undefined : value), schema.optional())

const name = optional(text(maxLengths.name)).describe('absent: the one that is known for this uid')

/** The bodies, by path. */
export const bodies = {
  createLive: z.object({ uid, name, desc: optional(text(maxLengths.description)) }),
  leaveLive: z.object({ roomId }),
  listLives: z.object({ roomId: optional(roomId).describe('absent: every live') }),
  playLive: z.object({ roomId, uid, name }),
  leaveAudience: z.object({ roomId, uid }),
  comment: z.object({
    roomId,
    uid,
    name,
    comment: text(maxLengths.comment).min(1, 'must not be empty'),
  }),
  like: z.object({
    roomId,
    uid,
    name,
    count: optional(whole(1, 1_000, 'must be a whole number from 1 to 1000'))
      .transform((count) => count ?? 1)
      .describe('how many likes this stands for, 1 to 1000; absent: 1'),
  }),
  invite: z.object({
    inviterUid: uid,
    inviterName: name,
    inviteeUid: uid,
    inviteeName: name,
    liveRoomId: roomId.describe('the room in which the invite is made'),
    inviteeRoomId: optional(roomId).describe(
      "the invitee's own room; absent: a running live of the invitee, if there is one",
    ),
    type: optional(mixLayout)
      .transform((type) => type ?? 'picture_in_picture')
      .describe('absent: picture_in_picture'),
    inviterType: partyType,
  }),
  cancelInvite: z.object({
    inviterUid: uid,
    liveRoomId: roomId,
    inviteeUid: optional(uid).describe('absent: every invite of this inviter in this room'),
  }),
  giveFeedback: z.object({
    inviterUid: uid,
    inviteeUid: uid,
    liveRoomId: optional(roomId).describe('absent: the room of the invite between these two'),
    status: oneOrTwo('1 agree, 2 refuse'),
    type: optional(mixLayout).describe("the invite's counts"),
    inviterType: optional(partyType).describe("the invite's counts"),
    inviteeType: optional(partyType).describe("the invite's counts"),
  }),
  closeCohosting: z.preprocess(
    // one existing client spells it so
    (body) =>
      typeof body === 'object' && body !== null && 'closeRooomId' in body
        ? { closeRoomId: body.closeRooomId, ...body }
        : body,
    z.object({
      closeRoomId: roomId.describe('the closing room; also taken under the name closeRooomId'),
      notifiedRoomId: roomId.describe('the other room'),
    }),
  ),
}

/** The queries of the video cloud's callbacks. `roomOf` gives the room of a stream name. */
export const callbackQueries = (roomOf: (stream: string) => string) => {
  const word = (max: number) =>
    z.string(complain('must be given once')).min(1, 'must not be empty').max(max, `must have at most ${max} characters`)
  const room = word(128).transform(roomOf).pipe(roomIdText)
  const exactly = <const Words extends readonly string[]>(words: Words) =>
    z.enum(words, complain(`must be ${words.join(' or ')}`))
  const time = optional(whole(0, 99_999_999_999, 'must be epoch seconds'))
    .transform((seconds) => (seconds === undefined ? null : seconds * 1_000))
    .describe('epoch seconds')
  return {
    streamChanged: z
      .object({ action: exactly(['publish', 'publish_done']), id: room.describe('stream name'), time })
      .transform(({ action, id: of, time: cloudTime }) => ({ action, roomId: of, cloudTime })),
    mixAvailable: z
      .object({ Event: exactly(['MixAvailable']), Stream: room.describe('stream name'), time })
      .transform(({ Stream, time: cloudTime }) => ({ roomId: Stream, cloudTime })),
    mixChanged: z
      .object({
        MainMixStream: room.describe('stream name'),
        MixStream: room.describe('stream name'),
        MixType: optional(exactly(['stream', 'channel'])).transform((type) => type ?? 'channel'),
        MixTemplate: optional(word(64)).transform((template) => template ?? 'picture_in_picture'),
        Event: exactly(['EventMix', 'EventMixStop', 'MixResult']),
        Code: word(128),
        Message: optional(text(4_096)).transform((message) => message ?? ''),
      })
      .transform((query) => ({
        roomId: query.MainMixStream,
        mixRoomId: query.MixStream,
        mixType: query.MixType,
        mixTemplate: query.MixTemplate,
        event: query.Event,
        code: query.Code,
        message: query.Message,
      })),
  }
}

/** The path of `GET /requests/<requestId>`. */
export const requestPath = z.object({ requestId: z.string().min(1).max(128) })

/** What comes with every request of the app's servers besides its body. Other headers are left as they are. */
export const requestHeaders = z.looseObject({
  'idempotency-key': optional(text(256)).describe('repeats with the same key get the first outcome, for 10 minutes'),
})

/** What comes with every callback. The values are checked where the signature is. */
export const callbackHeaders = z.looseObject({
  'ali-live-timestamp': z.unknown().describe('epoch seconds, within 5 minutes').optional(),
  'ali-live-signature': z.unknown().describe('MD5 of domain|timestamp|key').optional(),
})

const answerOf = (data: z.ZodType) =>
  z.looseObject({ code: z.int().describe('200, or why not'), message: z.string(), data })

const listed = z.looseObject({
  uid: z.string(),
  name: z.string(),
  roomId: z.string(),
  playUrl: z.string(),
  m3u8PlayUrl: z.string(),
  rtmpPlayUrl: z.string(),
  status: z.int(),
  type: z.int(),
  isMixReady: z.boolean(),
  isMixed: z.boolean(),
  description: z.string(),
})
const created = listed.extend({ rtmpUrl: z.string().describe('where to push: a secret') })
const playable = z.looseObject({ uid: z.string(), name: z.string(), roomId: z.string(), playUrl: z.string() })
const agreed = z.looseObject({
  inviterPlayUrl: z.string(),
  inviterRoomId: z.string(),
  inviteeRoomId: z.string(),
  rtmpUrl: z.string().describe('where the invitee pushes: a secret'),
})

/** What the answers look like, for the OpenAPI page alone: answers are written as they are. A refusal has empty `data`. */
export const answers = {
  plain: answerOf(z.looseObject({})),
  created: answerOf(created.partial()),
  listed: answerOf(z.array(listed)),
  playable: answerOf(playable.partial()),
  pushed: answerOf(z.looseObject({ id: z.string().describe('of the push message') })),
  invited: answerOf(z.looseObject({ sessionId: z.string() }).partial()),
  agreed: answerOf(agreed.partial()),
  open: answerOf(z.looseObject({ requestId: z.string() })).describe('on Kafka, not decided yet'),
  invalid: answerOf(z.looseObject({ field: z.string() })).describe('names the field'),
}
