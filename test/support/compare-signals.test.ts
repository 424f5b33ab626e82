import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences, type SeenSignal } from './compare-signals.ts'
import type { LoggedSignal } from './push-log.ts'

const logged = (pos: number, over: Partial<LoggedSignal> = {}): LoggedSignal => ({
  pos,
  id: `id${pos}`,
  type: 9,
  weight: 5,
  toUid: null,
  expiresAt: Infinity,
  ...over,
})
const invite = { type: 1, weight: 4, toUid: 'me' } as const
const log = [
  logged(0),
  logged(1, invite),
  logged(2),
  logged(3, { ...invite, toUid: 'other' }),
  logged(4, { ...invite, expiresAt: 1_000 }),
  logged(5),
]
const seenOf = (...positions: readonly number[]): readonly SeenSignal[] =>
  positions.map((pos) => {
    const { id, weight, type } = log[pos] ?? logged(pos)
    return { pos, id, weight, type }
  })
const compare = (seen: readonly SeenSignal[], over: { from?: { 4: number; 5: number }; until?: number } = {}) =>
  differences({ seen, log, uid: 'me', from: { 4: -1, 5: -1 }, until: 500, ...over })

test('what the log has for a user, in its order within each weight, is no difference', () => {
  assert.deepEqual(compare(seenOf(0, 1, 2, 4, 5)), [])
  assert.deepEqual(compare(seenOf(1, 4, 0, 2, 5)), [])
  assert.deepEqual(compare(seenOf(4, 5), { from: { 4: 1, 5: 2 } }), [])
})

test('what is missing, doubled, out of order, another’s or another message is told', () => {
  assert.deepEqual(compare(seenOf(0, 1, 4, 5)), ['weight 5, pos 2, type 9: missing'])
  assert.deepEqual(compare(seenOf(0, 1, 2, 2, 4, 5)), ['weight 5, pos 2, type 9: came after pos 2'])
  assert.deepEqual(compare(seenOf(0, 1, 4, 5, 2)), ['weight 5, pos 2, type 9: came after pos 5'])
  assert.deepEqual(compare(seenOf(0, 1, 2, 3, 4, 5)), ['weight 4, pos 3, type 1: not in the log for this user'])
  const changed = seenOf(0, 1, 2, 4, 5).map((one) => (one.pos === 5 ? { ...one, id: 'id6' } : one))
  assert.deepEqual(compare(changed), ['weight 5, pos 5, type 9: another message than in the log'])
})

test('an invite that has expired may come or not', () => {
  assert.deepEqual(compare(seenOf(0, 1, 2, 5), { until: 1_000 }), [])
  assert.deepEqual(compare(seenOf(0, 1, 2, 5), { until: 999 }), ['weight 4, pos 4, type 1: missing'])
  assert.deepEqual(compare(seenOf(0, 2, 4, 5), { until: 1_000 }), ['weight 4, pos 1, type 1: missing'])
})
