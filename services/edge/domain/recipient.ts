import type { Weight } from '../../../schemas/events.ts'
import type { Flow } from './flow.ts'
import type { Outbox, Outgoing } from './outbox.ts'
import type { CloseReason } from './protocol.ts'
import type { LocalRoom } from './rooms.ts'

/** What became of a frame: handed to the kernel, kept until the client reads, or thrown away since too much was kept. */
export type SendResult = 'sent' | 'buffered' | 'dropped'

/** What delivery needs of a client's connection. After its end everything on it does nothing. */
export type Link = {
  /** Sends objects, parted by newlines, as one frame. The bytes are copied. `objects`: the same once more, for who has to know. */
  readonly send: (frame: Uint8Array, objects: readonly Outgoing[]) => SendResult
  /** Asks the client how far it has read: the mark comes back when everything before it was read. */
  readonly ping: (mark: string) => void
  /** From now on it gets what is published to a room; nothing of what was published before, even in this turn. */
  readonly subscribe: (room: string) => void
  /** What was published before still comes, and before anything that is sent after this. */
  readonly unsubscribe: (room: string) => void
  /** Says goodbye and ends; what was sent before still goes out. */
  readonly close: (reason: CloseReason) => void
}

/** The last position of each weight that a client has already, where it is ahead of this edge. */
export type Cursors = Readonly<Partial<Record<Weight, number>>>

/** A connection as delivery sees it. Whoever is idle has no outbox and no map: there are very many of them. */
export type Recipient = {
  readonly link: Link
  /** Empty until it has connected. */
  uid: string
  readonly flow: Flow
  /** False: never on the fast way (a stream over HTTP). */
  readonly canFollow: boolean
  /** The rooms that it is subscribed to; few. */
  rooms: readonly LocalRoom<Recipient>[]
  /** The room on whose fast way it is; null: it has its own queue. */
  way: LocalRoom<Recipient> | null
  /** What waits for it; null: nothing does, which is the rule. */
  outbox: Outbox | null
  /** By room, what it is not to be given again; null: nothing. */
  heldBack: Map<string, Cursors> | null
  /** The socket takes no more for now. */
  isBlocked: boolean
  isClosed: boolean
  /** Since when signals are owed to it without any progress; 0: none are. */
  owedSince: number
}
