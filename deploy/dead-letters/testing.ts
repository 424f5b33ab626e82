import type { IncomingMessage, OutgoingMessage } from '../../services/shared/kafka/message.ts'
import type { Letter, Mark } from './letter.ts'

// Builders for tests.

export const now = 1_795_000_000_000

export const aLetter = (offset: number, over: Partial<Letter> = {}): Letter => ({
  kind: 'letter',
  at: { partition: 3, offset: 100 + offset },
  source: { topic: 'room.input.v1', partition: 3, offset },
  room: 'r1',
  code: 'RECORD_UNREADABLE',
  why: 'truncated buffer',
  service: 'state-machine',
  key: Buffer.from('r1'),
  value: Buffer.from([offset]),
  leftOutBytes: undefined,
  headers: {},
  givenUpAt: now + offset,
  sourceTime: now + offset,
  replayOf: undefined,
  ...over,
})

export const aMark = (letter: Letter): Mark => ({
  kind: 'mark',
  at: { partition: letter.at.partition, offset: 1_000 + letter.at.offset },
  source: letter.source,
  room: letter.room,
  code: letter.code,
  why: letter.why,
  service: letter.service,
  replayedTo: 'room.input.v1/3/999',
  replayedAt: now,
})

/** What was sent, as somebody reads it. */
export const asRead = (
  { topic, key, value, headers = {}, partition = 0 }: OutgoingMessage,
  offset: number,
): IncomingMessage => ({
  topic,
  partition,
  offset,
  key: key === null ? null : Buffer.from(key),
  value,
  headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
  timestamp: 5,
  size: 0,
})
