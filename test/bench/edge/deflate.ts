import { mintRooms } from '../inputs.ts'
import type { Part } from '../part.ts'
import { bare, edge } from './contender.ts'
import { measureSideBySide } from './measure.ts'

const clients = 1_000
/** Long enough for the edge to compress it when it is alone in its frame. */
const lineBytes = 400

/** What compression costs. */
export const deflatePart: Part = {
  name: 'deflate',
  about:
    `one room with ${clients} clients, comments of ${lineBytes} bytes: the edge without and with EDGE_COMPRESSION=shared, and bare uWebSockets.js ` +
    'with its shared compressor; ' +
    'CPU seconds of the server process per million deliveries',
  measure: (options) =>
    measureSideBySide(
      {
        contenders: [
          edge(),
          edge({ name: 'shared', deflate: true, env: { EDGE_COMPRESSION: 'shared' } }),
          bare({ deflate: true }),
        ],
        layout: { rooms: mintRooms(1), clientsPerRoom: options.isQuick ? 100 : clients, probes: 10 },
        rates: options.isQuick ? [20] : [20, 100],
        seconds: options.isQuick ? 3 : 12,
        lineBytes,
        about: 'one room',
      },
      options,
    ),
}
