import { z } from 'zod'

// One schema per request: validation, types and the OpenAPI page come from it. Unknown fields are ignored.
// Complaints never repeat the value: bodies are neither echoed nor logged.

/** Longest texts, in UTF-16 code units; a longer one is refused. */
export const maxLengths = { requestId: 128, uid: 128, name: 256, description: 4_096, comment: 16_384 } as const

/** The complaint of a schema; something that is not there at all is called missing. */
const complain = (complaint: string) => ({
  error: (issue: { readonly input?: unknown }) =>
    issue.input === undefined || issue.input === null ? 'is missing' : complaint,
})

const idComplaint = 'must be a string, or a whole number of at most 2^53 − 1 (send larger ones as strings)'

/** A string or a whole number; a string inside. A number above 2^53 − 1 was already changed by parsing. */
const idOf = (texts: z.ZodString, numbers: z.ZodInt, complaint: string) =>
  z
    .union([texts, numbers], {
      error: ({ input }) => {
        if (input === undefined || input === null) return 'is missing'
        return typeof input === 'string' || Number.isSafeInteger(input) ? complaint : idComplaint
      },
    })
    .transform(String)

const wholeId = z.int(idComplaint)

const roomIdComplaint = 'must be 1 to 64 letters or digits'
const roomIdText = z.string().regex(/^[A-Za-z0-9]{1,64}$/, roomIdComplaint)
const roomId = idOf(roomIdText, wholeId.min(0, roomIdComplaint), roomIdComplaint).describe('1 to 64 letters or digits')

const uidComplaint = `must have 1 to ${maxLengths.uid} characters`
const uid = idOf(z.string().min(1, uidComplaint).max(maxLengths.uid, uidComplaint), wholeId, uidComplaint).describe(
  `1 to ${maxLengths.uid} characters`,
)

const text = (maxLength: number) =>
  z.string(complain('must be a string')).max(maxLength, `must have at most ${maxLength} characters`)

/** A whole number within bounds, as a number or in decimal digits. */
const whole = (min: number, max: number, digits: RegExp, complaint: string) =>
  z
    .union(
      [z.int(complaint).min(min, complaint).max(max, complaint), z.string().regex(digits, complaint)],
      complain(complaint),
    )
    .transform(Number)

const oneOrTwo = (meaning: string) =>
  whole(1, 2, /^0{0,14}[12]$/, `must be 1 or 2 (${meaning})`)
    .transform((value): 1 | 2 => (value === 1 ? 1 : 2))
    .describe(meaning)

const partyType = oneOrTwo('1 audience, 2 broadcaster')
const mixLayouts = ['side_by_side', 'picture_in_picture'] as const
const mixLayout = z.enum(mixLayouts, complain(`must be ${mixLayouts.join(' or ')}`))

/** A field that clients leave out, send as null, or send empty: all of it means absent. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' || value === null ? undefined : value), schema.optional())

const name = optional(text(maxLengths.name)).describe('absent: the one that is known for this uid')

const annsRoom = '0123456789abcdef'
const bobsRoom = 'fedcba9876543210'
const example = <Value>(value: Value): { examples: Value[] } => ({ examples: [value] })

/** The bodies, by path. */
export const bodies = {
  createLive: z
    .object({ uid, name, desc: optional(text(maxLengths.description)) })
    .meta(example({ uid: 'ann', name: 'Ann', desc: 'cooking' })),
  leaveLive: z.object({ roomId }).meta(example({ roomId: annsRoom })),
  listLives: z.object({ roomId: optional(roomId).describe('absent: every live') }).meta(example({ roomId: annsRoom })),
  playLive: z.object({ roomId, uid, name }).meta(example({ roomId: annsRoom, uid: 'carol', name: 'Carol' })),
  leaveAudience: z.object({ roomId, uid }).meta(example({ roomId: annsRoom, uid: 'carol' })),
  comment: z
    .object({
      roomId,
      uid,
      name,
      comment: text(maxLengths.comment).min(1, 'must not be empty'),
    })
    .meta(example({ roomId: annsRoom, uid: 'carol', name: 'Carol', comment: 'hello' })),
  like: z
    .object({
      roomId,
      uid,
      name,
      count: optional(whole(1, 1_000, /^0{0,11}([1-9]\d{0,2}|1000)$/, 'must be a whole number from 1 to 1000'))
        .transform((count) => count ?? 1)
        .describe('how many likes this stands for, 1 to 1000; absent: 1'),
    })
    .meta(example({ roomId: annsRoom, uid: 'carol', count: 12 })),
  invite: z
    .object({
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
    })
    .meta(
      example({ inviterUid: 'ann', inviteeUid: 'bob', liveRoomId: annsRoom, type: 'side_by_side', inviterType: 2 }),
    ),
  cancelInvite: z
    .object({
      inviterUid: uid,
      liveRoomId: roomId,
      inviteeUid: optional(uid).describe('absent: every invite of this inviter in this room'),
    })
    .meta(example({ inviterUid: 'ann', liveRoomId: annsRoom, inviteeUid: 'bob' })),
  giveFeedback: z
    .object({
      inviterUid: uid,
      inviteeUid: uid,
      liveRoomId: optional(roomId).describe('absent: the room of the invite between these two'),
      status: oneOrTwo('1 agree, 2 refuse'),
      type: optional(mixLayout).describe("the invite's counts"),
      inviterType: optional(partyType).describe("the invite's counts"),
      inviteeType: optional(partyType).describe("the invite's counts"),
    })
    .meta(example({ inviterUid: 'ann', inviteeUid: 'bob', liveRoomId: annsRoom, status: 1 })),
  closeCohosting: z
    .preprocess(
      // one existing client spells it so
      (body) =>
        typeof body === 'object' && body !== null && 'closeRooomId' in body
          ? { closeRoomId: body.closeRooomId, ...body }
          : body,
      z.object({
        closeRoomId: roomId.describe('the closing room; also taken under the name closeRooomId'),
        notifiedRoomId: roomId.describe('the other room'),
      }),
    )
    .meta(example({ closeRoomId: annsRoom, notifiedRoomId: bobsRoom })),
}

/** The queries of the video cloud's callbacks. `roomOf` gives the room of a stream name. */
export const callbackQueries = (roomOf: (stream: string) => string) => {
  const word = (max: number) =>
    z.string(complain('must be given once')).min(1, 'must not be empty').max(max, `must have at most ${max} characters`)
  // what may follow the room is a suffix of the cloud's templates
  const room = z
    .string(complain('must be given once'))
    .max(128, roomIdComplaint)
    .regex(/^[A-Za-z0-9]{1,64}(?![A-Za-z0-9])/, roomIdComplaint)
    .transform(roomOf)
    .pipe(roomIdText)
    .meta({ description: 'stream name', ...example(annsRoom) })
  const exactly = <const Words extends readonly string[]>(words: Words) =>
    z.enum(words, complain(`must be ${words.join(' or ')}`))
  const time = optional(whole(0, 99_999_999_999, /^0{0,4}\d{1,11}$/, 'must be epoch seconds'))
    .transform((seconds) => (seconds === undefined ? null : seconds * 1_000))
    .meta({ description: 'epoch seconds', ...example('1700000000') })
  return {
    streamChanged: z
      .object({ action: exactly(['publish', 'publish_done']), id: room, time })
      .transform(({ action, id: of, time: cloudTime }) => ({ action, roomId: of, cloudTime })),
    mixAvailable: z
      .object({ Event: exactly(['MixAvailable']), Stream: room, time })
      .transform(({ Stream, time: cloudTime }) => ({ roomId: Stream, cloudTime })),
    mixChanged: z
      .object({
        MainMixStream: room,
        MixStream: room,
        MixType: optional(exactly(['stream', 'channel'])).transform((type) => type ?? 'channel'),
        MixTemplate: optional(word(64)).transform((template) => template ?? 'picture_in_picture'),
        Event: exactly(['EventMix', 'EventMixStop', 'MixResult']),
        Code: word(128).meta(example('Success')),
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
export const requestPath = z.object({ requestId: z.string().min(1).max(maxLengths.requestId) })

/** What comes with every request of the app's servers besides its body. Other headers are left as they are. */
export const requestHeaders = z.looseObject({
  'idempotency-key': optional(text(256)).describe('repeats with the same key get the first outcome, for 10 minutes'),
})

/** What comes with every callback. The values are checked where the signature is. */
export const callbackHeaders = z.looseObject({
  'ali-live-timestamp': z.unknown().describe('epoch seconds, within 5 minutes').optional(),
  'ali-live-signature': z.unknown().describe('MD5 of domain|timestamp|key').optional(),
})

/** What everything is answered with. */
const answerOf = (data: z.ZodType, description: string, value: { code: number; message: string; data: unknown }) =>
  z
    .looseObject({ code: z.int().describe('the decision: 200 done, or why not'), message: z.string(), data })
    .meta({ description, ...example(value) })
const success = (data: unknown) => ({ code: 200, message: 'success', data })

const listed = z.looseObject({
  uid: z.string(),
  name: z.string(),
  roomId: z.string(),
  playUrl: z.string(),
  m3u8PlayUrl: z.string(),
  rtmpPlayUrl: z.string(),
  status: z.int().describe('0 not pushing, 1 pushing, 2 ended'),
  type: z.int().describe('1 audience, 2 broadcaster'),
  isMixReady: z.boolean(),
  isMixed: z.boolean(),
  description: z.string(),
})
const created = listed.extend({ rtmpUrl: z.string().describe('where to push: a secret') })
const playable = z.looseObject({ uid: z.string(), name: z.string(), roomId: z.string(), playUrl: z.string() })
const invited = z.looseObject({ sessionId: z.string() })
const agreed = z.looseObject({
  inviterPlayUrl: z.string(),
  inviterRoomId: z.string(),
  inviteeRoomId: z.string(),
  rtmpUrl: z.string().describe('where the invitee pushes: a secret'),
})
const open = z.looseObject({ requestId: z.string() })

const liveExample = {
  uid: 'ann',
  name: 'Ann',
  roomId: annsRoom,
  playUrl: `http://play.example.com/DemoApp/${annsRoom}_mix.flv`,
  m3u8PlayUrl: `http://play.example.com/DemoApp/${annsRoom}_mix.m3u8`,
  rtmpPlayUrl: `rtmp://play.example.com/DemoApp/${annsRoom}_mix`,
  status: 1,
  type: 2,
  isMixReady: true,
  isMixed: false,
  description: 'cooking',
}
const createdExample = {
  ...liveExample,
  status: 0,
  isMixReady: false,
  rtmpUrl: `rtmp://push.example.com/DemoApp/${annsRoom}?auth_key=…`,
}
const agreedExample = {
  inviterPlayUrl: `http://play.example.com/DemoApp/${annsRoom}.flv?ali_flv_retain=0`,
  inviterRoomId: annsRoom,
  inviteeRoomId: bobsRoom,
  rtmpUrl: `rtmp://push.example.com/DemoApp/${bobsRoom}?auth_key=…`,
}
const requestId = '5f2b8c0d4e6a7b9c1d3e5f7a9b0c2d4e'
const openExample = (known: object = {}) => ({
  code: 202,
  message: 'accepted, not decided yet',
  data: { requestId, ...known },
})
const isOpen = 'on Kafka, not decided yet: GET /requests/<requestId> has the outcome'
const isTaken = 'on Kafka, or refused: `code` tells'
const isDecided = 'decided, also when it is a refusal: `code` tells. A refusal has no data'

/** What the answers look like, for the OpenAPI page alone: answers are written as they are. A refusal has empty `data`. */
export const answers = {
  taken: answerOf(z.looseObject({}), isTaken, success({})),
  plain: answerOf(z.looseObject({}), isDecided, success({})),
  created: answerOf(created.partial(), isDecided, success(createdExample)),
  listed: answerOf(z.array(listed), 'the lives', success([liveExample])),
  playable: answerOf(
    playable.partial(),
    isTaken,
    success({ uid: 'carol', name: 'Carol', roomId: annsRoom, playUrl: liveExample.playUrl }),
  ),
  pushed: answerOf(
    z.looseObject({ id: z.string().describe('of the push message') }),
    isTaken,
    success({ id: '2f6d0a9c4b8e4d7f9a1b3c5d7e9f0a2b' }),
  ),
  invited: answerOf(invited.partial(), isDecided, success({ sessionId: '7c0e4b1f9a2d4e68b35f0a9c1d2e3f40' })),
  agreed: answerOf(agreed.partial(), isDecided, success(agreedExample)),
  open: answerOf(open, isOpen, openExample()),
  openLive: answerOf(created.extend(open.shape), isOpen, openExample(createdExample)),
  outcome: answerOf(
    z.looseObject({ ...created.shape, ...invited.shape, ...agreed.shape }).partial(),
    'decided: as the request would have been answered',
    { code: 3020, message: 'one of the rooms is in a session', data: {} },
  ),
  unknown: answerOf(z.looseObject({}), 'no such request, or it is older than 10 minutes', {
    code: 404,
    message: 'no such request, or it is older than 10 minutes',
    data: {},
  }),
  invalid: answerOf(z.looseObject({ field: z.string() }).partial(), 'not valid; names the field', {
    code: 400,
    message: 'uid: is missing',
    data: { field: 'uid' },
  }),
}
