import type { JsonSchema } from '../../schemas/json-schema.ts'
import { resumePointPattern } from '../../services/edge/domain/event-stream.ts'
import { roomPattern } from '../../services/edge/domain/protocol.ts'
import { statuses } from '../../services/edge/streams.ts'
import { project } from './project.ts'

type Status = keyof typeof statuses

const says: Readonly<Record<Status, { readonly description: string; readonly message: string }>> = {
  400: { description: 'room or Last-Event-ID is not valid', message: 'room: 1 to 64 letters and digits are expected' },
  401: { description: 'no token, or one that is not valid any more', message: 'authorization: the token has run out' },
  403: { description: 'the origin or the room is not allowed', message: 'origin: it is not allowed' },
  404: { description: 'there is no such room', message: 'no such room' },
  429: { description: 'too many connections', message: 'too many connections of this user or address' },
  503: { description: 'the instance is full or has no state now', message: 'this instance takes nobody now' },
}

const textHeader = (description: string): JsonSchema => ({ description, schema: { type: 'string' } })
const headersOf = (status: Status): JsonSchema => ({
  ...(status === 401 ? { 'WWW-Authenticate': textHeader('Bearer') } : {}),
  ...(status === 429 || status === 503 ? { 'Retry-After': textHeader('seconds') } : {}),
})

const refusalOf = (status: Status): JsonSchema => ({
  description: says[status].description,
  headers: headersOf(status),
  content: {
    'application/json': {
      schema: { $ref: '#/components/schemas/Refused' },
      example: { code: status, message: says[status].message },
    },
  },
})

const isStatus = (status: number): status is Status => status in statuses
const refusals = Object.keys(statuses)
  .map(Number)
  .filter(isStatus)
  .map((status) => [status, refusalOf(status)])

const resumePoint: JsonSchema = { type: 'string', pattern: resumePointPattern.source }

const stream =
  'One room as server-sent events, for clients that cannot have a WebSocket: each event has one `data:` line with the same JSON object ' +
  'that a WebSocket would carry (see the AsyncAPI document of the edge): `subscribed` first, message 104, then everything by weight. ' +
  '`id:` is where to go on; a client that comes back sends it as Last-Event-ID. A comment line keeps the stream alive; it ends when the ' +
  'token runs out.'

/** What the edge answers over HTTP, as an OpenAPI document. */
export const describeEdgeHttp = (): JsonSchema => ({
  openapi: '3.1.0',
  info: {
    title: 'roomcast edge: HTTP',
    ...project,
    description: 'What is said over WebSocket is in the AsyncAPI document.',
  },
  servers: [{ url: 'http://127.0.0.1:8081', description: '`make run`' }],
  paths: {
    '/v1/sse': {
      get: {
        operationId: 'getEvents',
        summary: 'a room as server-sent events',
        description: stream,
        security: [{ token: [] }],
        parameters: [
          {
            name: 'room',
            in: 'query',
            required: true,
            schema: { type: 'string', pattern: roomPattern.source },
            example: '0123456789abcdef',
          },
          {
            name: 'Last-Event-ID',
            in: 'header',
            required: false,
            description: 'the last `id:` that was received: goes on after it',
            schema: resumePoint,
            example: '17.17.421.90.MkU3OEVBNTcwNTJENDM2Qg.5b1f',
          },
        ],
        responses: {
          200: {
            description: 'the stream',
            content: {
              'text/event-stream': {
                schema: { type: 'string' },
                example:
                  'id: 17.17.421.90.MkU3OEVBNTcwNTJENDM2Qg.5b1f\ndata: {"op":"subscribed","room":"0123456789abcdef"}\n\n',
              },
            },
          },
          ...Object.fromEntries(refusals),
        },
      },
      options: {
        operationId: 'mayAskForEvents',
        summary: 'the preflight of a browser',
        security: [],
        responses: {
          204: { description: 'a page of this origin may ask' },
          403: { description: 'it may not' },
        },
      },
    },
    '/v1/ws': {
      get: {
        operationId: 'openWebSocket',
        summary: 'the upgrade to a WebSocket',
        description: 'It needs no token: the first op says who the client is.',
        security: [],
        responses: {
          101: { description: 'a WebSocket from here on' },
          403: { description: 'the origin is not in EDGE_ORIGINS' },
          404: { description: 'no request for a WebSocket' },
          503: { description: 'the instance is full', headers: { 'Retry-After': textHeader('seconds') } },
        },
      },
    },
  },
  components: {
    securitySchemes: {
      token: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'HS256, RS256 or ES256: `sub` is the user, `exp` its end, `rooms` limits the rooms',
      },
    },
    schemas: {
      Refused: {
        type: 'object',
        required: ['code', 'message'],
        properties: { code: { type: 'integer', description: 'the HTTP status' }, message: { type: 'string' } },
      },
    },
  },
})
