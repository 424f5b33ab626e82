import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'
import type { Kafka } from './client.ts'
import { openCluster, withCluster } from './cluster.ts'
import { toFault } from './faults.ts'
import { fetchBatches, type FetchedPartition } from './fetch.ts'
import { createErrorFromCode, type Broker } from './internals.ts'
import type { IncomingMessage } from './message.ts'
import { listWatermarks } from './offsets.ts'
import { abortable, backOff, linkedController } from '../waiting.ts'

/** Records of one partition. `messages` is empty when only markers, aborted records or holes were passed. */
export type Fetched = {
  readonly partition: number
  readonly messages: readonly IncomingMessage[]
  /** One past the last record of the log, committed or not. */
  readonly highWatermark: number
  /** Where reading goes on: one past everything that was passed. */
  readonly position: number
}

/** A position that the log does not have (any more, or yet). `end` is the high watermark. */
export type OutOfRange = {
  readonly partition: number
  readonly position: number
  readonly earliest: number
  readonly end: number
}

/** Keeps how far the processing of a topic is behind its log, by partition. */
export type ReadingLag = {
  /** A partition is read from this offset on; what was known of it is forgotten. */
  readonly begin: (partition: number, offset: number) => void
  /** A fetch was answered, also one that brought nothing; `position`: where reading goes on. */
  readonly fetched: (fetched: Fetched) => void
  /** Everything below an offset is processed. */
  readonly processed: (partition: number, offset: number) => void
  readonly forget: (partition: number) => void
}

/** Where to go on after an out-of-range position; `stop` removes the partition. */
export type AfterOutOfRange = 'earliest' | 'end' | number | 'stop'

export type Reader = {
  /** Reads a partition from an offset; the wait until it is included is at most `maxWaitMs` or `idleWaitMs`. Replaces an earlier position. */
  readonly add: (partition: number, offset: number) => void
  /** Forgets a partition at once: nothing more of it is delivered. */
  readonly remove: (partition: number) => void
  /** Keeps the position, delivers nothing. */
  readonly pause: (partition: number) => void
  readonly resume: (partition: number) => void
  /** The next offset to be delivered; undefined for a partition that is not read. */
  readonly position: (partition: number) => number | undefined
  /** Delivers nothing more, disconnects; never hangs, never throws. */
  readonly close: () => Promise<void>
}

type Place = {
  readonly partition: number
  position: number
  paused: boolean
  /** How often in a row `onMessages` has failed. */
  refusals: number
}

const offsetOutOfRange = 1
/** One partition's share of an answer, so that one that lags does not fill it alone. */
const maxPartitionBytes = 1 << 20

/** A latch: `wait` resolves at the next `wake`. */
const createBell = (): { wait: () => Promise<void>; wake: () => void } => {
  let next = Promise.withResolvers<void>()
  return {
    wait: () => next.promise,
    wake: () => {
      next.resolve()
      next = Promise.withResolvers<void>()
    },
  }
}

/**
 * A reader without a group: explicit partitions and positions, read_committed, in offset order per partition. Resolves at once;
 * connections are made in the background.
 *
 * While `onMessages` is pending, nothing more is fetched from that broker. When it throws or rejects, the position stays and the
 * same records come again after a back-off. Paused and absent partitions cost nothing.
 * A broker that is away is tried again for ever, positions kept: `onOutage` tells of the first failure, `onRecovered` of the end.
 * @param minBytes the broker answers at once when it has so many, else after `maxWaitMs`
 * @param idleWaitMs while nothing comes, the broker answers at the first byte or after this long, instead: so a quiet topic costs few
 *   fetches, and its first record comes at once. Left out: fetches are the same at all times
 * @param maxBytes about the most that one answer, and so one call's memory, may have
 * @param lag is told of every fetch, and that records are processed when `onMessages` has taken them
 */
export const createReader = async ({
  kafka,
  topic,
  maxWaitMs,
  minBytes,
  maxBytes,
  idleWaitMs,
  onMessages,
  onOutOfRange,
  onOutage,
  onRecovered,
  lag,
  log,
  signal: outer,
}: {
  kafka: Kafka
  topic: string
  maxWaitMs: number
  minBytes: number
  maxBytes: number
  idleWaitMs?: number
  onMessages: (fetched: Fetched) => void | Promise<void>
  onOutOfRange: (outOfRange: OutOfRange) => AfterOutOfRange
  onOutage?: (error: Fault) => void
  onRecovered?: () => void
  lag?: ReadingLag
  log: Log
  signal?: AbortSignal
}): Promise<Reader> => {
  const { controller, release } = linkedController(outer)
  const { signal } = controller
  const open = openCluster({ kafka })
  const { cluster } = open
  const places = new Map<number, Place>()
  /** partition → broker, of the newest metadata. */
  let leaders: ReadonlyMap<number, number> = new Map()
  const loops = new Map<number, Promise<void>>()
  const changed = createBell()
  const stale = createBell()
  /** Which loops are failing: a broker's, or the one that keeps the metadata. */
  const failing = new Set<number | 'metadata'>()

  const tellFailure = (who: number | 'metadata', error: unknown): void => {
    const fault = toFault(error)
    if (failing.size === 0) {
      log.warn({ topic, broker: who, fault: fault.code, cause: fault.message }, 'reading is interrupted')
      onOutage?.(fault)
    }
    failing.add(who)
  }

  const tellSuccess = (who: number | 'metadata'): void => {
    if (!failing.delete(who) || failing.size > 0) return
    log.info({ topic }, 'reading goes on')
    onRecovered?.()
  }

  /** True while a place is still to be read at the offset that was asked for: not removed, replaced, paused or moved since. */
  const isCurrent = (place: Place, offset: number): boolean =>
    !signal.aborted && !place.paused && place.position === offset && places.get(place.partition) === place

  const settleOutOfRange = async (place: Place): Promise<void> => {
    const { partition, position } = place
    const bounds = (await listWatermarks(cluster, topic, [partition])).get(partition)
    if (!bounds || !isCurrent(place, position)) return
    const { earliest, highWatermark: end } = bounds
    if (position >= earliest && position <= end) return // a moment ago it was not: another try tells
    const next = onOutOfRange({ partition, position, earliest, end })
    log.warn({ topic, partition, position, earliest, end, next }, 'a position is out of range')
    if (!isCurrent(place, position)) return
    if (next === 'stop') places.delete(partition)
    else place.position = next === 'earliest' ? earliest : next === 'end' ? end : next
    if (next === 'stop') lag?.forget(partition)
    else lag?.begin(partition, place.position)
  }

  const deliver = async (place: Place, { next, messages, highWatermark }: FetchedPartition): Promise<void> => {
    const { partition, position } = place
    const isNothing = next === null || next <= position
    lag?.fetched({ partition, messages, highWatermark, position: isNothing ? position : next })
    if (isNothing) return
    try {
      await abortable(Promise.resolve(onMessages({ partition, messages, highWatermark, position: next })), signal)
    } catch (error) {
      signal.throwIfAborted()
      log.warn({ topic, partition, position, err: error }, 'records were not taken and come again')
      return backOff(place.refusals++, signal)
    }
    place.refusals = 0
    place.position = next // of a place that was removed or replaced meanwhile it means nothing any more
    if (places.get(partition) === place) lag?.processed(partition, next)
  }

  /** The places that a broker leads, in an order that changes, since the first ones fill the answer. */
  const placesOf = (nodeId: number): readonly Place[] => {
    const led = [...places.values()].filter((place) => !place.paused && leaders.get(place.partition) === nodeId)
    const first = Math.floor(Math.random() * led.length)
    return [...led.slice(first), ...led.slice(0, first)]
  }

  /** How the next fetch is to wait, after one that brought something or did not. */
  const waitAfter = (isIdle: boolean): { readonly maxWaitMs: number; readonly minBytes: number } =>
    isIdle && idleWaitMs !== undefined ? { maxWaitMs: idleWaitMs, minBytes: 1 } : { maxWaitMs, minBytes }

  /** Resolves with whether there was nothing to be had. */
  const fetchOnce = async (broker: Broker, led: readonly Place[], isIdle: boolean): Promise<boolean> => {
    const asked = new Map(led.map(({ partition, position }) => [partition, position]))
    const answers = await abortable(
      fetchBatches({
        broker,
        topic,
        partitions: asked,
        ...waitAfter(isIdle),
        maxBytes,
        partitionMaxBytes: Math.min(maxBytes, maxPartitionBytes),
        requests: kafka.requests,
      }),
      signal,
    )
    let refused: Error | undefined
    for (const answer of answers) {
      const place = led.find(({ partition }) => partition === answer.partition)
      const offset = asked.get(answer.partition)
      if (!place || offset === undefined || !isCurrent(place, offset)) continue
      if (answer.errorCode === offsetOutOfRange) await settleOutOfRange(place)
      else if (answer.errorCode !== 0) refused = createErrorFromCode(answer.errorCode)
      else await deliver(place, answer)
    }
    if (refused) throw refused
    return answers.every(({ next }) => next === null)
  }

  /** Reads from one broker for as long as the reader lives; idle while it leads nothing of ours. */
  const readFrom = async (nodeId: number): Promise<void> => {
    let failures = 0
    let isIdle = true
    while (!signal.aborted) {
      const woken = changed.wait()
      const led = placesOf(nodeId)
      try {
        if (led.length === 0) {
          tellSuccess(nodeId)
          await abortable(woken, signal)
          continue
        }
        isIdle = await fetchOnce(await abortable(cluster.findBroker({ nodeId }), signal), led, isIdle)
        failures = 0
        tellSuccess(nodeId)
      } catch (error) {
        if (signal.aborted) return
        tellFailure(nodeId, error)
        stale.wake()
        await backOff(failures++, signal).catch(() => log.debug({ topic }, 'reader closes while backing off'))
      }
    }
  }

  const refresh = async (): Promise<void> => {
    await cluster.connect()
    await cluster.addMultipleTargetTopics([topic])
    await cluster.refreshMetadata()
    leaders = new Map(cluster.findTopicPartitionMetadata(topic).map(({ partitionId, leader }) => [partitionId, leader]))
    for (const nodeId of new Set(leaders.values())) {
      if (!loops.has(nodeId)) loops.set(nodeId, readFrom(nodeId))
    }
    changed.wake()
    const unknown = [...places.keys()].find((partition) => !leaders.has(partition))
    if (unknown !== undefined) throw new Fault('BROKER_REFUSED', `${topic} has no partition ${unknown}`)
  }

  /** Keeps the metadata: loads it at the start, and again whenever a loop was told that it leads no more. */
  const keepLeaders = async (): Promise<void> => {
    let failures = 0
    while (!signal.aborted) {
      const woken = stale.wait()
      try {
        await abortable(refresh(), signal)
        failures = 0
        tellSuccess('metadata')
        await abortable(woken, signal)
      } catch (error) {
        if (signal.aborted) return
        tellFailure('metadata', error)
        await backOff(failures++, signal).catch(() => log.debug({ topic }, 'reader closes while backing off'))
      }
    }
  }

  const running = keepLeaders()

  signal.addEventListener('abort', open.destroy, { once: true })

  return {
    add: (partition, offset) => {
      places.set(partition, { partition, position: offset, paused: false, refusals: 0 })
      lag?.begin(partition, offset)
      if (!leaders.has(partition)) stale.wake()
      changed.wake()
    },
    remove: (partition) => {
      places.delete(partition)
      lag?.forget(partition)
    },
    pause: (partition) => {
      const place = places.get(partition)
      if (place) place.paused = true
    },
    resume: (partition) => {
      const place = places.get(partition)
      if (place) place.paused = false
      changed.wake()
    },
    position: (partition) => places.get(partition)?.position,
    close: async () => {
      controller.abort()
      release()
      await running
      await Promise.all(loops.values())
    },
  }
}

/** Enough for a restore to be bound by decoding, not by round trips; many partitions are restored at once. */
const maxRestoreBytes = 2 << 20
const restoreWaitMs = 500

/**
 * Reads [from, to) of one partition, read_committed, and resolves with the position reached: `to` or, where the last batch
 * goes on, beyond. Records at or past `to` are not delivered. While a transaction that began before `to` is open, it waits.
 * When `onMessages` throws a retriable Fault, the same records come again; any other error ends the reading.
 * @throws Fault OFFSET_OUT_OF_RANGE when the log has no such place (any more); the last retriable Fault, or DEADLINE_PASSED, after
 *   `deadlineMs`; the signal's reason; what `onMessages` threw
 */
export const readPartition = async ({
  kafka,
  topic,
  partition,
  from,
  to,
  onMessages,
  maxBytes = maxRestoreBytes,
  signal,
  deadlineMs = 60_000,
  log = kafka.log,
}: {
  kafka: Kafka
  topic: string
  partition: number
  from: number | 'earliest'
  to: number
  /** About the most that one answer may have: what is decoded in one go. */
  maxBytes?: number
  onMessages: (messages: readonly IncomingMessage[]) => void | Promise<void>
  signal?: AbortSignal
  deadlineMs?: number
  log?: Log
}): Promise<number> => {
  let position = from === 'earliest' ? null : from
  let delivered = false
  return withCluster({ kafka: { ...kafka, log }, topics: [topic], deadlineMs, signal }, async ({ cluster }) => {
    while (position === null || position < to) {
      if (position === null) {
        position = (await listWatermarks(cluster, topic, [partition])).get(partition)?.earliest ?? 0
        continue
      }
      const leader = cluster
        .findTopicPartitionMetadata(topic)
        .find(({ partitionId }) => partitionId === partition)?.leader
      if (leader === undefined) throw new Fault('BROKER_REFUSED', `${topic} has no partition ${partition}`)
      const [answer] = await fetchBatches({
        broker: await cluster.findBroker({ nodeId: leader }),
        topic,
        partitions: new Map([[partition, position]]),
        maxWaitMs: restoreWaitMs,
        minBytes: 1,
        maxBytes,
        partitionMaxBytes: maxBytes,
        requests: kafka.requests,
      })
      if (!answer) continue
      if (answer.errorCode === offsetOutOfRange) {
        if (from !== 'earliest' || delivered) {
          throw new Fault('OFFSET_OUT_OF_RANGE', `${topic}/${partition} has no offset ${position}`)
        }
        position = null // retention has overtaken us before the first record
        continue
      }
      if (answer.errorCode !== 0) throw createErrorFromCode(answer.errorCode)
      if (answer.next === null) continue
      const messages = answer.messages.filter(({ offset }) => offset < to)
      if (messages.length > 0) await onMessages(messages)
      delivered ||= messages.length > 0
      position = answer.next
    }
    return position
  })
}
