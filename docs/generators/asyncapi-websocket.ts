import { pushMessages } from '../../schemas/events.ts'
import type { JsonSchema } from '../../schemas/json-schema.ts'
import { closeCodes, type CloseReason } from '../../services/edge/domain/protocol.ts'
import { project } from './project.ts'
import { describePushes } from './push-messages.ts'
import { answers, answersTo } from './websocket-answers.ts'
import { clientOps, messageOf, type DescribedOp } from './websocket-ops.ts'

const closeMeanings: Readonly<Record<CloseReason, string>> = {
  draining: 'the instance stops',
  tooSlow: 'too slow for messages that may not be dropped',
  silent: 'silent too long',
  notSubscribed: 'nothing subscribed in time',
  sourceLost: 'the edge lost its source and cannot promise order',
  tokenExpired: 'the token ran out: come back with a new one',
  tokenInvalid: 'token missing, invalid or forged',
  protocolBroken: 'protocol broken repeatedly, or a frame that is too long',
  tooManyConnections: 'over a limit of connections of this user or address',
}
const firstFinalCode = 4500

const refBase = '#/components/schemas/'
const channel = '#/channels/edge'

const refTo = (name: string): JsonSchema => ({ $ref: `${channel}/messages/${name}` })

/** Clients and edges over WebSocket, as an AsyncAPI document told from the edge. */
export const describeWebSocket = (): JsonSchema => {
  const { messages: pushes, used } = describePushes(refBase)
  const opsOf = (ops: Readonly<Record<string, DescribedOp>>): readonly (readonly [string, JsonSchema])[] =>
    Object.entries(ops).map(([name, described]) => [name, messageOf(name, described)])
  const receive = Object.entries(answersTo).map(([name, answeredBy]) => [
    name,
    {
      action: 'receive',
      channel: { $ref: channel },
      summary: clientOps[name as keyof typeof clientOps].says,
      messages: [refTo(name)],
      ...(answeredBy.length === 0 ? {} : { reply: { channel: { $ref: channel }, messages: answeredBy.map(refTo) } }),
    },
  ])
  const send = (summary: string, names: readonly string[]): JsonSchema => ({
    action: 'send',
    channel: { $ref: channel },
    summary,
    messages: names.map(refTo),
  })

  return {
    asyncapi: '3.0.0',
    info: {
      title: 'roomcast edge: WebSocket',
      ...project,
      description:
        'What clients and edges say to each other. Text frames; **a frame carries one or more JSON objects, one a line**. The lower the ' +
        'weight (`x-weight`), the sooner a message is delivered; inside a weight and a room, order is that of the log. Objects may get ' +
        'more fields: ignore what you do not know. Who cannot have a WebSocket gets the same objects as server-sent events.',
    },
    defaultContentType: 'application/json',
    servers: {
      local: { host: '127.0.0.1:8081', protocol: 'ws', description: '`make run`' },
      production: {
        host: '{host}',
        protocol: 'wss',
        description: 'TLS ends in front of the edge',
        variables: { host: { description: 'where your edges are reached', default: 'edge.example.com' } },
      },
    },
    channels: {
      edge: {
        address: '/v1/ws',
        description:
          'One connection of one user, in up to EDGE_MAX_ROOMS_PER_CONNECTION rooms. Who the client is says the op `connect`, ' +
          'the first one; the upgrade itself needs no credentials. A full instance refuses it with 503 and Retry-After, an Origin ' +
          'that EDGE_ORIGINS does not have with 403.',
        messages: Object.fromEntries([...opsOf(clientOps), ...opsOf(answers), ...pushes]),
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
        'x-close-codes': Object.entries(closeCodes).map(([reason, code]) => ({
          code,
          reason,
          description: closeMeanings[reason as CloseReason],
          comeBack: code < firstFinalCode,
        })),
      },
    },
    operations: {
      ...Object.fromEntries(receive),
      push: send(
        'Messages of the rooms that were entered, by weight',
        pushMessages.map(({ name }) => name),
      ),
      tell: send('What no op asked for', ['gap', 'reconnect', 'error']),
    },
    components: { schemas: Object.fromEntries(used) },
  }
}
