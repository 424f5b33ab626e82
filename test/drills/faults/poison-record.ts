import { topics } from '../../../schemas/topics.ts'
import { createBatchingProducer } from '../../../services/shared/kafka/batching-producer.ts'
import { createKafka } from '../../../services/shared/kafka/client.ts'
import { silentLog } from '../../../services/shared/log.ts'
import type { Drill } from '../drill.ts'

/** Magic byte 0 and the id of a schema that nobody has registered, before something. */
const ofAnUnknownSchema = Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xf0]), Buffer.from('something')])

export const poisonRecord: Drill = {
  name: 'poison-record',
  about: 'Two records to room.input: bytes that are no Avro, and one whose schema id is not registered.',
  lastsMs: 180_000,
  begin: async ({ platform, load }) => {
    const producer = await createBatchingProducer({
      kafka: createKafka({ brokers: platform.brokers, clientId: 'foreign-producer', log: silentLog }),
      maxBufferedMessages: 10,
      maxBufferedBytes: 10_000,
      deliveryTimeoutMs: 10_000,
      log: silentLog,
    })
    try {
      const key = load.busyRoom()
      for (const value of [Buffer.from('{"type": "invite"}'), ofAnUnknownSchema]) {
        await producer.send({ topic: topics.roomInput.name, key, value })
      }
    } finally {
      await producer.close()
    }
    return () => Promise.resolve() // there is nothing to take away
  },
}
