import { Counter } from 'prom-client'
import { topics } from '../../schemas/topics.ts'
import type { AnyRecord } from '../../schemas/types.generated.ts'
import type { Codec } from '../shared/codec/codec.ts'
import type { DeadLetters } from '../shared/dead-letter.ts'
import { Fault, isFault } from '../shared/fault.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import type { Metrics } from '../shared/metrics.ts'

/**
 * The record in a message; undefined when its type is not known here (counted) or it cannot be read (put to the dead-letter topic).
 * @throws Fault REGISTRY_UNREACHABLE or one of the producer's: the message is not to be passed over, but to come again
 */
export type Decode = (message: IncomingMessage) => Promise<AnyRecord | undefined>

export const createDecode = ({
  codec,
  deadLetters,
  metrics,
}: {
  codec: Codec
  deadLetters: DeadLetters
  metrics: Metrics
}): Decode => {
  const unknown = new Counter({
    name: 'roomcast_ingest_unknown_records_total',
    help: 'Records of types that this version does not know, passed over.',
    labelNames: ['topic'],
    registers: [metrics],
  })
  for (const topic of [topics.roomState, topics.requestOutcome]) unknown.inc({ topic: topic.name }, 0)

  return async (message) => {
    try {
      if (message.value === null) throw new Fault('RECORD_UNREADABLE', 'the record has no value')
      const decoded = await codec.decode(message.value)
      if (decoded.known) return decoded
      unknown.inc({ topic: message.topic })
    } catch (error) {
      if (!isFault(error, 'RECORD_UNREADABLE')) throw error
      await deadLetters.put(message, error)
    }
    return undefined
  }
}
