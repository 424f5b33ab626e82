import { setTimeout as sleep } from 'node:timers/promises'
import { topics } from '../../schemas/topics.ts'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import { fetchCommittedOffset, fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { partitions } from './stage.ts'

const groupId = 'state-machine'
const everyMs = 250

/** The ends of all partitions of a topic. */
export const fetchEnds = async (kafka: Kafka, topic: string): Promise<ReadonlyMap<number, number>> => {
  const watermarks = await fetchWatermarks({ kafka, topic })
  return new Map([...watermarks].map(([partition, { highWatermark }]) => [partition, highWatermark]))
}

export const total = (offsets: ReadonlyMap<number, number>): number =>
  [...offsets.values()].reduce((sum, offset) => sum + offset, 0)

/**
 * Waits until the state-machine has committed everything up to these positions of room.input. Asks seldom: this takes time from
 * what is measured.
 */
export const untilCommitted = async ({
  kafka,
  next,
  deadlineMs,
  onProgress = () => {},
  signal,
}: {
  readonly kafka: Kafka
  /** One past the last input, by partition. */
  readonly next: ReadonlyMap<number, number>
  readonly deadlineMs: number
  /** Inputs that are still to be committed, of the partition that was looked at. */
  readonly onProgress?: (partition: number, left: number) => void
  readonly signal: AbortSignal
}): Promise<void> => {
  const endsAt = performance.now() + deadlineMs
  for (const [partition, end] of next) {
    for (;;) {
      const committed =
        (await fetchCommittedOffset({ kafka, groupId, topic: topics.roomInput.name, partition, signal })) ?? 0
      if (committed >= end) break
      onProgress(partition, end - committed)
      if (performance.now() > endsAt)
        throw new Error(`room.input/${partition} is still ${end - committed} inputs behind`)
      await sleep(everyMs, undefined, { signal })
    }
  }
}

/** When records of push.signal were appended, epoch ms, in their order; of all partitions from `from` on. */
export const readPushTimes = async (
  kafka: Kafka,
  from: ReadonlyMap<number, number>,
  signal: AbortSignal,
): Promise<Float64Array> => {
  const topic = topics.pushSignal.name
  const ends = await fetchEnds(kafka, topic)
  const times: number[] = []
  for (let partition = 0; partition < partitions; partition++) {
    await readPartition({
      kafka,
      topic,
      partition,
      from: from.get(partition) ?? 0,
      to: ends.get(partition) ?? 0,
      onMessages: (messages) => {
        for (const { timestamp } of messages) times.push(timestamp)
      },
      signal,
    })
  }
  return Float64Array.from(times).sort()
}
