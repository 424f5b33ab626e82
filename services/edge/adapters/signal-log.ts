import { topics } from '../../../schemas/topics.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import { fetchOffsetsByTime, fetchWatermarks } from '../../shared/kafka/offsets.ts'
import { readPartition } from '../../shared/kafka/reader.ts'
import type { Log } from '../../shared/log.ts'
import type { RecordReader } from '../../shared/record-reader.ts'
import { pushOf, type Push } from '../push.ts'

export type LoggedSignal = { readonly push: Push; readonly offset: number }

/** Looks up single records in `push.signal`. */
export type SignalLog = {
  /**
   * Finds records of one room by their event ids, reading on from the time at which the oldest can have been written.
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
  ) => Promise<ReadonlyMap<string, LoggedSignal>>
}

/** Clocks of the machines that wrote the records may differ by so much. */
const clockSkewMs = 5_000
const deadlineMs = 3_000

export const createSignalLog = ({
  kafka,
  records,
  log,
}: {
  kafka: Kafka
  records: RecordReader
  log: Log
}): SignalLog => {
  const topic = topics.pushSignal.name
  return {
    find: async ({ roomId, partition, eventIds, writtenAfter }, signal) => {
      const found = new Map<string, LoggedSignal>()
      const enough = new AbortController()
      const either = AbortSignal.any([signal, enough.signal])
      try {
        const timestamp = Math.max(0, writtenAfter - clockSkewMs)
        const [from, ends] = await Promise.all([
          fetchOffsetsByTime({ kafka, topic, partitions: [partition], timestamp, deadlineMs, signal: either }),
          fetchWatermarks({ kafka, topic, partitions: [partition], deadlineMs, signal: either }),
        ])
        await readPartition({
          kafka,
          topic,
          partition,
          from: from.get(partition) ?? 0,
          to: ends.get(partition)?.highWatermark ?? 0,
          deadlineMs,
          signal: either,
          onMessages: async (messages) => {
            for (const message of messages) {
              if (message.key?.toString('latin1') !== roomId) continue
              const record = await records.read(message)
              const push = record === undefined ? undefined : pushOf(record, 'signal')
              if (push === undefined || !eventIds.has(push.record.eventId)) continue
              found.set(push.record.eventId, { push, offset: message.offset })
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
