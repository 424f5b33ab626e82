import type { Clock } from '../shared/clock.ts'
import { joinNext } from '../shared/join-next.ts'
import type { Kafka } from '../shared/kafka/client.ts'
import { fetchOffsetsByTime, fetchWatermarks } from '../shared/kafka/offsets.ts'

/** A stretch of a partition: from where it ended some time ago, by the timestamps of its records, to where it ends. */
export type LookBack = { readonly start: number; readonly end: number }

/**
 * Where the partitions of a topic end in this moment, and where they ended `lookBackMs` ago. Of all partitions at once: however many
 * are opened at a time, few requests are under way.
 * @param clock epoch milliseconds
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED; the signal's reason
 */
export const createLookBack = ({
  kafka,
  topic,
  lookBackMs,
  clock,
  signal,
}: {
  kafka: Kafka
  topic: string
  lookBackMs: number
  clock: Clock
  signal: AbortSignal
}): (() => Promise<(partition: number) => LookBack>) =>
  joinNext(async () => {
    const timestamp = Math.max(0, Math.round(clock.now() - lookBackMs))
    const [ends, starts] = await Promise.all([
      fetchWatermarks({ kafka, topic, signal }),
      fetchOffsetsByTime({ kafka, topic, timestamp, signal }),
    ])
    return (partition) => {
      const end = ends.get(partition)?.highWatermark ?? 0
      return { start: Math.min(end, starts.get(partition) ?? end), end }
    }
  })
