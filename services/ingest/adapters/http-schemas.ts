import { z } from 'zod'
import { annsRoom, bobsRoom, complain, example, maxLengths, optional, roomId, text, uid, whole } from './http-fields.ts'

// One schema per request: validation, types and the OpenAPI page come from it. Unknown fields are ignored.

const oneOrTwo = (meaning: string) =>
  whole(1, 2, /^0{0,14}[12]$/, `must be 1 or 2 (${meaning})`)
    .transform((value): 1 | 2 => (value === 1 ? 1 : 2))
    .describe(meaning)

const partyType = oneOrTwo('1 audience, 2 broadcaster')
const mixLayouts = ['side_by_side', 'picture_in_picture'] as const
const mixLayout = z.enum(mixLayouts, complain(`must be ${mixLayouts.join(' or ')}`))

const name = optional(text(maxLengths.name)).describe('absent: the one that is known for this uid')

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

/** The path of `GET /requests/<requestId>`. */
export const requestPath = z.object({ requestId: z.string().min(1).max(maxLengths.requestId) })

/** What comes with every request of the app's servers besides its body. Other headers are left as they are. */
export const requestHeaders = z.looseObject({
  'idempotency-key': optional(text(256)).describe('repeats with the same key get the first outcome, for 10 minutes'),
})
