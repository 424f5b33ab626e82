import type { IncomingMessage } from '../shared/kafka/message.ts'
import { isSampled, traceparentIn } from '../shared/tracing/context.ts'
import type { Span, Tracing } from '../shared/tracing/tracing.ts'
import type { Line } from './domain/line.ts'
import type { LocalRoom, Member, Rooms } from './domain/rooms.ts'

type Room = LocalRoom<Member>

/** The last steps of traces: from a record read to the sockets of its room. */
export type DeliveryTraces = {
  /** A record of that type is about to be added to what has arrived for a room, as a line. */
  readonly begin: (record: { readonly message: IncomingMessage; readonly type: string }, line: Line, room: Room) => void
  /** Rooms have been delivered to: ends the spans of what does not wait in its room any more. */
  readonly delivered: () => void
}

/** Of comments that wait for others; what comes meanwhile is delivered and not traced. */
const maxOpen = 1_000

/**
 * One span for each record that is recorded, not one for each connection. It ends when the record has been handed to the
 * sockets; to slow connections, and to those who resume, it may come later. What is read again for a resume has no span.
 */
export const createDeliveryTraces = ({
  tracing,
  rooms,
}: {
  tracing: Tracing
  rooms: Pick<Rooms<Member>, 'ofUser'>
}): DeliveryTraces => {
  /** `arrived`: where the line waits; a room that is delivered to gets another list. */
  let open: { readonly span: Span; readonly room: Room; readonly arrived: readonly Line[] }[] = []

  return {
    begin: ({ message, type }, line, room) => {
      if (open.length >= maxOpen) return
      const cause = traceparentIn(message.headers)
      if (cause === undefined || !isSampled(cause)) return
      const { weight, toUid } = line
      const connections = toUid === null ? room.members.size : [...rooms.ofUser(room.id, toUid)].length
      const span = tracing.process(message, { type, roomId: room.id, weight, connections }, cause)
      if (span !== undefined) open.push({ span, room, arrived: room.arrived })
    },
    delivered: () => {
      if (open.length === 0) return
      const waiting = open.filter(({ room, arrived }) => room.arrived === arrived)
      if (waiting.length === open.length) return
      for (const { span, room, arrived } of open) if (room.arrived !== arrived) span.end()
      open = waiting
    },
  }
}
