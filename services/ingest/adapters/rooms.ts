import { topics } from '../../../schemas/topics.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import type { IncomingMessage } from '../../shared/kafka/message.ts'
import type { Log } from '../../shared/log.ts'
import type { ReadingLag } from '../../shared/kafka/reader.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { RecordReader } from '../../shared/record-reader.ts'
import { createRoomTable, viewOf } from '../domain/room-table.ts'
import { followTopic } from '../follow-topic.ts'
import { createRoomCount } from '../metrics.ts'
import type { Rooms } from '../ports.ts'

/** The rooms of `room.state`, read from its start and then as they change. It holds as many as live: a tombstone removes one. */
export const createRooms = async ({
  kafka,
  records,
  metrics,
  lag,
  log,
  signal,
}: {
  kafka: Kafka
  records: RecordReader
  metrics: Metrics
  lag: ReadingLag
  log: Log
  /** Gives up the start. */
  signal: AbortSignal
}): Promise<Rooms & { readonly restored: () => Promise<void>; readonly close: () => Promise<void> }> => {
  const table = createRoomTable()

  const take = async (message: IncomingMessage): Promise<void> => {
    if (message.value === null) return table.remove(message.key?.toString() ?? '')
    const decoded = await records.read(message)
    // the topic also has the creation record of each partition
    if (decoded?.type === 'Room') table.put(viewOf(decoded.record))
  }

  const followed = await followTopic({
    kafka,
    topic: topics.roomState.name,
    since: 'start',
    // Nobody waits for a change, but for the end now and then; a fetch for every change would cost more than it gives.
    fetch: { minBytes: 256 * 1024, maxWaitMs: 25 },
    onMessages: async (messages) => {
      for (const message of messages) await take(message)
    },
    onReset: (partition) => {
      for (const roomId of table.roomIds()) if (followed.partitionOf(roomId) === partition) table.remove(roomId)
    },
    lag,
    log,
    signal,
  })

  createRoomCount(metrics, () => table.size())

  return {
    table,
    caughtUp: followed.caughtUp,
    restored: followed.restored,
    close: followed.close,
  }
}
