import { pushMessageOf, type Weight } from '../../schemas/events.ts'
import { topics } from '../../schemas/topics.ts'
import { createCodec } from '../../services/shared/codec/codec.ts'
import { fetchPartitionCount, fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import type { TestKafka } from './kafka.ts'

/** A message of weight 4 or 5 as it stands in the log. */
export type LoggedSignal = {
  readonly pos: number
  readonly id: string
  readonly type: number
  readonly weight: Weight
  /** Null: everyone in the room. */
  readonly toUid: string | null
  /** Epoch ms; Infinity: it does not expire. */
  readonly expiresAt: number
}

const readWithinMs = 30_000

/** Reads what is committed in the log of signals of these rooms, in its order. Rooms of which there is nothing have an empty list. */
export const readSignals = async (
  { kafka, registryUrl }: Pick<TestKafka, 'kafka' | 'registryUrl'>,
  rooms: readonly string[],
): Promise<ReadonlyMap<string, readonly LoggedSignal[]>> => {
  const codec = createCodec({ registryUrl, timeoutMs: 5_000, log: silentLog })
  const topic = topics.pushSignal.name
  const count = await fetchPartitionCount({ kafka, topic })
  const found = new Map<string, LoggedSignal[]>(rooms.map((room) => [room, []]))
  const partitions = new Set(rooms.map((room) => partitionFor(room, count)))
  for (const [partition, bounds] of await fetchWatermarks({ kafka, topic, partitions: [...partitions] })) {
    await readPartition({
      kafka,
      topic,
      partition,
      from: bounds.earliest,
      to: bounds.highWatermark,
      deadlineMs: readWithinMs,
      onMessages: async (messages) => {
        for (const { key, value, offset } of messages) {
          const signals = found.get(key?.toString('utf8') ?? '')
          if (signals === undefined || value === null) continue
          const decoded = await codec.decode(value)
          const message = decoded.known ? pushMessageOf(decoded.type) : undefined
          if (!decoded.known || message === undefined) throw new Error(`offset ${offset} holds no push message`)
          const { record } = decoded
          signals.push({
            pos: offset,
            id: record.eventId,
            type: message.type,
            weight: message.weight,
            toUid: 'toUid' in record ? record.toUid : null,
            expiresAt: decoded.type === 'CohostInvited' ? decoded.record.expiresAt : Infinity,
          })
        }
      },
    })
  }
  return found
}
