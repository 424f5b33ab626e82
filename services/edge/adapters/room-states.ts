import { topics } from '../../../schemas/topics.ts'
import type { Room } from '../../../schemas/types.generated.ts'
import { Fault } from '../../shared/fault.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import { fetchPartitionCount, fetchWatermarks } from '../../shared/kafka/offsets.ts'
import { createReader, type Fetched, type ReadingLag } from '../../shared/kafka/reader.ts'
import { abortable } from '../../shared/waiting.ts'
import type { Log } from '../../shared/log.ts'
import type { RecordReader } from '../../shared/record-reader.ts'
import { joinNext } from '../../shared/join-next.ts'
import { createProgress, type Progress } from '../progress.ts'

/** Every room that there is, as `room.state` has it; `View` is what is kept of each. */
export type RoomStates<View> = {
  readonly get: (roomId: string) => View | undefined
  /** The id that was written into a partition when it was new; undefined as long as there is none. */
  readonly creationId: (partition: number) => string | undefined
  /** Resolves when everything has been read that a partition had at the moment of the call. */
  readonly caughtUp: (partition: number, signal: AbortSignal) => Promise<void>
  /** Resolves when a condition over a partition's rooms holds. */
  readonly until: (partition: number, holds: () => boolean, signal: AbortSignal) => Promise<void>
  readonly size: () => number
  /** Reads nothing any more; never throws. */
  readonly stop: () => Promise<void>
}

/**
 * Reads `room.state` from its start and keeps up with it. Returns at once; `onRestored` is called when everything that was
 * there at the start has been read, `onLost` when it cannot go on and has to be begun anew.
 */
export const createRoomStates = async <View>({
  kafka,
  records,
  viewOf,
  onRestored,
  onLost,
  lag,
  log,
  signal: stopping,
}: {
  kafka: Kafka
  records: RecordReader
  viewOf: (room: Room) => View
  onRestored: () => void
  onLost: (fault: Fault) => void
  lag: ReadingLag
  log: Log
  signal: AbortSignal
}): Promise<RoomStates<View>> => {
  const topic = topics.roomState.name
  const views = new Map<string, View>()
  const creationIds = new Map<number, string>()
  const positions = new Map<number, number>()
  const progress = new Map<number, Progress>()

  const keep = async ({ partition, messages, position }: Fetched): Promise<void> => {
    for (const message of messages) {
      const roomId = message.key?.toString('latin1') ?? ''
      if (message.value === null) {
        views.delete(roomId)
        continue
      }
      const decoded = records.read(message)
      const record = decoded instanceof Promise ? await decoded : decoded
      if (record?.type === 'Room') views.set(roomId, viewOf(record.record))
      if (record?.type === 'PartitionCreated') creationIds.set(partition, record.record.creationId)
    }
    positions.set(partition, position)
    progress.get(partition)?.moved()
  }

  const endsOf = (partitions: readonly number[]): ReturnType<typeof fetchWatermarks> =>
    fetchWatermarks({ kafka, topic, partitions, signal: stopping })

  const count = await fetchPartitionCount({ kafka, topic, signal: stopping })
  const partitions = Array.from({ length: count }, (_, partition) => partition)
  const reader = await createReader({
    kafka,
    topic,
    // Read for snapshots alone: a subscriber may wait these few ms, and a fetch for every change would cost more than it gives.
    minBytes: 256 * 1024,
    maxWaitMs: 25,
    idleWaitMs: 100,
    maxBytes: 8 * 1024 * 1024,
    onMessages: keep,
    onOutOfRange: ({ partition }) => {
      onLost(new Fault('OFFSET_OUT_OF_RANGE', `${topic}, partition ${partition}, is not the log it was`))
      return 'stop'
    },
    lag,
    log,
    signal: stopping,
  })

  const ends = await endsOf(partitions)
  // Of all partitions at once: however many subscribe at a time, one request is under way.
  const endsNow = joinNext(() => endsOf(partitions))
  for (const partition of partitions) {
    const start = ends.get(partition)?.earliest ?? 0
    progress.set(partition, createProgress())
    positions.set(partition, start)
    reader.add(partition, start)
  }

  const until = async (partition: number, holds: () => boolean, signal: AbortSignal): Promise<void> =>
    progress.get(partition)?.until(holds, signal)

  const readTo = (partition: number, end: number, signal: AbortSignal): Promise<void> =>
    until(partition, () => (positions.get(partition) ?? 0) >= end, signal)

  void restore()

  async function restore(): Promise<void> {
    try {
      await Promise.all(
        partitions.map((partition) => readTo(partition, ends.get(partition)?.highWatermark ?? 0, stopping)),
      )
      onRestored()
    } catch (error) {
      // stopped before it was ready: nobody waits for it any more
      log.debug({ err: error }, 'room states were not restored')
    }
  }

  return {
    get: (roomId) => views.get(roomId),
    creationId: (partition) => creationIds.get(partition),
    caughtUp: async (partition, signal) => {
      const end = (await abortable(endsNow(), signal)).get(partition)?.highWatermark ?? 0
      await readTo(partition, end, signal)
    },
    until,
    size: () => views.size,
    stop: () => reader.close(),
  }
}
