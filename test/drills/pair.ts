import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../../services/edge/client/client.ts'
import type { PushName } from '../../services/edge/client/events.generated.ts'
import type { Answer, AppServer } from '../support/app-server.ts'

/** Two broadcasters with a live each, watched, who co-host one session after the other. */
export type Pair = {
  readonly rooms: readonly [string, string]
  /** From the invite to the end of the mix. Rejects, with what did not go as it should, after closing what was begun. */
  readonly playSession: () => Promise<void>
  /** Ends both lives, where that is possible. */
  readonly leave: () => Promise<void>
}

const decidedWithinMs = 8_000
const mixedForMs = 2_000

/** A decision for it, at once: what is answered 202 is too late for somebody who looks at a screen. */
const done = ({ status, code }: Answer): void => {
  if (status !== 200 || code !== 200) throw new Error(`answered ${status}, ${code}`)
}

/** Resolves to which of these events came first; rejects when none does. */
const nextOf = (client: Client, ...names: readonly [PushName, ...PushName[]]): Promise<PushName> => {
  const { promise, resolve, reject } = Promise.withResolvers<PushName>()
  const timer = setTimeout(() => reject(new Error(`no ${names.join(' or ')}`)), decidedWithinMs)
  const ends = names.map((name) => client.on(name, () => resolve(name)))
  return promise.finally(() => {
    clearTimeout(timer)
    for (const end of ends) end()
  })
}

/** Opens the rooms, lets their viewers in, and brings both streams to where they can be mixed. Rejects when that does not work. */
export const createPair = async ({
  app,
  join,
  name,
  viewersOfARoom,
  signal,
}: {
  readonly app: AppServer
  readonly join: (uid: string) => Client
  readonly name: string
  readonly viewersOfARoom: number
  /** Ends the pauses. */
  readonly signal: AbortSignal
}): Promise<Pair> => {
  const clients: Client[] = []
  const uids = [`${name}-a`, `${name}-b`] as const

  const openRoom = async (uid: string): Promise<string> => {
    const answer = await app.post('/live/create', { uid, name: uid })
    done(answer)
    const { roomId } = answer.data
    if (typeof roomId !== 'string') throw new Error('a live without a room')
    const watchers = Array.from({ length: viewersOfARoom + 1 }, (_, nth) => join(nth === 0 ? uid : `${uid}-${nth}`))
    clients.push(...watchers)
    for (const watcher of watchers) void watcher.subscribe(roomId).catch(() => {}) // it was closed before
    done(await app.stream('publish', roomId))
    done(await app.available(roomId))
    return roomId
  }
  const closeClients = (): void => {
    for (const client of clients) client.close()
  }

  let rooms: readonly [string, string]
  try {
    rooms = [await openRoom(uids[0]), await openRoom(uids[1])]
  } catch (error) {
    closeClients()
    throw error
  }
  const [liveRoomId, inviteeRoomId] = rooms
  const invite = { inviterUid: uids[0], inviteeUid: uids[1], liveRoomId, inviteeRoomId, inviterType: 2 }
  const close = (): Promise<Answer> =>
    app.post('/videocall/close', { closeRoomId: liveRoomId, notifiedRoomId: inviteeRoomId })

  const play = async (client: Client): Promise<void> => {
    done(await app.post('/videocall/invite', { ...invite, type: 'side_by_side' }))
    const outcome = nextOf(client, 'mix-succeeded', 'mix-failed')
    outcome.catch(() => {}) // looked at below, unless the agreement fails
    done(await app.post('/videocall/feedback', { ...invite, status: 1 }))
    if ((await outcome) === 'mix-failed') throw new Error('the mix failed')
    await sleep(mixedForMs, undefined, { signal })
    const ended = nextOf(client, 'mix-ended')
    ended.catch(() => {}) // looked at below, unless the close fails
    done(await close())
    await ended
  }

  return {
    rooms,
    playSession: async () => {
      const [client] = clients
      if (client === undefined) throw new Error('nobody is there')
      try {
        await play(client)
      } catch (error) {
        await close().catch(() => {}) // ingest is away: the error says more
        throw error
      }
    },
    leave: async () => {
      closeClients()
      for (const roomId of rooms) await app.post('/live/leave', { roomId }).catch(() => {}) // the room ends by its grace
    },
  }
}
