import type { Topic } from '../../schemas/topics.ts'
import type { AnyRecord } from '../../schemas/types.generated.ts'
import type { Codec } from '../../services/shared/codec/codec.ts'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import type { IncomingMessage } from '../../services/shared/kafka/message.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'

/** A record of a log, decoded; null: a tombstone. */
export type DecodedRecord = {
  readonly offset: number
  readonly key: string
  /** Epoch ms. */
  readonly timestamp: number
  readonly decoded: AnyRecord | null
}

export type Log = { readonly kafka: Kafka; readonly codec: Codec; readonly topic: Topic; readonly partition: number }

const readWithinMs = 120_000

/**
 * Hands out all committed records of a partition, from the first one there ever was.
 * @throws Error when the log does not begin at 0 any more: what is gone cannot be checked
 */
export const readWhole = async (
  { kafka, topic: { name: topic }, partition }: Omit<Log, 'codec'>,
  onMessage: (message: IncomingMessage) => void | Promise<void>,
): Promise<void> => {
  const bounds = (await fetchWatermarks({ kafka, topic, partitions: [partition] })).get(partition)
  if (bounds === undefined || bounds.earliest > 0) throw new Error(`${topic}/${partition} does not begin at 0 any more`)
  await readPartition({
    kafka,
    topic,
    partition,
    from: 0,
    to: bounds.highWatermark,
    deadlineMs: readWithinMs,
    onMessages: async (messages) => {
      for (const message of messages) await onMessage(message)
    },
  })
}

/** All committed records of a partition. Throws when one cannot be decoded: these topics are written by roomcast alone. */
export const readDecoded = async (log: Log): Promise<readonly DecodedRecord[]> => {
  const records: DecodedRecord[] = []
  await readWhole(log, async ({ offset, key, value, timestamp }) => {
    const decoded = value === null ? null : await log.codec.decode(value)
    if (decoded?.known === false) {
      throw new Error(`${log.topic.name}/${log.partition} offset ${offset}: unknown record ${decoded.fullName}`)
    }
    records.push({ offset, key: key?.toString() ?? '', timestamp, decoded })
  })
  return records
}

/**
 * Where transactions were aborted, told by the offsets that are not given out: a commit leaves one, its marker; aborted records
 * lie next to one with their own marker. Two aborted transactions side by side count as one.
 */
export const countAborted = (records: readonly Pick<DecodedRecord, 'offset'>[]): number =>
  records.filter(({ offset }, index) => offset - (records[index - 1]?.offset ?? offset) > 2).length
