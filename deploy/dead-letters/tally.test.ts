import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Letter } from './letter.ts'
import { matches } from './filter.ts'
import { createTally } from './tally.ts'
import { aLetter, aMark, now } from './testing.ts'

const letter = (offset: number, over: Partial<Letter> = {}): Letter =>
  aLetter(offset, { why: `schema ${offset}: truncated`, ...over })

test('letters are counted by topic, service and reason, whatever numbers stand in it, and the most frequent come first', () => {
  const tally = createTally({ limit: 10 })
  tally.take(letter(1, { service: 'edge' }))
  for (const offset of [2, 3, 4]) tally.take(letter(offset))
  tally.take(aMark(letter(3)))
  assert.deepEqual(
    tally.rows().map(({ service, why, letters, replayed, newest }) => [service, why, letters, replayed, newest]),
    [
      ['state-machine', 'schema N: truncated', 3, 1, now + 4],
      ['edge', 'schema N: truncated', 1, 0, now + 1],
    ],
  )
})

test('the newest are kept, newest first, and say where they were replayed, also those that a slow instance wrote after the replay', () => {
  const tally = createTally({ limit: 2 })
  tally.noteReplay(aMark(letter(49)))
  for (let offset = 0; offset < 50; offset += 1) tally.take(letter(offset))
  tally.noteReplay(aMark(letter(47)))
  assert.deepEqual(
    tally.newest().map(({ at, replayed }) => [at.offset, replayed?.to]),
    [
      [149, 'room.input.v1/3/999'],
      [148, undefined],
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
    matches(aMark(one), { topic: 'room.input.v1', room: 'r1', code: 'RECORD_UNREADABLE', service: 'state-machine' }),
  )
  assert.ok(matches(one, { sinceMs: now + 1 }))
  for (const filter of [{ topic: 'x' }, { room: 'r2' }, { code: 'X' }, { service: 'edge' }, { sinceMs: now + 2 }])
    assert.ok(!matches(one, filter))
  assert.ok(!matches(letter(1, { room: null }), { room: 'r1' }))
})
