import assert from 'node:assert/strict'
import { test } from 'node:test'
import parser from '@asyncapi/parser'
import avro from 'avsc'
import { aLetter, asRead } from '../../deploy/dead-letters/testing.ts'
import { markOf, readEntry } from '../../deploy/dead-letters/letter.ts'
import { carryOut, type Send } from '../../deploy/dead-letters/replay/carry-out.ts'
import { aCandidate } from '../../deploy/dead-letters/replay/testing.ts'
import { closeCodes } from '../../services/edge/domain/protocol.ts'
import { pushMessages } from '../../schemas/events.ts'
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

test('the example of every WebSocket message is what its schema describes', () => {
  const messages = Object.entries(valueAt(readDocument(webSocket), 'channels', 'edge', 'messages') ?? {})
  const check = createSchemaChecks(webSocket)
  assert.ok(messages.length > pushMessages.length)
  for (const [name, message] of messages) {
    const examples: unknown = valueAt(message, 'examples')
    assert.ok(Array.isArray(examples) && examples.length > 0, name)
    const checkPayload = check(`/channels/edge/messages/${name}/payload`)
    for (const example of examples) checkPayload(valueAt(example, 'payload'))
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

test('the headers of dead letters and of the marks of their replays are as published', async (t) => {
  const metrics = createMetrics({ service: 'ingest' })
  t.after(() => metrics.clear())
  const sent: OutgoingMessage[] = []
  const producer = { send: async (message: OutgoingMessage) => void sent.push(message) }
  const deadLetters = createDeadLetters({ producer, service: 'ingest', metrics, log: silentLog })
  const source = { topic: topics.roomState.name, partition: 3, offset: 7, timestamp: 1, size: 6 }
  const headers = Object.fromEntries(
    ['type=Room', 'traceparent=00', 'replayOf=room.state.v1/3/5', 'more=left out']
      .map((header) => header.split('='))
      .map(([name = '', text = '']) => [name, Buffer.from(text)]),
  )
  const large = Buffer.alloc(600_000)
  const contents = [
    { key: Buffer.from('room1'), value: Buffer.from('x') },
    { key: Buffer.from([0xff]), value: null },
    { key: large, value: large },
  ]
  for (const content of contents)
    await deadLetters.put({ ...source, ...content, headers }, new Fault('RECORD_UNREADABLE', 'its schema is not known'))
  const check = createSchemaChecks(kafka)
  const published = valueAt(readDocument(kafka), 'components', 'messages', 'deadLetter', 'headers', 'properties')
  const names = new Set(sent.flatMap((letter) => Object.keys(letter.headers ?? {})))
  assert.deepEqual(names, new Set(Object.keys(published ?? {})))
  for (const letter of sent) {
    check('/components/messages/deadLetter/headers')(letter.headers)
    const entry = readEntry(asRead(letter, 17))
    assert.ok(entry?.kind === 'letter')
    check('/components/messages/replayMark/headers')(markOf(entry, source, 1).headers)
  }
})

test('a record that is replayed has the headers that its message is published with', async () => {
  const sent: OutgoingMessage[] = []
  const send: Send = async (message) => {
    sent.push(message)
    return { partition: 3, offset: 8, appendedAt: null }
  }
  const letter = aLetter(7, { headers: { type: Buffer.from('StreamNotified') } })
  const verdict = { kind: 'replay', partition: 3, key: 'r1', despite: [] } as const
  await carryOut({ candidate: aCandidate(letter), verdict }, { send, now: () => 1 })
  createSchemaChecks(kafka)('/components/messages/StreamNotified/headers')(sent[0]?.headers)
})
