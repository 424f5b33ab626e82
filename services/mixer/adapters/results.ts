import { topics } from '../../../schemas/topics.ts'
import type { MixCommandAnswered } from '../../../schemas/types.generated.ts'
import type { Codec } from '../../shared/codec/codec.ts'
import type { BatchingProducer } from '../../shared/kafka/batching-producer.ts'

/** Where answers go: `room.input.v1`, to the room of the main stream. Resolves once all in-sync replicas have the record. */
export type Results = {
  readonly put: (answered: MixCommandAnswered, traceparent: string | undefined) => Promise<void>
}

export const createResults = ({ producer, codec }: { producer: BatchingProducer; codec: Codec }): Results => ({
  put: async (answered, traceparent) => {
    await producer.send({
      topic: topics.roomInput.name,
      key: answered.roomId,
      value: codec.encode(topics.roomInput, 'MixCommandAnswered', answered),
      headers: { type: 'MixCommandAnswered', ...(traceparent === undefined ? {} : { traceparent }) },
    })
  },
})
