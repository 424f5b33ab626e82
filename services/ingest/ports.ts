import type { RequestDecided } from '../../schemas/types.generated.ts'
import type { Cause } from '../shared/tracing/tracing.ts'
import type { InputEvent } from './domain/records.ts'
import type { RoomTable } from './domain/room-table.ts'

/** Where events go. */
export type Events = {
  /**
   * Resolves when the event is on Kafka with acks=all. `cause`: what it follows from, in traces.
   * @throws Fault when it is not known to be: the buffer is full, or Kafka did not take it in time
   */
  readonly append: (event: InputEvent, cause?: Cause) => Promise<void>
}

/** The wait for one outcome. */
export type Expected = {
  /** Resolves with the outcome, or with undefined when it did not come within `waitMs`. Ends the wait. */
  readonly within: (waitMs: number) => Promise<RequestDecided | undefined>
  /** Ends the wait without an outcome. */
  readonly cancel: () => void
}

/** What was decided about requests in the last 10 minutes, by any instance's request. */
export type Outcomes = {
  /** Begins to wait; called before the request is written, so that no outcome can slip by. */
  readonly expect: (requestId: string) => Expected
  /** The first outcome of a request, as far as this instance has read. @throws Fault when Kafka does not give it back */
  readonly find: (requestId: string) => Promise<RequestDecided | undefined>
  /**
   * Resolves when all that was decided before this call has been read, by one room or by all.
   * @throws Fault DEADLINE_PASSED, BROKER_UNREACHABLE
   */
  readonly caughtUp: (roomId?: string) => Promise<void>
}

/** The rooms that live, as far as this instance has read `room.state`. */
export type Rooms = {
  readonly table: Omit<RoomTable, 'put' | 'remove' | 'roomIds'>
  /**
   * Resolves when all that was known before this call has been read, of one room or of all.
   * To be awaited before anything is called missing. @throws Fault DEADLINE_PASSED after `withinMs`, BROKER_UNREACHABLE
   */
  readonly caughtUp: (roomId?: string, withinMs?: number) => Promise<void>
}
