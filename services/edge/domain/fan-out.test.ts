import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fanOut } from './fan-out.ts'
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
  liked: null,
})
const shown = (lines: readonly Line[] = []): readonly string[] => lines.map(({ weight, pos }) => `${weight}:${pos}`)

test('what came in one tick leaves in weight order, inside a weight in the order of the log', () => {
  const { shared } = fanOut([line(9, 1), line(8, 2), line(5, 3), line(8, 1), line(4, 9), line(5, 4)])
  assert.deepEqual(shown(shared), ['4:9', '5:3', '5:4', '8:2', '8:1', '9:1'])
})

test('what is for one user is in nobody else’s lines, and among the shared ones in his', () => {
  const { shared, personal } = fanOut([line(8, 1), line(4, 1, 'u1'), line(4, 2, 'u2'), line(5, 3)])
  assert.deepEqual(shown(shared), ['5:3', '8:1'])
  assert.deepEqual([...personal.keys()], ['u1', 'u2'])
  assert.deepEqual(shown(personal.get('u1')), ['4:1', '5:3', '8:1'])
  assert.deepEqual(shown(personal.get('u2')), ['4:2', '5:3', '8:1'])
})
