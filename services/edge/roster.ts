import type { Clock } from '../shared/clock.ts'
import type { Claims } from './adapters/tokens.ts'
import type { Connection } from './connection.ts'
import { dueAt, type ConnectionLimits } from './domain/deadlines.ts'
import { createTally } from './domain/tally.ts'
import { drainConnections } from './drain.ts'

export type RosterLimits = ConnectionLimits & {
  readonly maxConnections: number
  /** 0: any number. */
  readonly maxConnectionsPerUser: number
  readonly maxConnectionsPerAddress: number
  /** Null: any. */
  readonly origins: ReadonlySet<string> | null
}

/** Who is connected, by whatever door; who may come, and who has to go. */
export type Roster = {
  /** Whether a request of this origin (empty: it has none) may become a connection. */
  readonly admit: (origin: string) => 'admitted' | 'forbidden' | 'full'
  /** Adds a connection; false: there are too many of its address now, and it is to be closed. */
  readonly enter: (connection: Connection) => boolean
  /** Takes claims as those of a connection; the first ones say whose it is for as long as it lasts. */
  readonly identify: (connection: Connection, claims: Claims) => 'identified' | 'tooMany' | 'anotherUser'
  /** Removes a connection that has ended. */
  readonly leave: (connection: Connection) => void
  readonly count: () => number
  /** Looks at every connection once: closes what is due, pings the silent. To be called again and again. */
  readonly sweep: () => void
  /**
   * Admits nobody any more, asks everybody to come back elsewhere (`tell`), and closes those that stay, at the latest after
   * `withinMs`. Until then they are served.
   */
  readonly drain: (withinMs: number, tell: (connection: Connection, afterMs: number) => void) => Promise<void>
}

/** One for all who may enter any room: nearly everybody. */
const anyRoom: Pick<Claims, 'rooms'> = { rooms: null }

export const createRoster = ({
  limits,
  clock,
  wallClock,
  random,
  watch,
  onSwept,
}: {
  limits: RosterLimits
  /** Monotonic. */
  clock: Clock
  /** Epoch, for the end of tokens. */
  wallClock: Clock
  /** 0 up to 1. */
  random: () => number
  /** Looks at what a connection is owed. */
  watch: (connection: Connection, nowMs: number) => void
  /** Every connection was looked at: so many bytes were on their way to all of them. */
  onSwept: (inFlightBytes: number) => void
}): Roster => {
  const connections = new Set<Connection>()
  const byAddress = createTally()
  const byUser = createTally()
  let isOpen = true

  const sweep = (): void => {
    const now = clock.now()
    let inFlightBytes = 0
    for (const connection of connections) {
      inFlightBytes += connection.flow.inFlight
      const { openedAt, heardAt, pingedAt, tokenEndsAt, work } = connection
      const hasSubscribed = connection.hasSubscribed || work !== null
      const due = dueAt(now, { openedAt, heardAt, pingedAt, tokenEndsAt, hasSubscribed }, limits)
      if (due === 'ping') {
        connection.pingedAt = now
        connection.awaitsPong = true
        connection.link.ping(String(connection.flow.mark()))
      } else if (due !== 'nothing') connection.close(due)
      else watch(connection, now)
    }
    onSwept(inFlightBytes)
  }

  return {
    admit: (origin) => {
      if (origin !== '' && limits.origins?.has(origin) === false) return 'forbidden'
      return isOpen && connections.size < limits.maxConnections ? 'admitted' : 'full'
    },
    enter: (connection) => {
      connections.add(connection)
      byAddress.add(connection.address)
      const { maxConnectionsPerAddress: max } = limits
      return max === 0 || byAddress.of(connection.address) <= max
    },
    identify: (connection, claims) => {
      if (connection.claims === null) {
        const { maxConnectionsPerUser: max } = limits
        if (max > 0 && byUser.of(claims.uid) >= max) return 'tooMany'
        connection.uid = claims.uid
        byUser.add(claims.uid)
      } else if (connection.uid !== claims.uid) return 'anotherUser'
      connection.claims = claims.rooms === null ? anyRoom : { rooms: claims.rooms }
      connection.tokenEndsAt = Math.round(clock.now() + claims.expiresAt - wallClock.now())
      return 'identified'
    },
    leave: (connection) => {
      if (!connections.delete(connection)) return
      byAddress.remove(connection.address)
      if (connection.claims !== null) byUser.remove(connection.uid)
    },
    count: () => connections.size,
    sweep,
    drain: (withinMs, tell) => {
      isOpen = false
      const close = (connection: Connection): void => connection.close('draining')
      return drainConnections({ connections, withinMs, tell, close, clock, random })
    },
  }
}
