import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRoom, type Room } from './room.ts'
import type { PushLine, SubscribedLine, Weight } from './wire.ts'

const line = (type: number, weight: Weight, pos: number | undefined, over: Partial<PushLine> = {}): PushLine => ({
  type,
  time: 2_000,
  data: { uid: 'u', name: 'U', roomId: 'r1' },
  room: 'r1',
  weight,
  ...(pos === undefined ? {} : { pos }),
  id: `${weight}/${pos}`,
  ...over,
})
const state = (asOf: number, over: object = {}): PushLine =>
  line(104, 5, undefined, {
    time: 1_000,
    asOf: { 4: asOf, 5: asOf },
    data: { roomId: 'r1', uid: 'u', name: 'U', status: 0, type: 2, likes: 5, viewers: 1, session: null, ...over },
  })
const answer = (pos: number, over: Partial<SubscribedLine> = {}): SubscribedLine => ({
  op: 'subscribed',
  room: 'r1',
  epoch: 'e1',
  positions: { 4: pos, 5: pos, 8: pos, 9: pos },
  ...over,
})
const subscribed = (pos: number): Room => {
  const room = createRoom('r1')
  room.subscribed(answer(pos))
  return room
}

test('the cursor of each weight begins where `subscribed` says and goes on with each message', () => {
  const room = createRoom('r1')
  assert.equal(room.resume(), null)
  room.subscribed(answer(10))
  room.take(line(6, 8, 14))
  room.take(line(9, 5, 12))
  room.take(state(12))
  assert.deepEqual(room.resume(), { epoch: 'e1', positions: { 4: 10, 5: 12, 8: 14, 9: 10 } })
})

test('what is at or before the cursor is not told, save an invite or agreement that is sent again, once', () => {
  const room = subscribed(10)
  for (const [type, weight] of [
    [9, 5],
    [6, 8],
    [7, 9],
  ] as const) {
    assert.equal(room.take(line(type, weight, 10)), null)
    assert.notEqual(room.take(line(type, weight, 11)), null)
    assert.equal(room.take(line(type, weight, 11)), null)
  }
  assert.notEqual(room.take(line(1, 4, 3)), null)
  assert.equal(room.take(line(1, 4, 3)), null)
  assert.equal(room.resume()?.positions[4], 10)
})

test('a missed message that the state includes is told, says so, and does not change the view', () => {
  const room = subscribed(10)
  room.take(state(20, { status: 0 }))
  const missed = room.take(line(9, 5, 15))
  assert.deepEqual([missed?.name, missed?.isIncluded, room.view()?.status], ['stream-published', true, 0])
  const live = room.take(line(9, 5, 21))
  assert.deepEqual([live?.isIncluded, room.view()?.status], [false, 1])
})

test('a comment or like is never included: the state says nothing of them', () => {
  const room = subscribed(10)
  room.take(state(20))
  assert.equal(room.take(line(6, 8, 15))?.isIncluded, false)
})

test('a resume that was recovered does not step back to where it was asked', () => {
  const room = subscribed(10)
  room.take(line(9, 5, 15)) // by the old connection, after the new one was asked
  room.subscribed(answer(10, { recovered: true }))
  assert.equal(room.take(line(9, 5, 15)), null)
  assert.equal(room.resume()?.positions[5], 15)
})

test('a resume that was not recovered goes on where the edge says; what was told is told by its id', () => {
  const room = subscribed(10)
  room.take(line(9, 5, 15))
  room.subscribed(answer(12, { recovered: false }))
  assert.notEqual(room.take(line(9, 5, 13)), null)
  assert.equal(room.take(line(9, 5, 15)), null)
})

test('another epoch begins anew', () => {
  const room = subscribed(1_000)
  room.subscribed(answer(5, { epoch: 'e2', recovered: false }))
  assert.notEqual(room.take(line(9, 5, 6)), null)
  assert.deepEqual(room.resume()?.epoch, 'e2')
})

test('a type that nobody knows yet moves the cursor and is not told', () => {
  const room = subscribed(10)
  assert.equal(room.take(line(999, 5, 11)), null)
  assert.equal(room.resume()?.positions[5], 11)
})

test('ids are forgotten in time: memory is bounded', () => {
  const room = subscribed(1_000)
  room.take(line(1, 4, 1))
  for (let pos = 0; pos < 600; pos += 1) room.take(line(100, 4, 2_000 + pos))
  assert.notEqual(room.take(line(1, 4, 1)), null)
})
