import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Letter, Mark } from './letter.ts'
import { matches } from './filter.ts'
import { createTally } from './tally.ts'

const letter = (offset: number, over: Partial<Letter> = {}): Letter => ({
  kind: 'letter',
  at: { partition: 0, offset },
  source: { topic: 'room.input.v1', partition: 0, offset },
  room: 'r1',
  code: 'RECORD_UNREADABLE',
  why: `schema ${offset}: truncated`,
  service: 'state-machine',
  key: Buffer.from('r1'),
  value: Buffer.alloc(3),
  leftOutBytes: undefined,
  headers: {},
  givenUpAt: 1_000 + offset,
  sourceTime: 1_000,
  ...over,
})
const mark = ({ key: _key, value: _value, leftOutBytes: _bytes, headers: _headers, ...about }: Letter): Mark => ({
  ...about,
  kind: 'mark',
  replayedTo: 'room.input.v1/0/99',
  replayedAt: 5_000,
})

test('letters are counted by topic, service and reason, whatever numbers stand in it, and the most frequent come first', () => {
  const tally = createTally({ limit: 10 })
  tally.take(letter(1, { service: 'edge' }))
  for (const offset of [2, 3, 4]) tally.take(letter(offset))
  tally.take(mark(letter(3)))
  assert.deepEqual(
    tally.rows().map(({ service, why, letters, replayed, newest }) => [service, why, letters, replayed, newest]),
    [
      ['state-machine', 'schema N: truncated', 3, 1, 1_004],
      ['edge', 'schema N: truncated', 1, 0, 1_001],
    ],
  )
})

test('the newest are kept, newest first, and say where they were replayed', () => {
  const tally = createTally({ limit: 2 })
  for (let offset = 0; offset < 50; offset += 1) tally.take(letter(offset))
  tally.take(mark(letter(48)))
  assert.deepEqual(
    tally.newest().map(({ at, replayed }) => [at.offset, replayed?.to]),
    [
      [49, undefined],
      [48, 'room.input.v1/0/99'],
    ],
  )
})

test('however many reasons there are, the rows are bounded, and none is left out of the count', () => {
  const tally = createTally({ limit: 1 })
  for (let offset = 0; offset < 1_000; offset += 1)
    tally.take(letter(offset, { service: `s${String.fromCharCode(97 + (offset % 26))}${'x'.repeat(offset % 40)}` }))
  const rows = tally.rows()
  assert.ok(rows.length <= 201)
  assert.equal(
    rows.reduce((sum, { letters }) => sum + letters, 0),
    1_000,
  )
})

test('a filter asks for all that it names, of letters and of marks', () => {
  const one = letter(1)
  assert.ok(matches(one, {}))
  assert.ok(
    matches(mark(one), { topic: 'room.input.v1', room: 'r1', code: 'RECORD_UNREADABLE', service: 'state-machine' }),
  )
  assert.ok(matches(one, { sinceMs: 1_001 }))
  for (const filter of [{ topic: 'x' }, { room: 'r2' }, { code: 'X' }, { service: 'edge' }, { sinceMs: 1_002 }])
    assert.ok(!matches(one, filter))
  assert.ok(!matches(letter(1, { room: null }), { room: 'r1' }))
})
