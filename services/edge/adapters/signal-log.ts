import { topics } from '../../../schemas/topics.ts'
import type { Clock } from '../../shared/clock.ts'
import { Fault } from '../../shared/fault.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import { fetchOffsetsByTime, fetchWatermarks, type Watermarks } from '../../shared/kafka/offsets.ts'
import { readPartition } from '../../shared/kafka/reader.ts'
import { abortable } from '../../shared/waiting.ts'
import type { Log } from '../../shared/log.ts'
import { isProbeRoom } from '../../shared/probe-rooms.ts'
import type { RecordReader } from '../../shared/record-reader.ts'
import type { Line } from '../domain/line.ts'
import { joinNext } from '../../shared/join-next.ts'
import { keepUnread, laneTopics, lineFrom, type LaneName, type Logged } from '../logged.ts'
import { pushOf } from '../push.ts'

/** The logs of push messages beyond what is in memory. */
export type SignalLog = {
  /** Where a partition of a lane begins and ends in this moment; calls at the same time share a request. */
  readonly bounds: (lane: LaneName, partition: number, signal: AbortSignal) => Promise<Watermarks>
  /**
   * Reads all signals of a partition in [from, to), in order, unread; no probes, which are for no client.
   * @throws Fault OFFSET_OUT_OF_RANGE when the log does not have `from` any more, BUFFER_FULL when it is more than `maxBytes`,
   *   DEADLINE_PASSED or a broker's fault when it was not done in time; the signal's reason
   */
  readonly read: (
    range: { readonly partition: number; readonly from: number; readonly to: number },
    limits: { readonly maxBytes: number; readonly deadlineMs: number },
  ) => Promise<readonly Logged[]>
  /**
   * Finds signals of one room by their event ids, reading on from the time at which the oldest can have been written.
   * What is not found, or not in time, is missing from the answer; rejects only with the signal's reason.
   */
  readonly find: (
    wanted: {
      readonly roomId: string
      readonly partition: number
      readonly eventIds: ReadonlySet<string>
      /** Epoch milliseconds. */
      readonly writtenAfter: number
    },
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<string, Line>>
}

/** Clocks of the machines that wrote the records may differ by so much. */
const clockSkewMs = 5_000
const findDeadlineMs = 3_000
/** Of one answer: decoding it keeps the process busy for a few ms. */
const maxAnswerBytes = 256 * 1024

export const createSignalLog = ({
  kafka,
  records,
  clock,
  log,
  signal: stopping,
}: {
  kafka: Kafka
  records: RecordReader
  clock: Clock
  log: Log
  signal: AbortSignal
}): SignalLog => {
  const topic = topics.pushSignal.name
  const boundsOf = (lane: LaneName) =>
    joinNext(() => fetchWatermarks({ kafka, topic: laneTopics[lane].name, signal: stopping }))
  const bounds = { signal: boundsOf('signal'), comment: boundsOf('comment'), like: boundsOf('like') }

  return {
    bounds: async (lane, partition, signal) => {
      const found = (await abortable(bounds[lane](), signal)).get(partition)
      if (found === undefined) throw new Fault('BROKER_REFUSED', `there is no partition ${partition}`)
      return found
    },
    read: async ({ partition, from, to }, { maxBytes, deadlineMs }) => {
      const kept: Logged[] = []
      let bytes = 0
      await readPartition({
        kafka,
        topic,
        partition,
        from,
        to,
        maxBytes: maxAnswerBytes,
        deadlineMs,
        signal: stopping,
        onMessages: (messages) => {
          const nowMs = clock.now()
          for (const message of messages) {
            const room = message.key?.toString('latin1') ?? ''
            if (isProbeRoom(room)) continue
            bytes += message.size
            if (bytes > maxBytes) throw new Fault('BUFFER_FULL', `more than ${maxBytes} bytes to read back`)
            kept.push(keepUnread(message, { room, lane: 'signal', keptAt: nowMs }))
          }
        },
      })
      return kept
    },
    find: async ({ roomId, partition, eventIds, writtenAfter }, signal) => {
      const found = new Map<string, Line>()
      const enough = new AbortController()
      const either = AbortSignal.any([signal, enough.signal])
      const query = { kafka, topic, partitions: [partition], deadlineMs: findDeadlineMs, signal: either }
      try {
        const timestamp = Math.max(0, writtenAfter - clockSkewMs)
        const [from, ends] = await Promise.all([fetchOffsetsByTime({ ...query, timestamp }), fetchWatermarks(query)])
        await readPartition({
          kafka,
          topic,
          partition,
          from: from.get(partition) ?? 0,
          to: ends.get(partition)?.highWatermark ?? 0,
          maxBytes: maxAnswerBytes,
          deadlineMs: findDeadlineMs,
          signal: either,
          onMessages: async (messages) => {
            for (const message of messages) {
              if (message.key?.toString('latin1') !== roomId) continue
              const record = await records.read(message)
              const push = record === undefined ? undefined : pushOf(record, 'signal')
              if (push === undefined || !eventIds.has(push.record.eventId)) continue
              const line = lineFrom(push, message.offset)
              if (line !== undefined) found.set(push.record.eventId, line)
              if (found.size === eventIds.size) return enough.abort()
            }
          },
        })
      } catch (error) {
        signal.throwIfAborted()
        if (!enough.signal.aborted) log.warn({ partition, err: error }, 'looking up signals failed')
      }
      return found
    },
  }
}
