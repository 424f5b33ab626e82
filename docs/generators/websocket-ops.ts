import { weights } from '../../schemas/events.ts'
import type { JsonSchema } from '../../schemas/json-schema.ts'
import {
  errorCodes,
  firstCursor,
  minWindowBytes,
  roomPattern,
  type ClientOp,
} from '../../services/edge/domain/protocol.ts'

// The objects that clients and edge exchange besides push messages. Tests hold them against the edge's parser and against what
// real edges send.

/** An object of the protocol: told in a sentence, as a schema, and by an example. */
export type DescribedOp = {
  readonly says: string
  readonly schema: JsonSchema
  readonly example: Readonly<Record<string, unknown>>
}

export type AnswerName = 'connected' | 'subscribed' | 'unsubscribed' | 'pong' | 'error' | 'gap' | 'reconnect'

const whole = (minimum: number, description: string): JsonSchema => ({
  type: 'integer',
  minimum,
  maximum: Number.MAX_SAFE_INTEGER,
  description,
})
const room: JsonSchema = { type: 'string', pattern: roomPattern.source, description: 'the id of the room' }
const ofWeights = (description: string): JsonSchema =>
  Object.fromEntries(weights.map((weight) => [weight, whole(firstCursor, description)]))
const exampleRoom = '0123456789abcdef'
const epoch = 'MkU3OEVBNTcwNTJENDM2Qg.5b1f'

const op = (
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

/** What the edge sends besides push messages. */
export const answers: Readonly<Record<AnswerName, DescribedOp>> = {
  connected: {
    says: 'The token is good',
    schema: op('connected', ['connection', 'pingMs'], {
      connection: { type: 'string', minLength: 1, description: 'the name of the connection in the logs of the edge' },
      pingMs: whole(1, 'the client hears something of the edge at least so often'),
    }),
    example: { op: 'connected', connection: '9b1c6f0e4d2a1', pingMs: 25_000 },
  },
  subscribed: {
    says: 'The room is entered; message 104 comes next, then what was missed and what is new, by weight',
    schema: op('subscribed', ['room', 'epoch', 'positions'], {
      room,
      epoch: { type: 'string', minLength: 1, description: 'to resume with' },
      positions: {
        type: 'object',
        required: weights.map(String),
        properties: ofWeights('delivery begins after it'),
      },
      recovered: {
        type: 'boolean',
        description:
          'true: everything of weights 4 and 5 behind the cursors follows; absent: the client did not ask to resume',
      },
    }),
    example: {
      op: 'subscribed',
      room: exampleRoom,
      epoch,
      positions: { 4: 17, 5: 17, 8: 421, 9: 90 },
      recovered: true,
    },
  },
  unsubscribed: {
    says: 'The room is left',
    schema: op('unsubscribed', ['room'], { room }),
    example: { op: 'unsubscribed', room: exampleRoom },
  },
  pong: { says: 'Answers `ping`', schema: op('pong', []), example: { op: 'pong' } },
  gap: {
    says: 'Messages of a room were left out just here',
    schema: op('gap', ['room', 'weight'], {
      room,
      weight: { enum: weights.filter((weight) => weight >= 8) },
      dropped: whole(1, 'how many; absent: nobody knows'),
    }),
    example: { op: 'gap', room: exampleRoom, weight: 8, dropped: 37 },
  },
  error: {
    says:
      'The frame was refused, the connection lives: 400 bad frame, or any op before connect; 403 not this room; 404 no such room; ' +
      '429 too many',
    schema: op('error', ['code', 'message'], { code: { enum: errorCodes }, message: { type: 'string', minLength: 1 } }),
    example: { op: 'error', code: 404, message: 'no such room' },
  },
  reconnect: {
    says: 'The edge is about to close: come back after that long',
    schema: op('reconnect', ['afterMs'], { afterMs: whole(0, 'milliseconds') }),
    example: { op: 'reconnect', afterMs: 1_240 },
  },
}

/** What may answer each op. */
export const answersTo: Readonly<Record<ClientOp['op'], readonly AnswerName[]>> = {
  connect: ['connected', 'error'],
  subscribe: ['subscribed', 'error'],
  unsubscribe: ['unsubscribed', 'error'],
  ack: [],
  ping: ['pong', 'error'],
}
