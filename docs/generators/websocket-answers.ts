import { weights } from '../../schemas/events.ts'
import { errorCodes, type ClientOp } from '../../services/edge/domain/protocol.ts'
import { epoch, exampleRoom, ofWeights, op, room, whole, type DescribedOp } from './websocket-ops.ts'

export type AnswerName = 'connected' | 'subscribed' | 'unsubscribed' | 'pong' | 'error' | 'gap' | 'reconnect'

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
