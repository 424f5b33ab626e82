import { measured, part, single } from './measured.ts'
import type { Results } from './results.ts'

/** Of the parts' own arrangements. */
const bulkWaitMs = 4
const clientsOfSmallRooms = 10
const commentsOfSmallRooms = 5_000
const connectionsOfReaders = 2_000

/** What things cost an edge; processor times in µs. */
export const measureEdge = (results: Results, fetchUs: number) => {
  const alone = single(results)
  const frameUs = results.median('fan-out', 'edge, 10 comments/s', 'cpuPerMillion')
  const small = results.median('many-rooms', 'edge, 5000 comments/s', 'cpuPerMillion') * clientsOfSmallRooms
  const fetching = ((1_000 / bulkWaitMs) * fetchUs) / commentsOfSmallRooms
  const kib = results.median('idle', 'edge', 'kibPerConnectionOfAll')
  const base = results.median('slow-readers', 'all read', 'rssMaxMiB') - (connectionsOfReaders * kib) / 1024
  return {
    edgeFrameUs: measured('an edge writes a frame to a client', 'µs', frameUs, ['fan-out']),
    edgeReadUs: measured(
      'an edge reads a record for a room of its own',
      'µs',
      Math.max(alone('edgeReadUs'), small - clientsOfSmallRooms * frameUs - fetching),
      ['many-rooms', 'fan-out', part],
    ),
    edgeUnreadUs: measured('an edge passes over a record for a room elsewhere', 'µs', alone('edgeUnreadUs')),
    edgeStateUs: measured('an edge takes in a new state of a room', 'µs', alone('edgeStateUs')),
    edgeConnectUs: measured(
      'a client connects, proves who it is, and subscribes: at most',
      'µs',
      1e6 / results.median('idle', 'edge', 'connectionsPerSecond'),
      ['idle'],
    ),
    edgeLineBytes: measured(
      'a comment as a client gets it',
      'B',
      results.median('fan-out', 'edge, 10 comments/s', 'bytesPerDelivery'),
      ['fan-out'],
    ),
    edgeConnectionKib: measured('memory of a connection', 'KiB', kib, ['idle']),
    edgeBaseMib: measured('memory of an edge with much to do, besides its connections', 'MiB', base, [
      'slow-readers',
      'idle',
    ]),
    edgeRoomKib: measured('memory of a room at an edge, watched or not', 'KiB', alone('edgeRoomKib')),
  }
}
