import { topics } from '../../../schemas/topics.ts'
import type { Codec } from '../../../services/shared/codec/codec.ts'
import { fetchWatermarks } from '../../../services/shared/kafka/offsets.ts'
import type { Reading } from '../list.ts'
import { readTopic, wholeOf } from '../read-topic.ts'
import type { Candidate, RoomFound } from './judge.ts'
import { readRecord } from './read-record.ts'

/** Of a room that has ended. */
const endedStatus = 2

/** The rooms that there are among those of the candidates, by their id, as the state-machine has committed them. */
export const lookUpRooms = async (
  reading: Reading & { readonly codec: Codec },
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<string, RoomFound>> => {
  const { kafka, signal, codec } = reading
  const topic = topics.roomState.name
  const wanted = new Set(candidates.flatMap(({ key }) => (key === null ? [] : [key])))
  const partitions = new Set(candidates.flatMap(({ partition }) => (partition === undefined ? [] : [partition])))
  const rooms = new Map<string, RoomFound>()
  if (partitions.size === 0) return rooms
  const bounds = await fetchWatermarks({ kafka, topic, partitions: [...partitions], signal })
  await readTopic({
    ...reading,
    topic,
    parts: wholeOf(bounds),
    take: async ({ key, value }) => {
      const room = key?.toString() ?? ''
      if (!wanted.has(room)) return
      const record = await readRecord(codec, value)
      if (typeof record === 'string' || record.type !== 'Room') rooms.delete(room)
      else rooms.set(room, { hasEnded: record.record.status === endedStatus, decidedTo: record.record.inputPos })
    },
  })
  return rooms
}
