import type { Clock } from '../shared/clock.ts'
import type { Log } from '../shared/log.ts'
import type { Events } from './ports.ts'

/**
 * Sends a marker through each partition every `everyMs`, one partition after the other, so that they never come in a crowd. The
 * edges compare its time with their own clock: both machines must be in sync. Several instances may do this beside each other.
 * A marker that Kafka does not take is counted with the other events; nothing else comes of it.
 */
export const startProbe = ({
  events,
  rooms,
  everyMs,
  clock,
  newEventId,
  log,
}: {
  events: Events
  /** One room id for each partition. */
  rooms: readonly string[]
  everyMs: number
  /** Epoch milliseconds. */
  clock: Clock
  newEventId: () => string
  log: Log
}): {
  /** Sends no more; those under way end with the producer. */
  readonly stop: () => void
} => {
  /** The rooms whose marker is under way: one each, however long Kafka is away. */
  const underWay = new Set<string>()
  let turn = 0

  const send = async (roomId: string): Promise<void> => {
    underWay.add(roomId)
    try {
      await events.append({ type: 'ProbeSent', record: { eventId: newEventId(), roomId, occurredAt: clock.now() } })
    } catch (error) {
      log.debug({ err: error }, 'a probe was not sent')
    } finally {
      underWay.delete(roomId)
    }
  }

  const sendNext = (): void => {
    const roomId = rooms[turn % rooms.length]
    turn += 1
    if (roomId !== undefined && !underWay.has(roomId)) void send(roomId) // never rejects
  }

  const timer = setInterval(sendNext, everyMs / rooms.length)
  return { stop: () => clearInterval(timer) }
}
