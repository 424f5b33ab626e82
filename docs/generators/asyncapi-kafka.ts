import { z } from 'zod'
import { setupEnvironment } from '../../deploy/kafka/setup-config.ts'
import type { Who } from '../../deploy/kafka/acl-table.ts'
import type { JsonSchema } from '../../schemas/json-schema.ts'
import { readRecords, standAlone } from '../../schemas/records.ts'
import { topics, type Topic, type TopicKey } from '../../schemas/topics.ts'
import { fullNames, type RecordName } from '../../schemas/types.generated.ts'
import { kafkaConfig, registryConfig } from '../../services/shared/config.ts'
import { deadLetterHeaders } from './dead-letter-headers.ts'
import { groupOf, parties, readingOf, writingOf } from './kafka-parties.ts'
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
    'What could not be processed: bytes, key and partition as they were, and in headers where it came from and why.',
}

const bindingVersion = '0.5.0'
const topicKeys = Object.keys(topics) as readonly TopicKey[]
const topicOf = (key: TopicKey): Topic => topics[key]

/** Durations and sizes as numbers, policies as a list: as the binding has them. */
const topicConfiguration = (config: Topic['config']): JsonSchema =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      key === 'cleanup.policy' ? value.split(',') : /^\d+$/.test(value) ? Number(value) : value,
    ]),
  )

const traceparent: JsonSchema = {
  type: 'string',
  pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}',
  description: 'W3C trace context: the record is a part of that trace',
}

const headersOf = (record: RecordName): JsonSchema => ({
  type: 'object',
  properties: {
    type: { const: record, description: 'the short name of the record' },
    traceparent,
    ...(record === 'RequestDecided' ? { eventId: { type: 'string', description: 'of the request' } } : {}),
  },
})

const roomKey: JsonSchema = { type: 'string', description: 'the room id in UTF-8' }

const describeRecord = (record: RecordName): JsonSchema => {
  const schema = standAlone(fullNames[record], readRecords())
  return {
    name: fullNames[record],
    title: record,
    summary: schema.doc,
    contentType: 'application/vnd.apache.avro+binary',
    headers: headersOf(record),
    correlationId: { location: `$message.payload#/${record === 'RequestDecided' ? 'requestId' : 'eventId'}` },
    payload: { schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0', schema },
    bindings: {
      kafka: {
        key: roomKey,
        schemaIdLocation: 'payload',
        schemaIdPayloadEncoding: 'confluent',
        schemaLookupStrategy: 'TopicRecordNameStrategy',
        bindingVersion,
      },
    },
  }
}

const deadLetter: JsonSchema = {
  name: 'deadLetter',
  title: 'a record that was given up',
  contentType: 'application/octet-stream',
  headers: deadLetterHeaders,
  payload: { description: 'the bytes as they came' },
  bindings: { kafka: { key: { type: 'string', description: 'as it was' }, bindingVersion } },
}

const messagesOf = (key: TopicKey): readonly string[] => (key === 'deadLetter' ? [key] : topicOf(key).records)
const refTo = (key: TopicKey, message: string): JsonSchema => ({ $ref: `#/channels/${key}/messages/${message}` })

const channelOf = (key: TopicKey, partitions: number): JsonSchema => ({
  address: topicOf(key).name,
  description: says[key],
  messages: Object.fromEntries(messagesOf(key).map((name) => [name, { $ref: `#/components/messages/${name}` }])),
  bindings: {
    kafka: { partitions, topicConfiguration: topicConfiguration(topicOf(key).config), bindingVersion },
  },
})

/** The inputs are read in a group, and so are mix commands; everything else is read by everybody. */
const groupBinding = (who: Who, key: TopicKey): JsonSchema => {
  const group = key === 'roomInput' || key === 'mixCommand' ? groupOf(who) : undefined
  return group === undefined
    ? {}
    : { bindings: { kafka: { groupId: { type: 'string', enum: [group] }, bindingVersion } } }
}

const sendOf = (who: Who, key: TopicKey): readonly [string, JsonSchema][] => {
  const writing = writingOf(who, topicOf(key))
  if (writing === undefined) return []
  const messages = key === 'deadLetter' ? ['deadLetter'] : writing.records
  if (messages.length === 0) throw new Error(`${who} may write ${topicOf(key).name}, but nobody said which records`)
  const described: JsonSchema = {
    action: 'send',
    title: `${who} writes ${topicOf(key).name}`,
    summary: writing.why,
    channel: { $ref: `#/channels/${key}` },
    tags: [{ name: who }],
    messages: messages.map((message) => refTo(key, message)),
    ...(who === 'ingest' && key === 'roomInput'
      ? {
          reply: {
            channel: { $ref: '#/channels/requestOutcome' },
            messages: [refTo('requestOutcome', 'RequestDecided')],
          },
        }
      : {}),
  }
  return [[`${who}.send.${key}`, described]]
}

const receiveOf = (who: Who, key: TopicKey): readonly [string, JsonSchema][] => {
  const reading = readingOf(who, topicOf(key))
  if (reading === undefined) return []
  const described: JsonSchema = {
    action: 'receive',
    title: `${who} reads ${topicOf(key).name}`,
    summary: reading.why,
    channel: { $ref: `#/channels/${key}` },
    tags: [{ name: who }],
    messages: messagesOf(key).map((message) => refTo(key, message)),
    ...groupBinding(who, key),
  }
  return [[`${who}.receive.${key}`, described]]
}

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

const refuseOrphans = (): void => {
  const orphans = topicKeys.flatMap((key) =>
    topicOf(key).records.filter(
      (record) =>
        !parties.some((who) => who !== 'dead-letters' && writingOf(who, topicOf(key))?.records.includes(record)),
    ),
  )
  if (orphans.length > 0) throw new Error(`nobody is said to write ${orphans.join(', ')}`)
}

/** Roomcast on Kafka as an AsyncAPI document: each operation is told from the party in its name. */
export const describeKafka = (): JsonSchema => {
  refuseOrphans()
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
    operations: Object.fromEntries(
      parties.flatMap((who) => topicKeys.flatMap((key) => [...sendOf(who, key), ...receiveOf(who, key)])),
    ),
    components: {
      messages: {
        ...Object.fromEntries([...all].map((record) => [record, describeRecord(record)])),
        deadLetter,
      },
      securitySchemes: {
        ...schemes,
        X509: { type: 'X509', description: 'KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE' },
      },
    },
  }
}
