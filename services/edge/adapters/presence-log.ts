import { topics } from '../../../schemas/topics.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Codec } from '../../shared/codec/codec.ts'
import type { BatchingProducer } from '../../shared/kafka/batching-producer.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import type { IncomingMessage } from '../../shared/kafka/message.ts'
import { createReader, type Fetched } from '../../shared/kafka/reader.ts'
import { abortable, backOff } from '../../shared/waiting.ts'
import { withSignal } from '../../shared/with-signal.ts'
import type { Log } from '../../shared/log.ts'
import type { RecordReader } from '../../shared/record-reader.ts'
import type { Report } from '../domain/reports.ts'
import { createLookBack } from '../look-back.ts'
import { createProgress } from '../progress.ts'

/** The log `room.presence`: what edges report of their rooms. */
export type PresenceLog = {
  /**
   * Reads a partition, unless it is read already. Resolves when what was reported before has been read, or after half a second:
   * a number is not worth a longer wait. Never rejects; while the broker is away it tries again.
   */
  readonly open: (partition: number) => Promise<void>
  /** Reads no more of a partition. */
  readonly close: (partition: number) => void
  /** False until the registry has told how reports are written. */
  readonly isWritable: () => boolean
  /** Rejects as the codec and the producer do; the log tries nothing twice. */
  readonly write: (report: Report) => Promise<void>
  /** Reads nothing any more; never throws. */
  readonly stop: () => Promise<void>
}

const topic = topics.roomPresence
const patienceMs = 500

type OpenPartition = {
  readonly closed: AbortController
  /** Records before this offset may be old. */
  lookBackEnd: number
  isCaughtUp: boolean
}

/** `onReport` is called in the order of the log, for partitions that are open. `ageMs`: so long ago the report was made. */
export const createPresenceLog = async ({
  kafka,
  producer,
  codec,
  records,
  partitionOf,
  onReport,
  lookBackMs,
  clock,
  log,
  signal: stopping,
}: {
  kafka: Kafka
  producer: Pick<BatchingProducer, 'send'>
  codec: Pick<Codec, 'prepare' | 'encode'>
  records: RecordReader
  partitionOf: (roomId: string) => number
  onReport: (report: Report, ageMs: number) => void
  /** How far back a partition is begun. */
  lookBackMs: number
  /** Epoch milliseconds. */
  clock: Clock
  log: Log
  signal: AbortSignal
}): Promise<PresenceLog> => {
  const partitions = new Map<number, OpenPartition>()
  const progress = createProgress()
  let isPrepared = false

  const prepare = async (): Promise<void> => {
    try {
      await codec.prepare(topic, stopping)
      isPrepared = true
    } catch (error) {
      if (!stopping.aborted) log.error({ err: error, topic: topic.name }, 'viewers are not reported to the other edges')
    }
  }

  const misfit = (message: IncomingMessage, roomId: string, viewers: number): string | undefined => {
    if (message.key?.toString('latin1') !== roomId) return 'its key is not its roomId'
    if (partitionOf(roomId) !== message.partition) return 'in the wrong partition for its key'
    return viewers < 0 ? 'viewers is negative' : undefined
  }

  const take = async (message: IncomingMessage, open: OpenPartition): Promise<void> => {
    const decoded = records.read(message)
    const record = decoded instanceof Promise ? await decoded : decoded
    if (record?.type !== 'RoomPresence' || open.closed.signal.aborted) return
    const { roomId: room, occurredAt, instance, viewers } = record.record
    const why = misfit(message, room, viewers)
    if (why !== undefined) return records.putAside(message, why)
    // What comes live is as new as it can be, whatever the other machine's clock says.
    const ageMs = message.offset < open.lookBackEnd ? Math.max(0, clock.now() - occurredAt) : 0
    onReport({ room, instance, viewers }, ageMs)
  }

  const settle = (open: OpenPartition, position: number): void => {
    if (open.isCaughtUp || position < open.lookBackEnd) return
    open.isCaughtUp = true
    progress.moved()
  }

  const read = async ({ partition, messages, position }: Fetched): Promise<void> => {
    const open = partitions.get(partition)
    if (open === undefined) return
    for (const message of messages) await take(message, open)
    settle(open, position)
  }

  const reader = await createReader({
    kafka,
    topic: topic.name,
    // Nobody waits for a number, and a fetch for every one would cost more than it gives.
    minBytes: 256 * 1024,
    maxWaitMs: 100,
    // A partition that is opened waits for a fetch under way, and so may its first subscriber.
    idleWaitMs: 200,
    maxBytes: 4 * 1024 * 1024,
    onMessages: read,
    onOutOfRange: ({ position, end }) => (position > end ? 'end' : 'earliest'),
    log,
    signal: stopping,
  })

  const lookBack = createLookBack({ kafka, topic: topic.name, lookBackMs, clock, signal: stopping })

  const begin = async (partition: number, open: OpenPartition, signal: AbortSignal): Promise<void> => {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const { start, end } = (await abortable(lookBack(), signal))(partition)
        open.lookBackEnd = end
        reader.add(partition, start)
        return settle(open, start)
      } catch (error) {
        if (signal.aborted) return
        if (failures === 0) log.warn({ partition, err: error }, 'viewers at other edges are not known yet')
        await backOff(failures, signal).catch(() => log.debug({ partition }, 'closed while backing off'))
      }
    }
  }

  const start = (partition: number): OpenPartition => {
    const open = { closed: new AbortController(), lookBackEnd: Infinity, isCaughtUp: false }
    partitions.set(partition, open)
    // It ends with its signal, and tells of its failures itself.
    void withSignal({ signals: [stopping, open.closed.signal] }, (signal) => begin(partition, open, signal))
    return open
  }

  const close = (partition: number): void => {
    partitions.get(partition)?.closed.abort()
    partitions.delete(partition)
    reader.remove(partition)
  }

  // In the background: an edge starts and delivers without it.
  void prepare()

  return {
    open: async (partition) => {
      const open = partitions.get(partition) ?? start(partition)
      if (open.isCaughtUp) return
      await withSignal({ signals: [open.closed.signal], timeoutMs: patienceMs }, (patience) =>
        progress.until(() => open.isCaughtUp, patience),
      ).catch(() => log.debug({ partition }, 'reports are awaited'))
    },
    close,
    isWritable: () => isPrepared,
    write: async ({ room: roomId, instance, viewers }) => {
      const record = { eventId: crypto.randomUUID(), roomId, occurredAt: Math.round(clock.now()), instance, viewers }
      const value = codec.encode(topic, 'RoomPresence', record)
      await producer.send({ topic: topic.name, key: roomId, value, headers: { type: 'RoomPresence' } })
    },
    stop: async () => {
      for (const partition of partitions.keys()) close(partition)
      await reader.close()
    },
  }
}
