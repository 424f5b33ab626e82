import { mintRooms } from '../inputs.ts'
import type { Part } from '../part.ts'
import { bare, edge } from './contender.ts'
import { measureSideBySide } from './measure.ts'

const clients = 5_000

/** Everybody in one room: what a delivery costs when it is one of thousands of the same. */
export const fanOutPart: Part = {
  name: 'fan-out',
  about:
    `one room with ${clients} clients, comments of 220 bytes: the edge, whose clients answer pings, and with clients that acknowledge, beside ` +
    'bare uWebSockets.js fed by kafkajs; CPU seconds of the server process per million deliveries, latency from production to client',
  measure: (options) =>
    measureSideBySide(
      {
        contenders: [bare(), edge(), edge({ name: 'edgeAcks', acks: true })],
        layout: {
          rooms: mintRooms(1),
          clientsPerRoom: options.isQuick ? 200 : clients,
          probes: options.isQuick ? 10 : 30,
        },
        rates: options.isQuick ? [10, 50] : [10, 50, 100, 200, 400],
        seconds: options.isQuick ? 3 : 12,
        about: 'one room',
      },
      options,
    ),
}
