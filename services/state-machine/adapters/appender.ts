import { randomUUID } from 'node:crypto'
import { topics } from '../../../schemas/topics.ts'
import type { Codec } from '../../shared/codec/codec.ts'
import { Fault } from '../../shared/fault.ts'
import type { BatchingProducer } from '../../shared/kafka/batching-producer.ts'
import type { Appended } from '../../shared/kafka/message.ts'
import { traceSend, type Tracing } from '../../shared/tracing/tracing.ts'
import type { Appender } from '../ports.ts'

/** Appends messages between rooms, timer records and clock readings to room.input. */
export const createAppender = ({
  producer,
  codec,
  tracing,
}: {
  producer: BatchingProducer
  codec: Codec
  tracing: Tracing
}): Appender => {
  const topic = topics.roomInput
  const timeOf = ({ appendedAt }: Appended): number => {
    if (appendedAt === null) {
      throw new Fault('CONFIG_INVALID', `${topic.name} needs message.timestamp.type=LogAppendTime`)
    }
    return appendedAt
  }
  return {
    tellPeer: async (message, cause) => {
      const { roomId } = message
      const value = codec.encode(topic, 'PeerMessage', message)
      const sent = { topic: topic.name, type: 'PeerMessage', roomId }
      return timeOf(
        await traceSend(tracing, sent, cause, (headers) =>
          producer.send({ topic: topic.name, key: roomId, value, headers }),
        ),
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
