import { randomUUID } from 'node:crypto'
import { topics } from '../../schemas/topics.ts'
import type { Codec } from '../../services/shared/codec/codec.ts'
import type { BatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import type { Appended, OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import type { Input } from '../../services/state-machine/domain/decide.ts'
import { partitions } from './stage.ts'

type Inputs = { [T in Input['type']]: Omit<Extract<Input, { type: T }>['record'], 'eventId' | 'occurredAt'> }

/** Makes messages for room.input. */
export type InputWriter = <T extends Input['type']>(type: T, record: Inputs[T]) => OutgoingMessage

/** @param codec prepared for room.input */
export const createInputWriter = (codec: Codec): InputWriter => {
  const topic = topics.roomInput
  return (type, record) => {
    const whole = { ...record, eventId: randomUUID().replaceAll('-', ''), occurredAt: Date.now() }
    return {
      topic: topic.name,
      key: record.roomId,
      // A type and a record of the same T belong together, which the compiler cannot see.
      value: codec.encode(topic, type, whole as never),
      headers: { type },
    }
  }
}

export const create = (write: InputWriter, roomId: string): OutgoingMessage =>
  write('LiveCreateRequested', { roomId, uid: `host-${roomId}`, name: `Host of ${roomId}`, description: null })

/** A stream that starts and breaks by turns changes its room, and pushes one message to it, each time. */
export const stream = (write: InputWriter, roomId: string, action: 'publish' | 'publish_done'): OutgoingMessage =>
  write('StreamNotified', { roomId, action, cloudTime: null })

/** Ids of rooms as the system mints them, spread evenly over the partitions. */
export const mintRooms = (count: number): readonly string[] => {
  const wanted = Math.ceil(count / partitions)
  const byPartition = Array.from({ length: partitions }, (): string[] => [])
  for (let left = count; left > 0;) {
    const roomId = randomUUID().replaceAll('-', '').slice(0, 16)
    const some = byPartition[partitionFor(roomId, partitions)]
    if (some === undefined || some.length >= wanted) continue
    some.push(roomId)
    left -= 1
  }
  // By turns, so that neighbours are in different partitions.
  return Array.from({ length: wanted }, (_, index) => byPartition.flatMap((some) => some[index] ?? [])).flat()
}

const maxUnderWay = 20_000

/** Appends messages as fast as the broker takes them; resolves when it has all, to where each partition then ends. */
export const appendAll = async (
  producer: BatchingProducer,
  messages: Iterable<OutgoingMessage>,
  signal: AbortSignal,
): Promise<{ readonly count: number; readonly next: ReadonlyMap<number, number> }> => {
  const next = new Map<number, number>()
  const note = ({ partition, offset }: Appended): void =>
    void next.set(partition, Math.max(offset + 1, next.get(partition) ?? 0))
  let sending: Promise<void>[] = []
  let count = 0
  for (const message of messages) {
    sending.push(producer.send(message).then(note))
    count += 1
    if (sending.length < maxUnderWay) continue
    signal.throwIfAborted()
    await Promise.all(sending)
    sending = []
  }
  await Promise.all(sending)
  return { count, next }
}
