import type { Claims } from './adapters/tokens.ts'
import { noNonsense, type Nonsense } from './domain/deadlines.ts'
import { Flow } from './domain/flow.ts'
import type { Outbox } from './domain/outbox.ts'
import type { CloseReason } from './domain/protocol.ts'
import type { Cursors, Link, Recipient } from './domain/recipient.ts'
import type { LocalRoom } from './domain/rooms.ts'

/** A subscription that has begun behind these positions of weights 4 and 5. */
export type Begun = { readonly room: string; readonly first: number; readonly second: number }

/**
 * A client's connection. There are very many, so it holds numbers, and no collections until it needs them. Times are whole
 * milliseconds of the monotonic clock.
 */
export class Connection implements Recipient {
  readonly id: string
  readonly link: Link
  readonly address: string
  readonly openedAt: number
  readonly canFollow: boolean
  readonly flow = new Flow()
  heardAt: number
  pingedAt: number
  /** The ping at `pingedAt` was not answered yet. */
  awaitsPong = false
  uid = ''
  /** Null until it has connected. */
  claims: Pick<Claims, 'rooms'> | null = null
  tokenEndsAt = Infinity
  hasSubscribed = false
  rooms: readonly LocalRoom<Recipient>[] = noRooms
  way: LocalRoom<Recipient> | null = null
  outbox: Outbox | null = null
  heldBack: Map<string, Cursors> | null = null
  isBlocked = false
  isClosed = false
  owedSince = 0
  /** By room, from where on it is given all signals here: what it may resume on without a new connection. */
  begun: readonly Begun[] = nothingBegun
  nonsense: Nonsense = noNonsense
  /** What it was allowed of ops, and of acks, pings and pongs, is spent until then: see allowance.ts. */
  opsSpentUntil = 0
  chatterSpentUntil = 0
  /** What it asked for and is still being done; null: nothing. */
  work: Promise<void> | null = null
  /** Ops that wait for that. */
  waiting = 0

  /** `id`: unique among all edges. `canFollow`: false for a stream over HTTP. */
  constructor(from: {
    readonly id: string
    readonly link: Link
    readonly address: string
    readonly openedAt: number
    readonly canFollow: boolean
  }) {
    this.id = from.id
    this.link = from.link
    this.address = from.address
    this.openedAt = from.openedAt
    this.heardAt = from.openedAt
    this.pingedAt = from.openedAt
    this.canFollow = from.canFollow
  }

  isIn(room: string): boolean {
    return this.rooms.some(({ id }) => id === room)
  }

  /** Ends it; what belongs to it is cleared away by the socket's own event of its end. */
  close(reason: CloseReason): void {
    this.link.close(reason)
  }
}

const nothingBegun: readonly Begun[] = []
const noRooms: readonly LocalRoom<Recipient>[] = []
