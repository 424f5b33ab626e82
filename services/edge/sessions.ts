import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../shared/clock.ts'
import type { Log } from '../shared/log.ts'
import type { Claims, VerifyToken } from './adapters/tokens.ts'
import type { SocketEvents } from './adapters/websocket.ts'
import { closeConnection, newConnection, type Connection } from './connection.ts'
import type { Delivery } from './delivery.ts'
import { countNonsense, dueAt, type ConnectionLimits } from './domain/deadlines.ts'
import {
  encodeConnected,
  encodeError,
  encodePong,
  encodeReconnect,
  encodeUnsubscribed,
  maxFrameBytes,
  parseFrame,
  type ClientOp,
} from './domain/protocol.ts'
import { createTally } from './domain/tally.ts'
import type { EdgeMetrics } from './metrics.ts'
import type { Refusal, Subscriptions } from './subscriptions.ts'

export type SessionLimits = ConnectionLimits & {
  readonly maxConnections: number
  /** 0: any number. */
  readonly maxConnectionsPerUser: number
  readonly maxConnectionsPerAddress: number
  /** Null: any. */
  readonly origins: ReadonlySet<string> | null
}

/** The clients' side of the edge: who may come in, what they ask for, when they have to go. */
export type Sessions = {
  readonly events: SocketEvents<Connection>
  readonly count: () => number
  /** Looks at every connection once: closes what is due, pings the silent. To be called again and again. */
  readonly sweep: () => void
  /** Admits nobody any more, asks everybody to come back later and closes, in batches spread over `overMs`. */
  readonly drain: (overMs: number) => Promise<void>
}

/** Ops of one connection that may wait for an earlier one. */
const maxWaitingOps = 64
/** Of the allowed silence: a client that hears nothing of the edge for so long may think it gone. */
const pingShare = 5 / 6
const retryAfterSeconds = 5
const drainBatch = 250
/** Clients of a draining edge come back within so long, spread evenly. */
const reconnectWithinMs = 5_000

export const createSessions = ({
  verifyToken,
  subscriptions,
  delivery,
  limits,
  metrics,
  clock,
  wallClock,
  random,
  log,
}: {
  verifyToken: VerifyToken
  subscriptions: Subscriptions
  delivery: Delivery
  limits: SessionLimits
  metrics: EdgeMetrics
  /** Monotonic. */
  clock: Clock
  /** Epoch, for the end of tokens. */
  wallClock: Clock
  /** 0 up to 1. */
  random: () => number
  log: Log
}): Sessions => {
  const connections = new Set<Connection>()
  const byAddress = createTally()
  const byUser = createTally()
  let isOpen = true

  const refuse = (connection: Connection, { code, message }: Refusal): void => {
    metrics.refused(code)
    delivery.answer(connection, [encodeError(code, message)])
    if (code !== 400 && code !== 429) return
    const { seen, isTooMuch } = countNonsense(clock.now(), connection.nonsense)
    connection.nonsense = seen
    if (isTooMuch) closeConnection(connection, 'protocolBroken')
  }

  const accept = (connection: Connection, claims: Claims): void => {
    if (connection.claims === null) {
      const { maxConnectionsPerUser: max } = limits
      if (max > 0 && byUser.of(claims.uid) >= max) return closeConnection(connection, 'tooManyConnections')
      connection.uid = claims.uid
      byUser.add(claims.uid)
    } else if (connection.uid !== claims.uid) {
      return refuse(connection, { code: 400, message: 'token: it is of another user' })
    }
    connection.claims = claims
    connection.tokenEndsAt = clock.now() + claims.expiresAt - wallClock.now()
    delivery.answer(connection, [encodeConnected(connection.id, Math.round(limits.silenceTimeoutMs * pingShare))])
    for (const room of connection.rooms) if (claims.rooms?.has(room) === false) leave(connection, room)
  }

  const leave = (connection: Connection, room: string): void => {
    subscriptions.unsubscribe(connection, room)
    delivery.answer(connection, [encodeUnsubscribed(room)])
  }

  const connect = async (connection: Connection, token: string): Promise<void> => {
    const verdict = await verifyToken(token)
    if (connection.isClosed) return
    if (verdict.ok) return accept(connection, verdict.claims)
    switch (verdict.why) {
      case 'invalid':
        return closeConnection(connection, 'tokenInvalid')
      case 'expired':
        return closeConnection(connection, 'tokenExpired')
      case 'unverifiable':
        log.warn({}, 'the keys for tokens cannot be fetched')
        return closeConnection(connection, 'sourceLost')
    }
  }

  const subscribe = async (connection: Connection, op: ClientOp & { readonly op: 'subscribe' }): Promise<void> => {
    try {
      const refusal = await subscriptions.subscribe(connection, op.room, op.resume)
      if (refusal !== undefined && !connection.isClosed) refuse(connection, refusal)
    } catch (error) {
      log.warn({ connection: connection.id, err: error }, 'subscribe failed')
      closeConnection(connection, 'sourceLost')
    }
  }

  const perform = (connection: Connection, op: ClientOp): Promise<void> | undefined => {
    if (op.op === 'connect') return connect(connection, op.token)
    if (connection.claims === null) {
      refuse(connection, { code: 400, message: 'connect first' })
      return undefined
    }
    switch (op.op) {
      case 'subscribe':
        return subscribe(connection, op)
      case 'unsubscribe':
        leave(connection, op.room)
        return undefined
      case 'ping':
        delivery.answer(connection, [encodePong()])
        return undefined
      case 'ack':
        // Taken and left unused: every connection has the same bounds, whatever it acknowledges.
        return undefined
    }
  }

  /** Ops are done one after the other, so that answers come in the order of the questions; pings need not wait. */
  const take = (connection: Connection, op: ClientOp): void => {
    const { work } = connection
    const isQuick = (op.op === 'ping' || op.op === 'ack') && connection.claims !== null
    if (work === null || isQuick) {
      const begun = perform(connection, op)
      if (begun !== undefined) track(connection, begun)
      return
    }
    if (connection.waiting >= maxWaitingOps) return refuse(connection, { code: 429, message: 'too many at once' })
    connection.waiting += 1
    track(
      connection,
      work.then(() => {
        connection.waiting -= 1
        return connection.isClosed ? undefined : perform(connection, op)
      }),
    )
  }

  const track = (connection: Connection, work: Promise<void>): void => {
    const tracked: Promise<void> = work
      .catch((error: unknown) => {
        log.error({ connection: connection.id, err: error }, 'an op failed')
        closeConnection(connection, 'sourceLost')
      })
      .then(() => {
        if (connection.work === tracked) connection.work = null
      })
    connection.work = tracked
  }

  const opened: SocketEvents<Connection>['opened'] = (socket, address) => {
    const connection = newConnection({ id: crypto.randomUUID(), socket, address, openedAt: clock.now() })
    connections.add(connection)
    byAddress.add(address)
    const { maxConnectionsPerAddress: max } = limits
    // Not before the socket knows whose it is.
    if (max > 0 && byAddress.of(address) > max) queueMicrotask(() => closeConnection(connection, 'tooManyConnections'))
    return connection
  }

  const received: SocketEvents<Connection>['received'] = (connection, frame, isBinary) => {
    connection.heardAt = clock.now()
    if (frame.length > maxFrameBytes) return closeConnection(connection, 'protocolBroken')
    if (isBinary) return refuse(connection, { code: 400, message: 'text frames are expected' })
    for (const line of parseFrame(frame.toString('utf8'))) {
      if (connection.isClosed) return
      if (line.ok) take(connection, line)
      else refuse(connection, { code: 400, message: line.why })
    }
  }

  const closed: SocketEvents<Connection>['closed'] = (connection, code) => {
    connection.isClosed = true
    connections.delete(connection)
    byAddress.remove(connection.address)
    if (connection.claims !== null) byUser.remove(connection.uid)
    subscriptions.leaveAll(connection)
    metrics.closed(code)
    log.debug({ connection: connection.id, code }, 'connection ended')
  }

  return {
    events: {
      admit: ({ origin }) => {
        if (origin !== '' && limits.origins?.has(origin) === false) return { ok: false, status: '403 Forbidden' }
        if (isOpen && connections.size < limits.maxConnections) return { ok: true }
        return { ok: false, status: '503 Service Unavailable', retryAfterSeconds }
      },
      opened,
      received,
      heard: (connection) => {
        connection.heardAt = clock.now()
      },
      drained: (connection) => delivery.drained(connection),
      closed,
    },
    count: () => connections.size,
    sweep: () => {
      const now = clock.now()
      for (const connection of connections) {
        const { openedAt, heardAt, pingedAt, tokenEndsAt, work } = connection
        const hasSubscribed = connection.hasSubscribed || work !== null
        const due = dueAt(now, { openedAt, heardAt, pingedAt, tokenEndsAt, hasSubscribed }, limits)
        if (due === 'ping') {
          connection.pingedAt = now
          connection.socket.ping()
        } else if (due !== 'nothing') closeConnection(connection, due)
      }
    },
    drain: async (overMs) => {
      isOpen = false
      const batches = Math.ceil(connections.size / drainBatch)
      for (let batch = 0; batch < batches; batch += 1) {
        if (batch > 0) await sleep(overMs / batches)
        for (const connection of [...connections].slice(0, drainBatch)) {
          delivery.answer(connection, [encodeReconnect(Math.round(random() * reconnectWithinMs))])
          closeConnection(connection, 'draining')
        }
      }
    },
  }
}
