import type { Claims } from './adapters/tokens.ts'
import type { Socket } from './adapters/websocket.ts'
import { noNonsense, type Nonsense } from './domain/deadlines.ts'
import type { Outbox } from './domain/outbox.ts'
import { closeCodes, type CloseReason } from './domain/protocol.ts'

/** A client's connection. Times are milliseconds of the monotonic clock. */
export type Connection = {
  readonly id: string
  readonly socket: Socket
  readonly address: string
  readonly openedAt: number
  heardAt: number
  pingedAt: number
  /** Empty until it has connected. */
  uid: string
  /** Null until it has connected. */
  claims: Claims | null
  tokenEndsAt: number
  hasSubscribed: boolean
  /** The rooms that it is subscribed to. */
  readonly rooms: Set<string>
  /** What waits for it; null: nothing does, which is the rule. */
  outbox: Outbox | null
  /** The kernel takes no more; a drain will tell. */
  isBlocked: boolean
  isClosed: boolean
  nonsense: Nonsense
  /** What it asked for and is still being done; null: nothing. */
  work: Promise<void> | null
  /** Ops that wait for that. */
  waiting: number
}

export const newConnection = (from: {
  readonly id: string
  readonly socket: Socket
  readonly address: string
  readonly openedAt: number
}): Connection => ({
  ...from,
  heardAt: from.openedAt,
  pingedAt: from.openedAt,
  uid: '',
  claims: null,
  tokenEndsAt: Infinity,
  hasSubscribed: false,
  rooms: new Set(),
  outbox: null,
  isBlocked: false,
  isClosed: false,
  nonsense: noNonsense,
  work: null,
  waiting: 0,
})

/** Ends a connection; what belongs to it is cleared away by the socket's own event of its end. */
export const closeConnection = ({ socket }: Connection, reason: CloseReason): void =>
  socket.close(closeCodes[reason], reason)
