import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeadLetters } from './dead-letter.ts'
import { Fault } from './fault.ts'
import type { IncomingMessage, OutgoingMessage } from './kafka/message.ts'
import { silentLog } from './log.ts'
import { createMetrics } from './metrics.ts'

const message: IncomingMessage = {
  topic: 'room.input.v1',
  partition: 7,
  offset: 42,
  key: Buffer.from('room1'),
  value: Buffer.from([0, 255, 128]),
  headers: { type: Buffer.from('CohostInvited'), traceparent: Buffer.from('00-1-2-01'), other: Buffer.from('x') },
  timestamp: 1_795_000_000_000,
  size: 8,
}
const fault = new Fault('RECORD_UNREADABLE', 'roomcast.input.CohostInvited with schema 3: truncated buffer')

const setUp = (send: (sent: OutgoingMessage) => Promise<void> = async () => {}) => {
  const sent: OutgoingMessage[] = []
  const metrics = createMetrics({ service: 'state-machine' })
  const producer = { send: (one: OutgoingMessage) => send(one).then(() => void sent.push(one)) }
  const deadLetters = createDeadLetters({ producer, service: 'state-machine', metrics, log: silentLog })
  return { sent, metrics, deadLetters }
}

test('the bytes, the key and the partition stay as they were, and the headers tell where from and why', async () => {
  const { sent, deadLetters } = setUp()
  await deadLetters.put(message, fault)
  const [letter] = sent
  const { time, ...headers } = letter?.headers ?? {}
  assert.deepEqual(
    { ...letter, headers },
    {
      topic: 'dead-letter.v1',
      partition: 7,
      key: 'room1',
      value: message.value,
      headers: {
        type: 'CohostInvited',
        traceparent: '00-1-2-01',
        'source-topic': 'room.input.v1',
        'source-partition': '7',
        'source-offset': '42',
        'source-time': '1795000000000',
        reason: 'RECORD_UNREADABLE: roomcast.input.CohostInvited with schema 3: truncated buffer',
        service: 'state-machine',
      },
    },
  )
  assert.match(time ?? '', /^\d{4}-\d\d-\d\dT/)
})

test('a record without key or value is kept as such', async () => {
  const { sent, deadLetters } = setUp()
  await deadLetters.put({ ...message, key: null, value: null, headers: {} }, fault)
  assert.deepEqual([sent[0]?.key, sent[0]?.value], [null, null])
})

test('a record with a time that no calendar has is kept all the same', async () => {
  const { sent, deadLetters } = setUp()
  await deadLetters.put({ ...message, timestamp: 2 ** 53 - 1 }, fault)
  assert.equal(sent[0]?.headers?.['source-time'], '9007199254740991')
})

test('a key that is no text is kept in a header', async () => {
  const { sent, deadLetters } = setUp()
  await deadLetters.put({ ...message, key: Buffer.from([0xff, 0xfe]) }, fault)
  assert.equal(sent[0]?.headers?.['source-key-base64'], '//4=')
})

test('what would not fit into the topic is left out, with its size, so that the rest is kept', async () => {
  const { sent, deadLetters } = setUp()
  const large = { key: Buffer.alloc(32 * 1024 + 1), value: Buffer.alloc(512 * 1024 + 1) }
  await deadLetters.put({ ...message, ...large, headers: { type: Buffer.alloc(2_000) } }, fault)
  const { key, value, headers = {} } = sent[0] ?? {}
  assert.deepEqual([key, value, headers['type']], [null, null, undefined])
  assert.deepEqual([headers['source-key-bytes'], headers['source-value-bytes']], ['32769', '524289'])
  await deadLetters.put({ ...message, key: Buffer.alloc(32 * 1024, 'a'), value: Buffer.alloc(512 * 1024) }, fault)
  assert.deepEqual([sent[1]?.key?.length, sent[1]?.value?.length], [32_768, 524_288])
  assert.equal(sent[1]?.headers?.['source-value-bytes'], undefined)
})

test('each is counted by source topic and code, an unknown topic as other', async () => {
  const { metrics, deadLetters } = setUp()
  await deadLetters.put(message, fault)
  await deadLetters.put({ ...message, topic: 'made-up' }, fault)
  const text = await metrics.metrics()
  assert.match(
    text,
    /roomcast_dead_letters_total\{topic="room.input.v1",code="RECORD_UNREADABLE",service="[a-z-]+"\} 1/,
  )
  assert.match(text, /roomcast_dead_letters_total\{topic="other",/)
})

test('when the broker does not take it the caller hears, and nothing is counted', async () => {
  const down = new Fault('BROKER_UNREACHABLE', 'no broker', { retriable: true })
  const { metrics, deadLetters } = setUp(() => Promise.reject(down))
  await assert.rejects(() => deadLetters.put(message, fault), down)
  assert.doesNotMatch(await metrics.metrics(), /roomcast_dead_letters_total\{.*\} [1-9]/)
})
