import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { aComment, aLike } from '../support/edge-records.ts'
import { timeReaders, weighRooms } from './capacity/readers.ts'
import { bytesInLog } from './capacity/records.ts'
import { timeRequests } from './capacity/requests.ts'
import { countSessions } from './capacity/sessions.ts'
import type { Case, Figures, Part } from './part.ts'
import { loadNow } from './usage-sampler.ts'

const roomId = '0123456789abcdef'
const comment = 'first time in this room and already laughing, greetings all!'

const presence = {
  eventId: crypto.randomUUID(),
  roomId,
  occurredAt: 1_700_000_000_000,
  instance: crypto.randomUUID(),
  viewers: 100,
}

const sizes = (): Figures => ({
  commentBytes: bytesInLog([{ type: 'Commented', record: aComment({ roomId, comment }) }]),
  likeBytes: bytesInLog([{ type: 'Liked', record: aLike({ roomId }) }]),
  presenceBytes: bytesInLog([{ type: 'RoomPresence', record: presence }]),
})

/** What single things cost by themselves: what docs/capacity.md is computed from, besides the other parts. Needs no broker. */
export const capacityPart: Part = {
  name: 'capacity',
  about:
    'what single things cost by themselves, without a broker: processor time in µs, memory of a room, records and bytes that are written',
  measure: async ({ runs, isQuick, say, signal }): Promise<readonly Case[]> => {
    setFlagsFromString('--expose-gc')
    const gc: unknown = runInNewContext('gc')
    const collect = (): void => {
      if (typeof gc === 'function') gc()
    }
    const measured: Figures[] = []
    for (let run = 1; run <= runs; run++) {
      signal.throwIfAborted()
      const load1 = loadNow()
      const figures: Figures = {
        ...sizes(),
        ...weighRooms(isQuick ? 1_200 : 60_000, collect),
        ...countSessions(isQuick ? 2_000 : 40_000),
        ...(await timeReaders(isQuick ? 10 : 200)),
        ...(await timeRequests(isQuick ? 200 : 10_000, signal)),
        load1,
      }
      say(
        `run ${run}: a request ${figures['ingestRequestUs']} µs, a state ${figures['edgeStateUs']?.toFixed(1)} µs at an edge`,
      )
      measured.push(figures)
    }
    return [{ name: 'single things', about: 'of one process each', runs: measured }]
  },
}
