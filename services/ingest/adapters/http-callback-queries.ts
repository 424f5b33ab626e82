import { z } from 'zod'
import { annsRoom, complain, example, optional, roomIdComplaint, roomIdText, text, whole } from './http-fields.ts'

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

/** What comes with every callback. The values are checked where the signature is. */
export const callbackHeaders = z.looseObject({
  'ali-live-timestamp': z.unknown().describe('epoch seconds, within 5 minutes').optional(),
  'ali-live-signature': z.unknown().describe('MD5 of domain|timestamp|key').optional(),
})
