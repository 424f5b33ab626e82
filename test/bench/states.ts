import { topics } from '../../schemas/topics.ts'
import type { Room } from '../../schemas/types.generated.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { fetchEnds } from './outputs.ts'
import type { Stage } from './stage.ts'

/** The committed states of all rooms, by room id. */
export const readStates = async (
  { kafka, codec }: Pick<Stage, 'kafka' | 'codec'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Room>> => {
  const topic = topics.roomState.name
  const rooms = new Map<string, Room>()
  for (const [partition, to] of await fetchEnds(kafka, topic)) {
    await readPartition({
      kafka,
      topic,
      partition,
      from: 'earliest',
      to,
      onMessages: async (messages) => {
        for (const { key, value } of messages) {
          const decoded = value === null ? null : await codec.decode(value)
          if (decoded === null) rooms.delete(key?.toString() ?? '')
          else if (decoded.known && decoded.type === 'Room') rooms.set(decoded.record.roomId, decoded.record)
        }
      },
      signal,
    })
  }
  return rooms
}
