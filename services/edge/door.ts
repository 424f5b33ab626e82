import type { Clock } from '../shared/clock.ts'
import type { Log } from '../shared/log.ts'
import type { VerifyToken } from './adapters/tokens.ts'
import type { Connection } from './connection.ts'
import type { Delivery } from './domain/delivery.ts'
import type { EdgeMetrics } from './metrics.ts'
import type { Roster } from './roster.ts'
import type { Subscriptions } from './subscriptions.ts'

/** What a way in needs, whichever it is. */
export type Door = {
  readonly roster: Roster
  readonly verifyToken: VerifyToken
  readonly subscriptions: Subscriptions
  readonly delivery: Delivery
  /** A name for one more connection. */
  readonly nameOf: () => string
  readonly metrics: EdgeMetrics
  /** Monotonic; whole milliseconds, so that a connection holds small integers, which cost no memory of their own. */
  readonly clock: Clock
  readonly log: Log
}

/** After how long one may ask again who was turned away because the instance takes nobody, or had too many of him. */
export const retryAfterSeconds = 5

/** Clears away what belongs to a connection that has ended. */
export const clearAway = ({ roster, delivery, metrics, log }: Door, connection: Connection, code: number): void => {
  connection.isClosed = true
  roster.leave(connection)
  delivery.leaveAll(connection)
  metrics.closed(code)
  log.debug({ connection: connection.id, code }, 'connection ended')
}
