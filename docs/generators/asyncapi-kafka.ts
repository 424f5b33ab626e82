import { z } from 'zod'
import { setupEnvironment } from '../../deploy/kafka/setup-config.ts'
import type { JsonSchema } from '../../schemas/json-schema.ts'
import type { Topic, TopicKey } from '../../schemas/topics.ts'
import { kafkaConfig, registryConfig } from '../../services/shared/config.ts'
import { bindingVersion, ofDeadLetters, describeRecord, messagesOf, topicKeys, topicOf } from './kafka-messages.ts'
import { describeOperations } from './kafka-operations.ts'
import { project } from './project.ts'

const says: Readonly<Record<TopicKey, string>> = {
  roomInput:
    'Requests, callbacks of the video cloud, results of mix commands, timers, messages between rooms. The time of a record is that of its append.',
  pushSignal:
    'Weights 4 and 5: signalling and lifecycle. Written in transactions: read with isolation level read_committed.',
  pushComment: 'Weight 8: comments.',
  pushLike: 'Weight 9: likes.',
  requestOutcome:
    'What was decided about a request; the header `eventId` is that of the request. Written in transactions: read_committed.',
  mixCommand:
    'Commands to the video cloud, keyed by the room of the main stream. Written in transactions: read_committed.',
  roomState:
    'The state of every room that lives; a record without a value ends it. Written in transactions: read_committed.',
  roomPresence: 'How many watch a room, by edge.',
  deadLetter:
    'What could not be processed: bytes, key and partition as they were, and in headers where it came from and why; and what was replayed of it.',
}

/** Durations and sizes as numbers, policies as a list: as the binding has them. */
const topicConfiguration = (config: Topic['config']): JsonSchema =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      key === 'cleanup.policy' ? value.split(',') : /^\d+$/.test(value) ? Number(value) : value,
    ]),
  )

const channelOf = (key: TopicKey, partitions: number): JsonSchema => ({
  address: topicOf(key).name,
  description: says[key],
  messages: Object.fromEntries(messagesOf(key).map((name) => [name, { $ref: `#/components/messages/${name}` }])),
  bindings: {
    kafka: { partitions, topicConfiguration: topicConfiguration(topicOf(key).config), bindingVersion },
  },
})

/** The mechanisms that the services' configuration knows, under the names of AsyncAPI. */
const securitySchemes = (): Readonly<Record<string, JsonSchema>> => {
  const types: Readonly<Record<string, string>> = {
    plain: 'plain',
    'scram-sha-256': 'scramSha256',
    'scram-sha-512': 'scramSha512',
  }
  const mechanisms = z.toJSONSchema(kafkaConfig.KAFKA_SASL_MECHANISM, { io: 'input' }).enum ?? []
  const schemes = mechanisms.map((mechanism) => {
    const type = types[String(mechanism)]
    if (type === undefined) throw new Error(`no security scheme is known for KAFKA_SASL_MECHANISM=${mechanism}`)
    return [type, { type, description: `KAFKA_SASL_MECHANISM=${mechanism}` }] as const
  })
  return Object.fromEntries(schemes)
}

/** Roomcast on Kafka as an AsyncAPI document: each operation is told from the party in its name. */
export const describeKafka = (): JsonSchema => {
  const partitions = setupEnvironment.shape.TOPIC_PARTITIONS.parse(undefined)
  const schemes = securitySchemes()
  const schemaRegistryUrl = z.toJSONSchema(registryConfig.SCHEMA_REGISTRY_URL, { io: 'input' }).default
  const kafka = { schemaRegistryUrl, schemaRegistryVendor: 'confluent', bindingVersion }
  const all = new Set(topicKeys.flatMap((key) => topicOf(key).records))
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'roomcast on Kafka',
      ...project,
      description:
        'Every topic and record, and who writes and reads it: `upstream` is you. Records are Avro in the Confluent wire format under the ' +
        'subject `<topic>-<full name>`; roomcast registers the schemas. The key is the room id, the partitioner murmur2 (librdkafka: ' +
        '`partitioner=murmur2_random`); all topics have the same number of partitions, which is fixed for life. `eventId` is unique, and ' +
        'the same again when the same event is sent again. Headers are optional. What was decided about a request is on request.outcome.v1, ' +
        'for whoever may read it (it has push addresses). The numbers of partitions are those of local runs.',
    },
    servers: {
      local: {
        host: '127.0.0.1:9092',
        protocol: 'kafka',
        description: '`make run`',
        bindings: { kafka },
      },
      secured: {
        host: '{broker}',
        protocol: 'kafka-secure',
        description: 'TLS (KAFKA_SSL=1), with one of these mechanisms, or with a client certificate',
        variables: { broker: { description: 'one of your brokers', default: 'kafka.example.com:9093' } },
        security: [...Object.keys(schemes), 'X509'].map((name) => ({ $ref: `#/components/securitySchemes/${name}` })),
      },
    },
    channels: Object.fromEntries(topicKeys.map((key) => [key, channelOf(key, partitions)])),
    operations: describeOperations(),
    components: {
      messages: {
        ...Object.fromEntries([...all].map((record) => [record, describeRecord(record)])),
        ...ofDeadLetters,
      },
      securitySchemes: {
        ...schemes,
        X509: { type: 'X509', description: 'KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE' },
      },
    },
  }
}
