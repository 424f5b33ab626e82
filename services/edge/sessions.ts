import type { Claims } from './adapters/tokens.ts'
import type { SocketEvents } from './adapters/websocket.ts'
import { Connection } from './connection.ts'
import { spend, type Rate } from './domain/allowance.ts'
import { countNonsense } from './domain/deadlines.ts'
import {
  encodeConnected,
  encodeError,
  encodePong,
  encodeUnsubscribed,
  maxFrameBytes,
  parseFrame,
  type ClientOp,
} from './domain/protocol.ts'
import { clearAway, retryAfterSeconds, type Door } from './door.ts'
import { inTurn } from './in-turn.ts'
import type { Refusal } from './subscriptions.ts'

export type SessionLimits = {
  /** Of one connection, on average. */
  readonly maxOpsPerSecond: number
  readonly silenceTimeoutMs: number
}

/** Of the allowed silence: a client that hears nothing of the edge for so long may think it gone. */
const pingShare = 5 / 6
/** A client that comes back says at once what it wants. */
const opsBurstSeconds = 5
/** A token costs as much to check as this many other ops. */
const connectCost = 10
/** Acks, pings and pongs: one for each few KiB of a fast client. */
const chatterRate: Rate = { perSecond: 1_000, burst: 5_000 }

/** The WebSocket door: what clients ask for, and what becomes of it. */
export const createSessions = ({
  door,
  limits,
}: {
  door: Door
  limits: SessionLimits
}): { readonly events: SocketEvents<Connection> } => {
  const { roster, verifyToken, subscriptions, delivery, nameOf, metrics, clock, log } = door
  const { maxOpsPerSecond: perSecond } = limits
  const opsRate: Rate = { perSecond, burst: Math.max(2 * connectCost, perSecond * opsBurstSeconds) }
  const connectRate: Rate = { perSecond: perSecond / connectCost, burst: opsRate.burst / connectCost }
  const pingMs = Math.round(limits.silenceTimeoutMs * pingShare)

  const refuse = (connection: Connection, { code, message }: Refusal): void => {
    metrics.refused(code)
    delivery.answer(connection, [encodeError(code, message)])
    if (code === 400 || code === 429) holdAgainst(connection)
  }

  /** Once or twice is a mistake; repeated, it ends the connection. */
  const holdAgainst = (connection: Connection): void => {
    const { seen, isTooMuch } = countNonsense(clock.now(), connection.nonsense)
    connection.nonsense = seen
    if (isTooMuch) connection.close('protocolBroken')
  }

  const accept = (connection: Connection, claims: Claims, windowBytes: number | null): void => {
    // A connection that only renews its token keeps its window.
    const isNew = connection.claims === null
    switch (roster.identify(connection, claims)) {
      case 'tooMany':
        return connection.close('tooManyConnections')
      case 'anotherUser':
        return refuse(connection, { code: 400, message: 'token: it is of another user' })
      case 'identified':
        if (isNew || windowBytes !== null) connection.flow.setWindow(windowBytes)
        delivery.answer(connection, [encodeConnected(connection.id, pingMs)])
        for (const { id } of connection.rooms) if (claims.rooms?.has(id) === false) leave(connection, id)
    }
  }

  const leave = (connection: Connection, room: string): void => {
    subscriptions.unsubscribe(connection, room)
    delivery.answer(connection, [encodeUnsubscribed(room)])
  }

  const connect = async (
    connection: Connection,
    { token, windowBytes }: ClientOp & { readonly op: 'connect' },
  ): Promise<void> => {
    const verdict = await verifyToken(token)
    if (connection.isClosed) return
    if (verdict.ok) return accept(connection, verdict.claims, windowBytes)
    switch (verdict.why) {
      case 'invalid':
        return connection.close('tokenInvalid')
      case 'expired':
        return connection.close('tokenExpired')
      case 'unverifiable':
        log.warn({}, 'the keys for tokens cannot be fetched')
        return connection.close('sourceLost')
    }
  }

  const subscribe = async (connection: Connection, op: ClientOp & { readonly op: 'subscribe' }): Promise<void> => {
    try {
      const refusal = await subscriptions.subscribe(connection, op.room, op.resume)
      if (refusal !== undefined && !connection.isClosed) refuse(connection, refusal)
    } catch (error) {
      log.warn({ connection: connection.id, err: error }, 'subscribe failed')
      connection.close('sourceLost')
    }
  }

  const perform = (connection: Connection, op: ClientOp): Promise<void> | undefined => {
    if (op.op === 'connect') return connect(connection, op)
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
        delivery.acknowledged(connection, op.bytes)
        return undefined
    }
  }

  const mayDo = (connection: Connection, { op }: ClientOp): boolean =>
    op === 'ping' || op === 'ack' ? mayChat(connection) : mayAsk(connection, op === 'connect' ? connectRate : opsRate)

  const mayAsk = (connection: Connection, rate: Rate): boolean => {
    const spentUntil = spend(clock.now(), connection.opsSpentUntil, rate)
    connection.opsSpentUntil = spentUntil ?? connection.opsSpentUntil
    return spentUntil !== null
  }

  const mayChat = (connection: Connection): boolean => {
    const spentUntil = spend(clock.now(), connection.chatterSpentUntil, chatterRate)
    connection.chatterSpentUntil = spentUntil ?? connection.chatterSpentUntil
    return spentUntil !== null
  }

  const refuseExcess = (connection: Connection, { op }: ClientOp): void => {
    if (op !== 'ack') return refuse(connection, { code: 429, message: 'too many ops a second' })
    // An ack has no answer, and the next one says all that this one did; an error would be taken for another op's.
    metrics.refused(429)
    holdAgainst(connection)
  }

  const fail = (connection: Connection, error: unknown): void => {
    log.error({ connection: connection.id, err: error }, 'an op failed')
    connection.close('sourceLost')
  }

  /** Ops are done one after the other; pings and acks need not wait. */
  const take = (connection: Connection, op: ClientOp): void => {
    if (!mayDo(connection, op)) return refuseExcess(connection, op)
    const isQuick = (op.op === 'ping' || op.op === 'ack') && connection.claims !== null
    if (isQuick) void perform(connection, op)
    else if (
      !inTurn(
        connection,
        () => perform(connection, op),
        (error) => fail(connection, error),
      )
    ) {
      refuse(connection, { code: 429, message: 'too many at once' })
    }
  }

  const heard = (connection: Connection): void => {
    connection.heardAt = clock.now()
    if (!mayChat(connection)) connection.close('protocolBroken')
  }

  return {
    events: {
      admit: ({ origin }) => {
        switch (roster.admit(origin)) {
          case 'admitted':
            return { ok: true }
          case 'forbidden':
            return { ok: false, status: '403 Forbidden' }
          case 'full':
            return { ok: false, status: '503 Service Unavailable', retryAfterSeconds }
        }
      },
      opened: (link, address) => {
        const openedAt = clock.now()
        const connection = new Connection({ id: nameOf(), link, address, openedAt, canFollow: true })
        // Not before the socket knows whose it is.
        if (!roster.enter(connection)) queueMicrotask(() => connection.close('tooManyConnections'))
        return connection
      },
      received: (connection, frame, isBinary) => {
        connection.heardAt = clock.now()
        if (frame.length > maxFrameBytes) return connection.close('protocolBroken')
        if (isBinary) return refuse(connection, { code: 400, message: 'text frames are expected' })
        for (const line of parseFrame(frame.toString('utf8'))) {
          if (connection.isClosed) return
          if (line.ok) take(connection, line)
          else refuse(connection, { code: 400, message: line.why })
        }
      },
      pinged: heard,
      ponged: (connection, mark) => {
        heard(connection)
        if (connection.awaitsPong) metrics.ponged((clock.now() - connection.pingedAt) / 1_000)
        connection.awaitsPong = false
        delivery.ponged(connection, mark)
      },
      drained: (connection) => delivery.drained(connection),
      closed: (connection, code) => clearAway(door, connection, code),
    },
  }
}
