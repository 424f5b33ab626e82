import { join } from 'node:path'
import { startChild, type Child } from './child.ts'
import type { Contender, Server } from './contender.ts'
import type { CrowdApi, CrowdCount } from './crowd.ts'
import type { ProbeCount, ProbesApi } from './probes.ts'

/** Who is in which rooms. */
export type Layout = {
  readonly rooms: readonly string[]
  readonly clientsPerRoom: number
  /** Of these clients, so many in all read at once and tell how long messages took. At most one for each place. */
  readonly probes: number
}

/** The clients of a server: a crowd that counts, and probes that measure; two processes. */
export type Audience = {
  readonly crowd: Child<CrowdApi>
  readonly probes: Child<ProbesApi>
  readonly clients: number
  readonly reset: () => Promise<void>
  readonly count: () => Promise<{ readonly crowd: CrowdCount; readonly probes: ProbeCount; readonly comments: number }>
  readonly stop: () => Promise<void>
}

const moduleOf = (name: string): string => join(import.meta.dirname, name)

/** Starts the two processes and opens all connections; resolves when everybody is subscribed. */
export const openAudience = async (
  { port }: Server,
  { acks, deflate }: Contender,
  { rooms, clientsPerRoom, probes: probeCount }: Layout,
): Promise<Audience> => {
  const [crowd, probes] = await Promise.all([
    startChild<CrowdApi>(moduleOf('crowd.ts')),
    startChild<ProbesApi>(moduleOf('probes.ts')),
  ])
  const stop = async (): Promise<void> => {
    await Promise.all([crowd.stop(), probes.stop()])
  }
  try {
    const probed = Array.from({ length: probeCount }, (_, index) => rooms[index % rooms.length] ?? '')
    await probes.ask('open', { port, name: 'probe', rooms: probed, deflate })
    const byPlaces = Map.groupBy(rooms, (room) => clientsPerRoom - probed.filter((other) => other === room).length)
    for (const [places, some] of byPlaces) {
      const name = `fan-${places}`
      const options = { name, port, rooms: some, clientsPerRoom: places, acks, deflate, reads: 'in rounds' } as const
      await crowd.ask('open', options)
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    crowd,
    probes,
    clients: rooms.length * clientsPerRoom,
    reset: async () => {
      await Promise.all([crowd.ask('reset', null), probes.ask('reset', null)])
    },
    count: async () => {
      const [inCrowd, inProbes] = await Promise.all([crowd.ask('count', null), probes.ask('count', null)])
      // The crowd cannot look into a compressed frame: there the probes speak for all (of one room).
      const comments = deflate
        ? (inProbes.comments / probeCount) * rooms.length * clientsPerRoom
        : inCrowd.heard.comments + inProbes.comments
      return { crowd: inCrowd, probes: inProbes, comments }
    },
    stop,
  }
}
