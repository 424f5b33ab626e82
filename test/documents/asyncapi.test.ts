import assert from 'node:assert/strict'
import { test } from 'node:test'
import parser from '@asyncapi/parser'
import avro from 'avsc'
import { closeCodes } from '../../services/edge/domain/protocol.ts'
import { topics } from '../../schemas/topics.ts'
import { createDeadLetters } from '../../services/shared/dead-letter.ts'
import { Fault } from '../../services/shared/fault.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { silentLog } from '../../services/shared/log.ts'
import { createMetrics } from '../../services/shared/metrics.ts'
import { createSchemaChecks, readDocument, valueAt } from '../support/published-schemas.ts'

const kafka = 'asyncapi-kafka.generated.json'
const webSocket = 'asyncapi-websocket.generated.json'
const error = 0

for (const name of [kafka, webSocket]) {
  test(`${name} is valid for the reference parser`, async () => {
    const found = await new parser.Parser().validate(JSON.stringify(readDocument(name)))
    assert.deepEqual(
      found.filter(({ severity }) => severity === error),
      [],
    )
  })
}

test('a document with a mistake is not valid', async () => {
  const document = JSON.stringify(readDocument(kafka)).replace('"#/channels/mixCommand"', '"#/channels/mixCommands"')
  const found = await new parser.Parser().validate(document)
  assert.ok(found.some(({ severity, code }) => severity === error && code === 'invalid-ref'))
})

test('every topic is a channel, every record a message whose Avro schema can be read', () => {
  const channels = Object.values(valueAt(readDocument(kafka), 'channels') ?? {})
  assert.deepEqual(
    channels.map((channel) => valueAt(channel, 'address')),
    Object.values(topics).map(({ name }) => name),
  )
  const messages: Readonly<Record<string, unknown>> = {
    ...(valueAt(readDocument(kafka), 'components', 'messages') as object),
  }
  for (const record of Object.values(topics).flatMap(({ records }) => [...records])) {
    const schema = valueAt(messages[record], 'payload', 'schema')
    assert.equal(avro.Type.forSchema(schema as avro.Schema).name, valueAt(messages[record], 'name'))
  }
})

test('every close code is published, and whether to come back follows from it', () => {
  const published = valueAt(readDocument(webSocket), 'channels', 'edge', 'x-close-codes')
  assert.ok(Array.isArray(published))
  assert.deepEqual(
    published.map(({ code, comeBack }) => [code, comeBack]),
    Object.values(closeCodes).map((code) => [code, code < 4500]),
  )
})

test('the headers of a dead letter are as published', async (t) => {
  const metrics = createMetrics({ service: 'ingest' })
  t.after(() => metrics.clear())
  const sent: OutgoingMessage[] = []
  const producer = { send: async (message: OutgoingMessage) => void sent.push(message) }
  const deadLetters = createDeadLetters({ producer, service: 'ingest', metrics, log: silentLog })
  const headers = { type: Buffer.from('Room'), traceparent: Buffer.from('00'), more: Buffer.from('left out') }
  for (const key of [Buffer.from('room1'), Buffer.from([0xff])]) {
    const message = {
      topic: topics.roomState.name,
      partition: 3,
      offset: 7,
      key,
      value: Buffer.from('x'),
      headers,
      timestamp: 1,
      size: 6,
    }
    await deadLetters.put(message, new Fault('RECORD_UNREADABLE', 'its schema is not known'))
  }
  const check = createSchemaChecks(kafka)('/components/messages/deadLetter/headers')
  assert.equal(sent.length, 2)
  for (const { headers: written } of sent) check(written)
})
