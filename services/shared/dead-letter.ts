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
   * headers where it came from, why (never its content), who gave it up and when. A value of more than 512 KiB or a key of more
   * than 32 KiB is left out, since with the headers it might be more than the topic takes; a header says how many bytes it had.
   * Resolves when the broker has it; rejects with the producer's fault, and then the record is not to be passed over.
   */
  readonly put: (message: IncomingMessage, fault: Fault) => Promise<void>
}

/** Carried over, as they help to find the cause; `replayOf` is that of a record that had been given up before. */
const keptHeaders = ['type', 'traceparent', 'replayOf'] as const

/** A batch may have 768 KiB, and a letter that does not fit would be tried for ever. */
const maxValueBytes = 512 * 1024
const maxKeyBytes = 32 * 1024
const maxHeaderBytes = 1024

const leftOut = (name: string, bytes: Buffer | null, max: number): Readonly<Record<string, string>> =>
  bytes !== null && bytes.length > max ? { [name]: String(bytes.length) } : {}

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
      const { topic, partition, offset, value, timestamp } = message
      const key = message.key !== null && message.key.length <= maxKeyBytes ? message.key : null
      const kept = keptHeaders.flatMap((name) => {
        const header = message.headers[name]
        return header === undefined || header.length > maxHeaderBytes ? [] : [[name, header.toString()] as const]
      })
      await producer.send({
        topic: topics.deadLetter.name,
        partition,
        key: key === null ? null : key.toString(),
        value: value !== null && value.length <= maxValueBytes ? value : null,
        headers: {
          ...Object.fromEntries(kept),
          'source-topic': topic,
          'source-partition': String(partition),
          'source-offset': String(offset),
          // Epoch milliseconds, as a program elsewhere may have set them: any number.
          'source-time': String(timestamp),
          // The producer writes keys as UTF-8; one that is not is kept here as it was.
          ...(key === null || isUtf8(key) ? {} : { 'source-key-base64': key.toString('base64') }),
          ...leftOut('source-key-bytes', message.key, maxKeyBytes),
          ...leftOut('source-value-bytes', value, maxValueBytes),
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
