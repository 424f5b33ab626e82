import { topics } from '../../../schemas/topics.ts'
import type { MixCommandAnswered } from '../../../schemas/types.generated.ts'
import type { Codec } from '../../shared/codec/codec.ts'
import type { BatchingProducer } from '../../shared/kafka/batching-producer.ts'
import { traceSend, type Cause, type Tracing } from '../../shared/tracing/tracing.ts'

/** Where answers go: `room.input.v1`, to the room of the main stream. Resolves once all in-sync replicas have the record. */
export type Results = {
  /** `cause`: what the answer follows from, in traces. */
  readonly put: (answered: MixCommandAnswered, cause: Cause) => Promise<void>
}

export const createResults = ({
  producer,
  codec,
  tracing,
}: {
  producer: BatchingProducer
  codec: Codec
  tracing: Tracing
}): Results => {
  const topic = topics.roomInput
  const type = 'MixCommandAnswered'
  return {
    put: async (answered, cause) => {
      const { roomId } = answered
      await traceSend(tracing, { topic: topic.name, type, roomId }, cause, (headers) =>
        producer.send({ topic: topic.name, key: roomId, value: codec.encode(topic, type, answered), headers }),
      )
    },
  }
}
