import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'

/** Appends records that nobody can read, as a foreign producer would; resolves when the broker has them all. */
export const sendUnreadable = async ({
  brokers,
  topic,
  key,
  values = [Buffer.from('no record of ours')],
}: {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly key: string
  readonly values?: readonly Buffer[]
}): Promise<void> => {
  const producer = await createBatchingProducer({
    kafka: createKafka({ brokers, clientId: 'foreign-producer', log: silentLog }),
    maxBufferedMessages: 10,
    maxBufferedBytes: 10_000,
    deliveryTimeoutMs: 10_000,
    log: silentLog,
  })
  try {
    for (const value of values) await producer.send({ topic, key, value })
  } finally {
    await producer.close()
  }
}
