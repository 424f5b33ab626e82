import { randomUUID } from 'node:crypto'
import { topics } from '../../../schemas/topics.ts'
import type { Codec } from '../../shared/codec/codec.ts'
import { Fault } from '../../shared/fault.ts'
import type { BatchingProducer } from '../../shared/kafka/batching-producer.ts'
import type { Appended } from '../../shared/kafka/message.ts'
import type { Appender } from '../ports.ts'

/** Appends messages between rooms, timer records and clock readings to room.input. */
export const createAppender = ({ producer, codec }: { producer: BatchingProducer; codec: Codec }): Appender => {
  const topic = topics.roomInput
  const timeOf = ({ appendedAt }: Appended): number => {
    if (appendedAt === null) {
      throw new Fault('CONFIG_INVALID', `${topic.name} needs message.timestamp.type=LogAppendTime`)
    }
    return appendedAt
  }
  return {
    tellPeer: async (message) => {
      const value = codec.encode(topic, 'PeerMessage', message)
      return timeOf(
        await producer.send({ topic: topic.name, key: message.roomId, value, headers: { type: 'PeerMessage' } }),
      )
    },
    fireTimer: async (timer) => {
      const value = codec.encode(topic, 'TimerFired', timer)
      return timeOf(
        await producer.send({ topic: topic.name, key: timer.roomId, value, headers: { type: 'TimerFired' } }),
      )
    },
    readClock: async (partition) => {
      const record = { eventId: randomUUID(), roomId: '', occurredAt: Date.now() }
      const value = codec.encode(topic, 'ClockRead', record)
      return timeOf(
        await producer.send({ topic: topic.name, key: null, partition, value, headers: { type: 'ClockRead' } }),
      )
    },
  }
}
