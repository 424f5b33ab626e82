import { isUtf8 } from 'node:buffer'
import { topics } from '../../schemas/topics.ts'
import { systemClock } from './clock.ts'
import type { Fault } from './fault.ts'
import type { IncomingMessage, OutgoingMessage } from './kafka/message.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { createDeadLetterMetrics } from './reading-metrics.ts'

export type DeadLetters = {
  /**
   * Writes a record that cannot be processed to `dead-letter.v1`: its bytes untouched, the same key and partition, and in
   * headers where it came from, why (never its content), who gave it up and when. Resolves when the broker has it;
   * rejects with the producer's fault, and then the record is not to be passed over.
   */
  readonly put: (message: IncomingMessage, fault: Fault) => Promise<void>
}

/** Carried over, as they help to find the cause. */
const keptHeaders = ['type', 'traceparent'] as const

export const createDeadLetters = ({
  producer,
  service,
  metrics,
  log,
}: {
  producer: { readonly send: (message: OutgoingMessage) => Promise<unknown> }
  service: string
  metrics: Metrics
  log: Log
}): DeadLetters => {
  const written = createDeadLetterMetrics(metrics)

  return {
    put: async (message, fault) => {
      const { topic, partition, offset, key, value } = message
      const kept = keptHeaders.flatMap((name) => {
        const header = message.headers[name]
        return header === undefined ? [] : [[name, header.toString()] as const]
      })
      await producer.send({
        topic: topics.deadLetter.name,
        partition,
        key: key === null ? null : key.toString(),
        value,
        headers: {
          ...Object.fromEntries(kept),
          'source-topic': topic,
          'source-partition': String(partition),
          'source-offset': String(offset),
          // The producer writes keys as UTF-8; one that is not is kept here as it was.
          ...(key === null || isUtf8(key) ? {} : { 'source-key-base64': key.toString('base64') }),
          reason: `${fault.code}: ${fault.message}`,
          service,
          time: new Date(systemClock.now()).toISOString(),
        },
      })
      written(topic, fault.code)
      log.warn({ topic, partition, offset, code: fault.code, reason: fault.message }, 'record given up to dead-letter')
    },
  }
}
