import { pushMessages, type PushMessage, type PushName } from '../../schemas/events.ts'
import { describePushData, type JsonSchema } from '../../schemas/json-schema.ts'
import { readRecords } from '../../schemas/records.ts'
import { firstCursor, roomPattern } from '../../services/edge/domain/protocol.ts'
import { pushExamples } from './push-examples.ts'
import { messageOf } from './websocket-ops.ts'

const envelope = (message: PushMessage, data: JsonSchema): JsonSchema => {
  const hasPos = message.lane !== 'edge'
  const isState = message.audience === 'connection'
  return {
    type: 'object',
    required: [
      'type',
      'time',
      'data',
      'room',
      'weight',
      'id',
      ...(hasPos ? ['pos'] : []),
      ...(isState ? ['asOf'] : []),
    ],
    properties: {
      type: { const: message.type },
      time: { type: 'integer', description: 'epoch milliseconds' },
      data,
      room: { type: 'string', pattern: roomPattern.source, description: 'the room to which it was addressed' },
      weight: { const: message.weight },
      ...(hasPos
        ? {
            pos: {
              type: 'integer',
              minimum: 0,
              description: 'its position in that weight, growing, with holes where a message was not for this user',
            },
          }
        : {}),
      ...(isState
        ? {
            asOf: {
              type: 'object',
              description: 'the positions of weights 4 and 5 that the state includes',
              required: ['4', '5'],
              properties: {
                4: { type: 'integer', minimum: firstCursor },
                5: { type: 'integer', minimum: firstCursor },
              },
            },
          }
        : {}),
      id: { type: 'string', minLength: 1, description: 'unique; the same when it is sent again' },
    },
  }
}

const exampleOf = (message: PushMessage & { readonly name: PushName }): JsonSchema => ({
  type: message.type,
  time: 1_700_000_000_000,
  data: pushExamples[message.name],
  room: '0123456789abcdef',
  weight: message.weight,
  ...(message.lane === 'edge' ? {} : { pos: 17 }),
  ...(message.audience === 'connection' ? { asOf: { 4: 17, 5: 17 } } : {}),
  id: '2f6d0a9c4b8e4d7f9a1b3c5d7e9f0a2b',
})

const goesTo = {
  room: 'everyone in the room',
  user: 'one user in the room',
  connection: 'the connection that subscribed',
}

const pushMessageOf = (message: PushMessage & { readonly name: PushName }, data: JsonSchema): JsonSchema => ({
  ...messageOf(message.name, {
    says: `${message.type}: ${message.says}. Weight ${message.weight}, to ${goesTo[message.audience]}`,
    schema: envelope(message, data),
    example: exampleOf(message),
  }),
  'x-type': message.type,
  'x-weight': message.weight,
  'x-audience': message.audience,
})

/** Every push message, and the schemas that they refer to under `refBase`. */
export const describePushes = (
  refBase: string,
): {
  readonly messages: readonly (readonly [string, JsonSchema])[]
  readonly used: ReadonlyMap<string, JsonSchema>
} => {
  const { data, used } = describePushData(readRecords(), pushMessages, refBase)
  const messages = pushMessages.map(
    (message) => [message.name, pushMessageOf(message, data.get(message.record) ?? {})] as const,
  )
  return { messages, used }
}
