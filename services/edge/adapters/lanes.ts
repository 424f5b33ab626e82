import type { Clock } from '../../shared/clock.ts'
import { Fault } from '../../shared/fault.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import { createReader, type Fetched, type Reader, type ReadingLag } from '../../shared/kafka/reader.ts'
import { abortable } from '../../shared/waiting.ts'
import { withSignal } from '../../shared/with-signal.ts'
import type { Log } from '../../shared/log.ts'
import { Ring, type RingLimits } from '../domain/ring.ts'
import type { LaneProgress, ReadLane } from '../lane-reading.ts'
import { laneNames, laneTopics, type LaneName, type Logged } from '../logged.ts'
import { createLookBack } from '../look-back.ts'
import { createProgress } from '../progress.ts'

/** The next offset of each lane that its members have not been given yet. */
export type LanePositions = Readonly<Record<LaneName, number>>

/** What an open partition knows. */
export type OpenLanes = Pick<LaneProgress, 'rings'> & { readonly positions: LanePositions }

/**
 * The logs of push messages, read for as long as somebody here is interested: each partition from a little before its end when it
 * is opened, so that the rings have something, and so that no signal that was in an open transaction then is passed over.
 */
export type Lanes = {
  /**
   * Opens a partition unless it is open, and resolves when what its lanes had at that moment has been read: of comments and likes,
   * which may be paused or behind a foreign transaction, only if that is soon.
   * Rejects with the signal's reason, BROKER_UNREACHABLE, or OFFSET_OUT_OF_RANGE when the partition was lost meanwhile.
   */
  readonly open: (partition: number, signal: AbortSignal) => Promise<void>
  /** Reads no more of a partition, and forgets its rings. */
  readonly close: (partition: number) => void
  /** Undefined for a partition that is not open. */
  readonly of: (partition: number) => OpenLanes | undefined
  /** Resolves when the signal lane of a partition has passed an offset. */
  readonly passed: (partition: number, offset: number, signal: AbortSignal) => Promise<void>
  /** Reads no comments and likes for a while, also of partitions that are opened meanwhile. Positions stay. */
  readonly pauseBulk: () => void
  readonly resumeBulk: () => void
  /** Memory that the rings of a lane take. */
  readonly ringBytes: (lane: LaneName) => number
  /** Reads nothing any more; never throws. */
  readonly stop: () => Promise<void>
}

const idleWaitMs = 100

type Fetching = {
  readonly minBytes: number
  readonly maxWaitMs: number
  readonly maxBytes: number
}

/**
 * How a lane is fetched: signals at once; of the rest, which may come in floods, small answers, each of which keeps the process
 * busy for a few ms (about 5 µs a record), and not too often, as each fetch costs about 0.3 ms. Where nothing comes, the
 * first record ends the wait.
 */
const fetching: Readonly<Record<LaneName, Fetching>> = {
  signal: { minBytes: 1, maxWaitMs: idleWaitMs, maxBytes: 4 * 1024 * 1024 },
  comment: { minBytes: 64 * 1024, maxWaitMs: 4, maxBytes: 128 * 1024 },
  like: { minBytes: 64 * 1024, maxWaitMs: 20, maxBytes: 128 * 1024 },
}
/** Where lanes are begun: the signals further back than a transaction can stay open (10 s), the others to have something in their rings. */
const lookBackMs: Readonly<Record<LaneName, number>> = { signal: 15_000, comment: 5_000, like: 5_000 }
const bulkLanes = ['comment', 'like'] as const

/** So long somebody who comes first to a partition waits for its comments and likes to be where they are at the moment. */
const soonMs = 1_000

type OpenPartition = LaneProgress & {
  readonly abandoned: AbortController
  ready: Promise<void>
  isReady: boolean
}

export const createLanes = async ({
  kafka,
  readLane,
  onLost,
  onIdle,
  ringLimits,
  lagOf,
  clock,
  log,
  signal: stopping,
}: {
  kafka: Kafka
  /** Called in the order of each lane's log. */
  readLane: ReadLane
  /** A position is not in the log any more. */
  onLost: (partition: number) => void
  /** No partition is open any more, or again one is. */
  onIdle: (isIdle: boolean) => void
  /** Of the ring of one partition. */
  ringLimits: Readonly<Record<LaneName, RingLimits>>
  /** By topic. */
  lagOf: (topic: string) => ReadingLag
  /** Epoch milliseconds. */
  clock: Clock
  log: Log
  signal: AbortSignal
}): Promise<Lanes> => {
  const partitions = new Map<number, OpenPartition>()
  const progress = createProgress()
  const ringBytes: Record<LaneName, number> = { signal: 0, comment: 0, like: 0 }
  let isBulkPaused = false

  const read = async (lane: LaneName, fetched: Fetched): Promise<void> => {
    const { partition } = fetched
    const open = partitions.get(partition)
    if (open === undefined) return
    // It may be closed, and opened again elsewhere, while something is waited for.
    await readLane(lane, fetched, open, () => partitions.get(partition) !== open)
    progress.moved()
  }

  const lose = (partition: number): void => {
    if (!partitions.has(partition)) return
    close(partition, new Fault('OFFSET_OUT_OF_RANGE', `partition ${partition} was lost`, { retriable: true }))
    onLost(partition)
  }

  const openReader = (lane: LaneName): Promise<Reader> => {
    const { minBytes, maxWaitMs, maxBytes } = fetching[lane]
    const topic = laneTopics[lane].name
    return createReader({
      kafka,
      topic,
      minBytes,
      maxWaitMs,
      idleWaitMs,
      maxBytes,
      onMessages: (fetched) => read(lane, fetched),
      onOutOfRange: ({ partition, position, earliest, end }) => {
        log.error({ topic, partition, position, earliest, end }, 'position is not in the log')
        lose(partition)
        return 'stop'
      },
      lag: lagOf(topic),
      log,
      signal: stopping,
    })
  }

  const [signal, comment, like] = await Promise.all([openReader('signal'), openReader('comment'), openReader('like')])
  const readers: Readonly<Record<LaneName, Reader>> = { signal, comment, like }

  const lookBackOf = (lane: LaneName) =>
    createLookBack({ kafka, topic: laneTopics[lane].name, lookBackMs: lookBackMs[lane], clock, signal: stopping })
  const lookBacks = { signal: lookBackOf('signal'), comment: lookBackOf('comment'), like: lookBackOf('like') }

  const begin = async (partition: number, open: OpenPartition): Promise<void> => {
    const [signals, comments, likes] = await Promise.all([lookBacks.signal(), lookBacks.comment(), lookBacks.like()])
    open.abandoned.signal.throwIfAborted()
    const of = { signal: signals(partition), comment: comments(partition), like: likes(partition) }
    for (const lane of laneNames) {
      open.positions[lane] = of[lane].start
      open.rings[lane] = new Ring(of[lane].start, ringLimits[lane], (change) => (ringBytes[lane] += change))
      readers[lane].add(partition, of[lane].start)
    }
    if (isBulkPaused) for (const lane of bulkLanes) readers[lane].pause(partition)
    const has = (lane: LaneName): boolean => open.positions[lane] >= of[lane].end
    await progress.until(() => has('signal'), open.abandoned.signal)
    if (!isBulkPaused) await soon(() => has('comment') && has('like'), open.abandoned.signal)
    open.isReady = true
  }

  /** Waits for a condition, but not for long. Rejects with the signal's reason. */
  const soon = async (holds: () => boolean, signal: AbortSignal): Promise<void> => {
    try {
      await withSignal({ signals: [signal], timeoutMs: soonMs }, (within) => progress.until(holds, within))
    } catch (error) {
      signal.throwIfAborted()
      log.debug({ err: error }, 'comments or likes are behind')
    }
  }

  const start = (partition: number): OpenPartition => {
    const open: OpenPartition = {
      openedAt: clock.now(),
      positions: { signal: 0, comment: 0, like: 0 },
      rings: { signal: emptyRing(), comment: emptyRing(), like: emptyRing() },
      abandoned: new AbortController(),
      ready: Promise.resolve(),
      isReady: false,
    }
    partitions.set(partition, open)
    onIdle(false)
    open.ready = begin(partition, open).catch((error: unknown) => {
      if (partitions.get(partition) === open) close(partition)
      throw error
    })
    // Whoever waits sees the failure; it is no failure when nobody does.
    open.ready.catch((error: unknown) => log.debug({ partition, err: error }, 'a partition was not opened'))
    return open
  }

  const close = (partition: number, why: Fault = closed(partition)): void => {
    const open = partitions.get(partition)
    if (open === undefined) return
    partitions.delete(partition)
    for (const lane of laneNames) {
      readers[lane].remove(partition)
      open.rings[lane].clear()
    }
    open.abandoned.abort(why)
    if (partitions.size === 0) onIdle(true)
  }

  const holdBulk = (isPaused: boolean): void => {
    isBulkPaused = isPaused
    for (const partition of partitions.keys()) {
      for (const lane of bulkLanes) {
        if (isPaused) readers[lane].pause(partition)
        else readers[lane].resume(partition)
      }
    }
  }

  return {
    open: (partition, signal) => abortable((partitions.get(partition) ?? start(partition)).ready, signal),
    close: (partition) => close(partition),
    of: (partition) => {
      const open = partitions.get(partition)
      return open?.isReady === true ? open : undefined
    },
    passed: async (partition, offset, signal) => {
      const open = partitions.get(partition)
      if (open === undefined) throw closed(partition)
      await withSignal({ signals: [signal, open.abandoned.signal] }, (either) =>
        progress.until(() => open.positions.signal > offset, either),
      )
    },
    pauseBulk: () => holdBulk(true),
    resumeBulk: () => holdBulk(false),
    ringBytes: (lane) => ringBytes[lane],
    stop: async () => {
      for (const partition of partitions.keys()) close(partition)
      await Promise.all(laneNames.map((lane) => readers[lane].close()))
    },
  }
}

const emptyRing = (): Ring<Logged> => new Ring(0, { maxBytes: 0, maxAgeMs: 0, maxForgottenRooms: 0 })

const closed = (partition: number): Fault =>
  new Fault('DEADLINE_PASSED', `partition ${partition} was closed`, { retriable: true })
