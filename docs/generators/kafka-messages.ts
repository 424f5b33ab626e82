import type { JsonSchema } from '../../schemas/json-schema.ts'
import { readRecords, standAlone } from '../../schemas/records.ts'
import { topics, type Topic, type TopicKey } from '../../schemas/topics.ts'
import { fullNames, type RecordName } from '../../schemas/types.generated.ts'
import { deadLetterHeaders, replayMarkHeaders, replayOf } from './dead-letter-headers.ts'

/** Of AsyncAPI's binding for Kafka. */
export const bindingVersion = '0.5.0'

export const topicKeys = Object.keys(topics) as readonly TopicKey[]
export const topicOf = (key: TopicKey): Topic => topics[key]

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
    replayOf,
    ...(record === 'RequestDecided' ? { eventId: { type: 'string', description: 'of the request' } } : {}),
  },
})

const roomKey: JsonSchema = { type: 'string', description: 'the room id in UTF-8' }

/** A record as a message: its Avro schema, its headers, its key. */
export const describeRecord = (record: RecordName): JsonSchema => {
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

const keyAsItWas = { kafka: { key: { type: 'string', description: 'as it was' }, bindingVersion } }

/** What is in the topic of dead letters, which has no records of its own. */
export const ofDeadLetters = {
  deadLetter: {
    name: 'deadLetter',
    title: 'a record that was given up',
    contentType: 'application/octet-stream',
    headers: deadLetterHeaders,
    payload: { description: 'the bytes as they came; none, where there were too many' },
    bindings: keyAsItWas,
  },
  replayMark: {
    name: 'replayMark',
    title: 'the mark of a replay: a record that was given up has been written again',
    headers: replayMarkHeaders,
    payload: { type: 'null', description: 'none' },
    bindings: keyAsItWas,
  },
} as const satisfies Readonly<Record<string, JsonSchema>>

/** The names of the messages of a topic. */
export const messagesOf = (key: TopicKey): readonly string[] =>
  key === 'deadLetter' ? Object.keys(ofDeadLetters) : topicOf(key).records
/** A message of a topic. */
export const refTo = (key: TopicKey, message: string): JsonSchema => ({ $ref: `#/channels/${key}/messages/${message}` })
