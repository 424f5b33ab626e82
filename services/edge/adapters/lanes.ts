import { topics, type Topic } from '../../../schemas/topics.ts'
import type { Clock } from '../../shared/clock.ts'
import { Fault } from '../../shared/fault.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import { fetchOffsetsByTime, fetchWatermarks } from '../../shared/kafka/offsets.ts'
import { createReader, type Fetched, type Reader } from '../../shared/kafka/reader.ts'
import { abortable } from '../../shared/kafka/waiting.ts'
import type { Log } from '../../shared/log.ts'
import type { RecordReader } from '../../shared/record-reader.ts'
import { createProgress } from '../progress.ts'
import { pushOf, type Push } from '../push.ts'

const laneNames = ['signal', 'comment', 'like'] as const
export type LaneName = (typeof laneNames)[number]

/** The next offset of each lane that its members have not been given yet. */
export type LanePositions = Readonly<Record<LaneName, number>>

/**
 * The logs of push messages, read for as long as somebody here is interested: each partition from its end when it is opened,
 * the signals from a little earlier, so that nothing that was in an open transaction then is passed over.
 */
export type Lanes = {
  /**
   * Opens a partition unless it is open, and resolves when what the signal lane had at that moment has been read.
   * Rejects with the signal's reason, BROKER_UNREACHABLE, or OFFSET_OUT_OF_RANGE when the partition was lost meanwhile.
   */
  readonly open: (partition: number, signal: AbortSignal) => Promise<void>
  /** Reads no more of a partition. */
  readonly close: (partition: number) => void
  /** Undefined for a partition that is not open. */
  readonly positions: (partition: number) => LanePositions | undefined
  /** Reads nothing any more; never throws. */
  readonly stop: () => Promise<void>
}

/** How a lane is fetched: signals at once, the rest collected for a moment, as each fetch costs about 0.3 ms of CPU. */
const lanes: Readonly<
  Record<
    LaneName,
    { readonly topic: Topic; readonly minBytes: number; readonly maxWaitMs: number; readonly maxBytes: number }
  >
> = {
  signal: { topic: topics.pushSignal, minBytes: 1, maxWaitMs: 50, maxBytes: 4 * 1024 * 1024 },
  comment: { topic: topics.pushComment, minBytes: 64 * 1024, maxWaitMs: 10, maxBytes: 4 * 1024 * 1024 },
  like: { topic: topics.pushLike, minBytes: 64 * 1024, maxWaitMs: 20, maxBytes: 4 * 1024 * 1024 },
}

/** Longer than a transaction can stay open (10 s): how far back the signals are begun. */
const lookBackMs = 15_000

type OpenPartition = {
  readonly positions: Record<LaneName, number>
  readonly abandoned: AbortController
  ready: Promise<void>
  isReady: boolean
}

/** `onRecord` is called in the order of each lane's log; `onLost` when a position is not in the log any more. */
export const createLanes = async ({
  kafka,
  records,
  homeOf,
  onRecord,
  onLost,
  clock,
  log,
  signal: stopping,
}: {
  kafka: Kafka
  records: RecordReader
  /** The partition of a room whose messages somebody here wants; undefined: nobody does, and they are not even decoded. */
  homeOf: (roomId: string) => number | undefined
  onRecord: (push: Push, offset: number) => void
  onLost: (partition: number) => void
  clock: Clock
  log: Log
  signal: AbortSignal
}): Promise<Lanes> => {
  const partitions = new Map<number, OpenPartition>()
  const progress = createProgress()

  const read = async (lane: LaneName, { partition, messages, position }: Fetched): Promise<void> => {
    const open = partitions.get(partition)
    if (open === undefined) return
    /** The partition may be closed, and opened again elsewhere, while something is waited for. */
    const isOver = (): boolean => partitions.get(partition) !== open
    for (const message of messages) {
      // Records come again when they could not be taken to the end; nobody is to get one twice.
      if (message.offset < open.positions[lane]) continue
      open.positions[lane] = message.offset
      const roomId = message.key?.toString('latin1') ?? ''
      const home = homeOf(roomId)
      if (home === undefined) continue
      const decoded = records.read(message)
      const record = decoded instanceof Promise ? await decoded : decoded
      if (isOver()) return
      const push = record === undefined ? undefined : pushOf(record, lane)
      if (push === undefined) continue
      const why = misfit(push, roomId, home === partition)
      if (why !== undefined) await records.putAside(message, why)
      if (isOver()) return
      open.positions[lane] = message.offset + 1
      if (why === undefined) onRecord(push, message.offset)
    }
    open.positions[lane] = position
    progress.moved()
  }

  /** Why a record must reach nobody. */
  const misfit = ({ record, message }: Push, roomId: string, isHome: boolean): string | undefined => {
    if (!isHome) return 'in the wrong partition for its key'
    if (record.roomId !== roomId) return 'its key is not its roomId'
    if (message.audience === 'user' && (!('toUid' in record) || record.toUid === null)) return 'toUid is missing'
    return undefined
  }

  const lose = (partition: number): void => {
    if (!partitions.has(partition)) return
    close(partition, new Fault('OFFSET_OUT_OF_RANGE', `partition ${partition} was lost`, { retriable: true }))
    onLost(partition)
  }

  const openReader = (lane: LaneName): Promise<Reader> => {
    const { topic, ...fetching } = lanes[lane]
    return createReader({
      kafka,
      topic: topic.name,
      ...fetching,
      onMessages: (fetched) => read(lane, fetched),
      onOutOfRange: ({ partition, position, earliest, end }) => {
        log.error({ topic: topic.name, partition, position, earliest, end }, 'position is not in the log')
        lose(partition)
        return 'stop'
      },
      log,
      signal: stopping,
    })
  }

  const [signal, comment, like] = await Promise.all([openReader('signal'), openReader('comment'), openReader('like')])
  const readers: Readonly<Record<LaneName, Reader>> = { signal, comment, like }

  const endOf = async (lane: LaneName, partition: number): Promise<number> => {
    const { topic } = lanes[lane]
    const ends = await fetchWatermarks({ kafka, topic: topic.name, partitions: [partition], signal: stopping })
    return ends.get(partition)?.highWatermark ?? 0
  }

  const begin = async (partition: number, open: OpenPartition): Promise<void> => {
    const [signalEnd, signalStart, commentEnd, likeEnd] = await Promise.all([
      endOf('signal', partition),
      fetchOffsetsByTime({
        kafka,
        topic: lanes.signal.topic.name,
        partitions: [partition],
        timestamp: clock.now() - lookBackMs,
        signal: stopping,
      }),
      endOf('comment', partition),
      endOf('like', partition),
    ])
    open.abandoned.signal.throwIfAborted()
    Object.assign(open.positions, {
      signal: signalStart.get(partition) ?? signalEnd,
      comment: commentEnd,
      like: likeEnd,
    })
    for (const lane of laneNames) readers[lane].add(partition, open.positions[lane])
    await progress.until(() => open.positions.signal >= signalEnd, open.abandoned.signal)
    open.isReady = true
  }

  const start = (partition: number): OpenPartition => {
    const open: OpenPartition = {
      positions: { signal: 0, comment: 0, like: 0 },
      abandoned: new AbortController(),
      ready: Promise.resolve(),
      isReady: false,
    }
    partitions.set(partition, open)
    open.ready = begin(partition, open).catch((error: unknown) => {
      if (partitions.get(partition) === open) close(partition)
      throw error
    })
    // Whoever waits sees the failure; it is no failure when nobody does.
    open.ready.catch(() => undefined)
    return open
  }

  const close = (partition: number, why: unknown = closed(partition)): void => {
    const open = partitions.get(partition)
    if (open === undefined) return
    partitions.delete(partition)
    for (const lane of laneNames) readers[lane].remove(partition)
    open.abandoned.abort(why)
  }

  return {
    open: (partition, signal) => abortable((partitions.get(partition) ?? start(partition)).ready, signal),
    close: (partition) => close(partition),
    positions: (partition) => {
      const open = partitions.get(partition)
      return open?.isReady === true ? open.positions : undefined
    },
    stop: async () => {
      for (const partition of partitions.keys()) close(partition)
      await Promise.all(laneNames.map((lane) => readers[lane].close()))
    },
  }
}

const closed = (partition: number): Fault =>
  new Fault('DEADLINE_PASSED', `partition ${partition} was closed`, { retriable: true })
