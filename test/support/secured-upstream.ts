import { readFile } from 'node:fs/promises'
import tls from 'node:tls'
import { z } from 'zod'
import { topics, type Topic } from '../../schemas/topics.ts'
import type { RecordName, Records } from '../../schemas/types.generated.ts'
import { createCodec } from '../../services/shared/codec/codec.ts'
import { readConfig, registryAddress, registryConfig } from '../../services/shared/config.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'

/** A service of another team: it writes Avro by a user of its own, with schemas of a registry that asks for a user, too. */
export type Upstream = {
  readonly write: <N extends RecordName>(topic: Topic, type: N, record: Records[N]) => Promise<unknown>
  /** Something that is no record. */
  readonly writeJunk: (topic: Topic, key: string) => Promise<unknown>
  readonly close: () => Promise<void>
}

/** @param environment how it reaches the registry; NODE_EXTRA_CA_CERTS in it is believed by this process from now on */
export const openUpstream = async ({
  kafka,
  environment,
}: {
  readonly kafka: Kafka
  readonly environment: Readonly<Record<string, string>>
}): Promise<Upstream> => {
  const authority = await readFile(environment['NODE_EXTRA_CA_CERTS'] ?? '', 'utf8')
  tls.setDefaultCACertificates([...tls.getCACertificates(), authority])
  const registryUrl = registryAddress(readConfig(z.object(registryConfig), environment))
  const codec = createCodec({ registryUrl, timeoutMs: 5_000, log: silentLog })
  const written = [topics.roomInput, topics.pushComment, topics.pushLike]
  for (const topic of written) await codec.prepare(topic, AbortSignal.timeout(10_000))
  const limits = { maxBufferedMessages: 100, maxBufferedBytes: 100_000, deliveryTimeoutMs: 5_000 }
  const producer = await createBatchingProducer({ kafka, ...limits, log: silentLog })
  return {
    write: (topic, type, record) =>
      producer.send({ topic: topic.name, key: record.roomId, value: codec.encode(topic, type, record) }),
    writeJunk: (topic, key) => producer.send({ topic: topic.name, key, value: Buffer.from('{"no":"Avro"}') }),
    close: () => producer.close(),
  }
}
