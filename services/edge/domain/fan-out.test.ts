import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fanOut, type FanOut } from './fan-out.ts'
import type { Weight } from '../../../schemas/events.ts'
import type { Line } from './line.ts'

const line = (weight: Weight, pos: number, toUid: string | null = null): Line => ({
  room: 'r1',
  weight,
  pos,
  bytes: Buffer.alloc(1),
  occurredAt: 0,
  toUid,
  expiresAt: Infinity,
  liked:
    weight === 9 && toUid === null ? { eventId: '', roomId: 'r1', occurredAt: 0, uid: '', name: '', count: 1 } : null,
})
const shown = (lines: readonly Line[] = []): readonly string[] => lines.map(({ weight, pos }) => `${weight}:${pos}`)

const withCount = (like: Line, count: number): Line => ({
  ...like,
  liked: like.liked === null ? null : { ...like.liked, count },
})
const arranged = (...lines: readonly Line[]): FanOut => fanOut(lines, withCount)

test('what came in one tick leaves in weight order, inside a weight in the order of the log', () => {
  const { shared } = arranged(line(9, 1), line(8, 2), line(5, 3), line(8, 4), line(5, 5))
  assert.deepEqual(shown(shared), ['5:3', '5:5', '8:2', '8:4', '9:1'])
})

test('what is for one user is not among what is shared', () => {
  const { shared, personal } = arranged(line(8, 1), line(4, 1, 'u1'), line(4, 2, 'u2'), line(5, 3))
  assert.deepEqual(shown(shared), ['5:3', '8:1'])
  assert.deepEqual(
    personal.map(({ toUid, pos }) => `${toUid}:${pos}`),
    ['u1:1', 'u2:2'],
  )
})

test('likes become one, the newest, with the sum of all', () => {
  const { shared, merged } = arranged(line(9, 1), line(9, 2), withCount(line(9, 5), 7))
  assert.deepEqual(merged, { counted: 2, replaced: 0 })
  assert.deepEqual(
    shared.map(({ pos, liked }) => [pos, liked?.count]),
    [[5, 9]],
  )
})

test('a like that came alone is left as it is', () => {
  const only = line(9, 1)
  assert.equal(arranged(only).shared[0], only)
})

test('of counts of viewers the newest is left, beside the likes', () => {
  const count = (time: number): Line => ({ ...line(9, 0), pos: null, liked: null, occurredAt: time })
  const { shared, merged } = arranged(count(1), line(9, 4), count(2))
  assert.deepEqual(merged, { counted: 0, replaced: 1 })
  assert.deepEqual(
    shared.map(({ pos, occurredAt }) => [pos, occurredAt]),
    [
      [4, 0],
      [null, 2],
    ],
  )
})
