import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeadLetters } from '../../services/shared/dead-letter.ts'
import { Fault } from '../../services/shared/fault.ts'
import type { IncomingMessage, OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { silentLog } from '../../services/shared/log.ts'
import { createMetrics } from '../../services/shared/metrics.ts'
import { asRead } from './testing.ts'
import { markOf, readEntry, sourceHeaders, toText, type Letter } from './letter.ts'

const source: IncomingMessage = {
  topic: 'room.input.v1',
  partition: 3,
  offset: 1204,
  key: Buffer.from('room1'),
  value: Buffer.from([0, 255]),
  headers: { type: Buffer.from('CohostInvited'), traceparent: Buffer.from('00-1-2-01') },
  timestamp: 1_795_000_000_000,
  size: 7,
}

const letterFor = async (over: Partial<IncomingMessage> = {}): Promise<Letter> => {
  const sent: OutgoingMessage[] = []
  const deadLetters = createDeadLetters({
    producer: { send: async (message) => void sent.push(message) },
    service: 'state-machine',
    metrics: createMetrics({ service: 'state-machine' }),
    log: silentLog,
  })
  await deadLetters.put({ ...source, ...over }, new Fault('RECORD_INVALID', 'the key is: wrong'))
  const [message] = sent
  assert.ok(message)
  const entry = readEntry(asRead(message, 17))
  assert.ok(entry?.kind === 'letter')
  return entry
}

test('a letter that a service has written is read with all that it says', async () => {
  const letter = await letterFor()
  const { key, value, headers: _headers, givenUpAt, ...said } = letter
  assert.deepEqual(said, {
    kind: 'letter',
    at: { partition: 3, offset: 17 },
    source: { topic: 'room.input.v1', partition: 3, offset: 1204 },
    room: 'room1',
    code: 'RECORD_INVALID',
    why: 'the key is: wrong',
    service: 'state-machine',
    leftOutBytes: undefined,
    sourceTime: 1_795_000_000_000,
    replayOf: undefined,
  })
  assert.deepEqual([key, value], [source.key, source.value])
  assert.ok(Math.abs(givenUpAt - Date.now()) < 60_000)
  assert.equal(toText(letter.source), 'room.input.v1/3/1204')
  assert.deepEqual(sourceHeaders(letter), { type: 'CohostInvited', traceparent: '00-1-2-01' })
})

test('a replay that came back says what it was the replay of; what only looks like a position is none', async () => {
  const of = (text: string) => letterFor({ headers: { replayOf: Buffer.from(text) } })
  assert.deepEqual((await of('room.input.v1/3/900')).replayOf, { topic: 'room.input.v1', partition: 3, offset: 900 })
  for (const text of ['', 'room.input.v1', 'a/b/3/900', 'room.input.v1/3/-1'])
    assert.equal((await of(text)).replayOf, undefined, text)
})

test('a key that is no text is read as it was, and names no room', async () => {
  const letter = await letterFor({ key: Buffer.from([0xff, 0xfe]) })
  assert.deepEqual([letter.key, letter.room], [Buffer.from([0xff, 0xfe]), null])
})

test('a value that was too large for a letter is known by its size', async () => {
  const { value, leftOutBytes, headers } = await letterFor({ value: Buffer.alloc(600_000) })
  assert.deepEqual([value, leftOutBytes], [null, 600_000])
  assert.ok(headers['source-value-bytes'] !== undefined)
})

test('a mark is read as one, with the letter’s source and reason', async () => {
  const letter = await letterFor()
  const to = { topic: 'room.input.v1', partition: 7, offset: 9 }
  const mark = readEntry(asRead(markOf(letter, to, 1_795_000_001_000), 18))
  assert.deepEqual(mark, {
    kind: 'mark',
    at: { partition: 3, offset: 18 },
    source: letter.source,
    room: 'room1',
    code: letter.code,
    why: letter.why,
    service: letter.service,
    replayedTo: 'room.input.v1/7/9',
    replayedAt: 1_795_000_001_000,
  })
})

test('a letter without a time of its source counts from when it was given up', () => {
  const headers = {
    'source-topic': 't',
    'source-partition': '0',
    'source-offset': '1',
    time: '2026-11-23T12:00:00.000Z',
  }
  const entry = readEntry(asRead({ topic: 'dead-letter.v1', key: null, value: null, headers }, 1))
  assert.ok(entry?.kind === 'letter')
  assert.equal(entry.sourceTime, Date.parse(headers.time))
  assert.equal(entry.code, 'UNKNOWN')
})

test('a record that names no source is no letter', () => {
  for (const headers of [{}, { 'source-topic': 't', 'source-partition': '-1', 'source-offset': '1' }])
    assert.equal(readEntry(asRead({ topic: 'dead-letter.v1', key: 'a', value: null, headers }, 1)), undefined)
})
