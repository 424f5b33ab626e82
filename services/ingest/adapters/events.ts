import { topics, type Topic } from '../../../schemas/topics.ts'
import type { Codec } from '../../shared/codec/codec.ts'
import { Fault } from '../../shared/fault.ts'
import type { BatchingProducer } from '../../shared/kafka/batching-producer.ts'
import type { Metrics } from '../../shared/metrics.ts'
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
}: {
  producer: Pick<BatchingProducer, 'send'>
  codec: Pick<Codec, 'encode'>
  metrics: Metrics
}): Events => {
  const counted = createCountedEvents(metrics)
  return {
    append: async (event, { traceparent } = {}) => {
      const topic = topicOf(event)
      try {
        await producer.send({
          topic: topic.name,
          key: event.record.roomId,
          value: codec.encode(topic, event.type, event.record),
          headers: { type: event.type, ...(traceparent === undefined ? {} : { traceparent }) },
        })
        counted.inc({ type: event.type, result: 'accepted' })
      } catch (error) {
        counted.inc({ type: event.type, result: error instanceof Fault ? error.code : 'other' })
        throw error
      }
    },
  }
}
