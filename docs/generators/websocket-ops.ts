import { weights } from '../../schemas/events.ts'
import type { JsonSchema } from '../../schemas/json-schema.ts'
import { firstCursor, minWindowBytes, roomPattern, type ClientOp } from '../../services/edge/domain/protocol.ts'

// The objects that clients and edge exchange besides push messages. Tests hold them against the edge's parser and against what
// real edges send.

/** An object of the protocol: told in a sentence, as a schema, and by an example. */
export type DescribedOp = {
  readonly says: string
  readonly schema: JsonSchema
  readonly example: Readonly<Record<string, unknown>>
}

/** A message of AsyncAPI. */
export const messageOf = (name: string, { says, schema, example }: DescribedOp): JsonSchema => ({
  name,
  summary: says,
  payload: schema,
  examples: [{ payload: example }],
})

/** A whole number that JSON can hold, from `minimum` on. */
export const whole = (minimum: number, description: string): JsonSchema => ({
  type: 'integer',
  minimum,
  maximum: Number.MAX_SAFE_INTEGER,
  description,
})
/** Parts of schemas and examples that ops and answers share. */
export const room: JsonSchema = { type: 'string', pattern: roomPattern.source, description: 'the id of the room' }
export const ofWeights = (description: string): JsonSchema =>
  Object.fromEntries(weights.map((weight) => [weight, whole(firstCursor, description)]))
export const exampleRoom = '0123456789abcdef'
export const epoch = 'MkU3OEVBNTcwNTJENDM2Qg.5b1f'

/** An object of the protocol by its name. */
export const op = (
  name: string,
  required: readonly string[],
  properties: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema => ({
  type: 'object',
  required: ['op', ...required],
  properties: { op: { const: name }, ...properties },
})

/** What clients send. */
export const clientOps: Readonly<Record<ClientOp['op'], DescribedOp>> = {
  connect: {
    says: 'Says who the client is. Sent again with a new token of the same user, it extends the connection',
    schema: op('connect', ['token'], {
      token: {
        type: 'string',
        minLength: 1,
        description:
          'a JSON Web Token (HS256, RS256 or ES256): `sub` is the user, `exp` its end, `rooms` limits the rooms',
      },
      window: {
        oneOf: [whole(minWindowBytes, 'bytes'), { type: 'null' }],
        description:
          'bytes of weights 8 and 9 that may be on their way unacknowledged, at most a MiB; without it the client sends no `ack`',
      },
    }),
    example: { op: 'connect', token: 'eyJhbGciOiJIUzI1NiJ9…', window: 65_536 },
  },
  subscribe: {
    says: 'Enters a room. `resume` goes on after what was received before, on whatever connection',
    schema: op('subscribe', ['room'], {
      room,
      resume: {
        oneOf: [
          {
            type: 'object',
            required: ['epoch', 'positions'],
            properties: {
              epoch: { type: 'string', description: 'as in `subscribed`' },
              positions: { type: 'object', properties: ofWeights('the last position that was received') },
            },
          },
          { type: 'null' },
        ],
      },
    }),
    example: { op: 'subscribe', room: exampleRoom, resume: { epoch, positions: { 4: 17, 5: 16, 8: 421, 9: 90 } } },
  },
  unsubscribe: {
    says: 'Leaves a room',
    schema: op('unsubscribe', ['room'], { room }),
    example: { op: 'unsubscribe', room: exampleRoom },
  },
  ack: {
    says: 'Acknowledges what was read; for clients that gave a `window`',
    schema: op('ack', ['bytes'], {
      bytes: whole(
        0,
        'UTF-8 bytes of all text messages of this connection so far, without framing and before compression, `connected` included',
      ),
    }),
    example: { op: 'ack', bytes: 48_213 },
  },
  ping: { says: 'Asks for `pong`', schema: op('ping', []), example: { op: 'ping' } },
}
