import { mintRooms } from '../inputs.ts'
import type { Part } from '../part.ts'
import { bare, edge } from './contender.ts'
import { measureSideBySide } from './measure.ts'

const rooms = 1_000
const clientsPerRoom = 10

/** Small rooms: here what a message costs counts, more than what a delivery does. */
export const manyRoomsPart: Part = {
  name: 'many-rooms',
  about:
    `${rooms} rooms with ${clientsPerRoom} clients each, comments of 220 bytes to the rooms by turns: the edge beside bare uWebSockets.js fed by ` +
    'kafkajs; CPU seconds of the server process per million deliveries, latency from production to client',
  measure: (options) =>
    measureSideBySide(
      {
        contenders: [bare(), edge()],
        layout: { rooms: mintRooms(options.isQuick ? 50 : rooms), clientsPerRoom, probes: options.isQuick ? 10 : 50 },
        rates: options.isQuick ? [100] : [1_000, 5_000],
        seconds: options.isQuick ? 3 : 15,
        about: `${clientsPerRoom} clients a room`,
      },
      options,
    ),
}
