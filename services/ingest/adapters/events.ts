import { topics, type Topic } from '../../../schemas/topics.ts'
import type { Codec } from '../../shared/codec/codec.ts'
import { Fault } from '../../shared/fault.ts'
import type { BatchingProducer } from '../../shared/kafka/batching-producer.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { traceSend, type Tracing } from '../../shared/tracing/tracing.ts'
import type { InputEvent } from '../domain/records.ts'
import { createCountedEvents } from '../metrics.ts'
import type { Events } from '../ports.ts'

/** The topics that ingest writes; the codec has to be prepared for them. */
export const writtenTopics: readonly Topic[] = [topics.roomInput, topics.pushComment, topics.pushLike]

const topicOf = ({ type }: InputEvent): Topic => {
  switch (type) {
    case 'Commented':
      return topics.pushComment
    case 'Liked':
      return topics.pushLike
    default:
      return topics.roomInput
  }
}

/** Events as Avro records on Kafka, keyed by room. */
export const createEvents = ({
  producer,
  codec,
  metrics,
  tracing,
}: {
  producer: Pick<BatchingProducer, 'send'>
  codec: Pick<Codec, 'encode'>
  metrics: Metrics
  tracing: Tracing
}): Events => {
  const counted = createCountedEvents(metrics)
  return {
    append: async (event, cause) => {
      const topic = topicOf(event)
      const { roomId } = event.record
      try {
        await traceSend(tracing, { topic: topic.name, type: event.type, roomId }, cause, (headers) => {
          const value = codec.encode(topic, event.type, event.record)
          return producer.send({ topic: topic.name, key: roomId, value, headers })
        })
        counted.inc({ type: event.type, result: 'accepted' })
      } catch (error) {
        counted.inc({ type: event.type, result: error instanceof Fault ? error.code : 'other' })
        throw error
      }
    },
  }
}
