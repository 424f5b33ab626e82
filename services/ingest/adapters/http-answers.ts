import { z } from 'zod'
import { annsRoom, bobsRoom, example } from './http-fields.ts'

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
