import { pause } from '../../../services/shared/waiting.ts'
import { mintToken } from '../../support/edge-client.ts'
import { openLightClient } from '../../support/light-client.ts'
import type { Drill } from '../drill.ts'

const clients = 300
/** Half of them go on talking: not silence ends these, but that they do not read. */
const talkEveryMs = 10_000
/** Then whoever uses such a client opens it anew. The edge has ended it by then. */
const renewEveryMs = 45_000
/** So much is said in their room that nobody's window of 64 KiB lasts for as long as the edge is patient. */
const commentEveryMs = 250
const comment = 'a long comment '.repeat(70)

export const deafClients: Drill = {
  name: 'deaf-clients',
  about:
    `${clients} clients of a room with four long comments a second that read nothing any more, half of them silent, half sending pings; each comes back ` +
    `${renewEveryMs / 1000} s after it came, and reads nothing again.`,
  lastsMs: 360_000,
  begin: ({ system, load }, { say, signal }) => {
    const { edgeUrl: url, edgeJwtSecret: secret = '' } = system.environment
    const leaving = new AbortController()
    const over = AbortSignal.any([leaving.signal, signal])

    const openOne = async (uid: string, room: string, talks: boolean): Promise<void> => {
      const token = await mintToken({ secret, uid })
      const client = await openLightClient({ url, onLine: () => {}, bytesPerSecond: 0 })
      client.send(JSON.stringify({ op: 'connect', token }))
      client.send(JSON.stringify({ op: 'subscribe', room }))
      for (let passedMs = 0; passedMs < renewEveryMs && !over.aborted; passedMs += talkEveryMs) {
        if (talks) client.send('{"op":"ping"}')
        await pause(Math.min(talkEveryMs, renewEveryMs - passedMs), over)
      }
      client.destroy()
    }
    let refused = 0
    const stay = async (nth: number): Promise<void> => {
      // Not all at once.
      await pause((nth / clients) * renewEveryMs, over)
      while (!over.aborted) {
        try {
          await openOne(`deaf-${nth}`, load.busyRoom(), nth % 2 === 0)
        } catch {
          refused += 1
          await pause(1_000, over) // comes back like any client
        }
      }
    }
    const talk = async (): Promise<void> => {
      while (!over.aborted) {
        try {
          await system.app.comment({ roomId: load.busyRoom(), uid: 'talker', comment })
        } catch {
          // the next one comes soon
        }
        await pause(commentEveryMs, over)
      }
    }
    const all = [talk(), ...Array.from({ length: clients }, (_, nth) => stay(nth))]
    return Promise.resolve(async () => {
      leaving.abort()
      await Promise.all(all)
      say(`${refused} attempts to connect were refused`)
    })
  },
}
