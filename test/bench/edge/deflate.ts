import { mintRooms } from '../inputs.ts'
import type { Part } from '../part.ts'
import { edge } from './contender.ts'
import { measureSideBySide } from './measure.ts'

const clients = 1_000

/** What compression costs. */
export const deflatePart: Part = {
  name: 'deflate',
  about:
    `one room with ${clients} clients, comments of 220 bytes: the edge without and with EDGE_COMPRESSION=shared; ` +
    'CPU seconds of the server process per million deliveries',
  measure: (options) =>
    measureSideBySide(
      {
        contenders: [edge(), edge({ name: 'shared', deflate: true, env: { EDGE_COMPRESSION: 'shared' } })],
        layout: { rooms: mintRooms(1), clientsPerRoom: options.isQuick ? 100 : clients, probes: 10 },
        rates: options.isQuick ? [20] : [20, 100],
        seconds: options.isQuick ? 3 : 12,
        about: 'one room',
      },
      options,
    ),
}
