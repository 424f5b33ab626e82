import type { RoomcastError } from './error.ts'
import type { PushName } from './events.generated.ts'
import type { RoomView } from './room-view.ts'
import type { Positions, PushEvent, Weight } from './wire.ts'

/** A room's messages come from now on. */
export type Subscribed = {
  readonly room: string
  /** True: nothing of weights 4 and 5 was missed. False: it may have been. Null: there was nothing to resume. */
  readonly isRecovered: boolean | null
  /** Of the log that the positions belong to. */
  readonly epoch: string
  readonly positions: Positions
}

/** What a client tells, by name: every push message, and what happens to the connection. */
export type ClientEvents = { readonly [N in PushName]: PushEvent<N> } & {
  /** Every push message, whatever its name. */
  readonly push: PushEvent
  /** At the first subscribe and after every interruption. */
  readonly subscribed: Subscribed
  /** The edge has ended a subscription: the room is gone (404), or the token does not allow it any more (403). */
  readonly unsubscribed: { readonly room: string; readonly code: number; readonly message: string }
  /** So many messages of a weight were left out just here; null: nobody knows how many. */
  readonly gap: { readonly room: string; readonly weight: Weight; readonly dropped: number | null }
  readonly 'room-changed': { readonly room: string; readonly view: RoomView }
  readonly connected: { readonly connection: string }
  /**
   * There is no connection. `code` is that of WebSocket, 0 when there was no token; `retryInMs` is null when the client does not
   * come back: for good after a code from 4500 to 4999, else until a room is subscribed.
   */
  readonly disconnected: { readonly code: number; readonly reason: string; readonly retryInMs: number | null }
  /** What nobody waits for: no token was to be had, or a new one was refused. */
  readonly error: RoomcastError
}
