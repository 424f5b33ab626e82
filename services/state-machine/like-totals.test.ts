import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Room } from '../../schemas/types.generated.ts'
import { World } from './domain/testing/world.ts'
import { createLikeTotals, type Like } from './like-totals.ts'

const roomWith = (roomId: string): Room => {
  const world = new World()
  world.create(roomId)
  return world.room(roomId)
}
const ids = ['A', 'B', 'C'] as const

/** Committed states, and totals over them on a clock moved by hand. */
const stage = (next = 0) => {
  const rooms = new Map<string, Room>(ids.map((id) => [id, roomWith(id)]))
  let now = 0
  let totals = createLikeTotals({ next, now: () => now })
  return {
    rooms,
    totals: () => totals,
    pass: (ms: number) => {
      now += ms
    },
    take: (likes: readonly Like[], position: number) => totals.take(likes, position, (id) => rooms.get(id)),
    /** Folds and commits; returns what `next` was committed. */
    commit: (): number => {
      for (const room of totals.fold((id) => rooms.get(id))) rooms.set(room.roomId, room)
      return totals.next()
    },
    restart: (from: number) => {
      totals = createLikeTotals({ next: from, now: () => now })
    },
  }
}

test('a room is written at most once a second, with all its likes until then', () => {
  const { take, pass, commit, rooms, totals } = stage()
  take([{ roomId: 'A', count: 2, offset: 0 }], 1)
  assert.equal(totals().msUntilDue(), 1_000)
  pass(999)
  assert.equal(commit(), 0)
  assert.equal(rooms.get('A')?.likes, 0)
  take([{ roomId: 'A', count: 3, offset: 1 }], 2)
  pass(1)
  assert.equal(commit(), 2)
  assert.deepEqual([rooms.get('A')?.likes, rooms.get('A')?.likePos], [5, 2])
})

test('what is not counted yet is where a restart begins', () => {
  const { take, pass, commit } = stage()
  take([{ roomId: 'A', count: 1, offset: 0 }], 1)
  pass(600)
  take(
    [
      { roomId: 'B', count: 1, offset: 1 },
      { roomId: 'A', count: 1, offset: 2 },
    ],
    3,
  )
  pass(400)
  assert.equal(commit(), 1)
  pass(600)
  assert.equal(commit(), 3)
})

test('a position without likes of ours is worth a commit now and then', () => {
  const { take, pass, commit, totals } = stage()
  assert.equal(totals().msUntilDue(), undefined)
  take([], 50)
  assert.equal(totals().msUntilDue(), 10_000)
  pass(10_000)
  assert.equal(commit(), 50)
  assert.equal(totals().msUntilDue(), undefined)
})

test('likes of a room that is not there are passed over', () => {
  const { take, pass, commit, rooms } = stage()
  take([{ roomId: 'nobody', count: 4, offset: 0 }], 1)
  pass(1_000)
  assert.equal(commit(), 1)
  assert.equal(rooms.has('nobody'), false)
})

test('a fold takes 500 rooms at most, and the rest with the next', () => {
  const { take, pass, commit, rooms, totals } = stage()
  const one = roomWith('A')
  const likes = Array.from({ length: 700 }, (_, offset) => ({ roomId: `r${offset}`, count: 1, offset }))
  for (const { roomId } of likes) rooms.set(roomId, { ...one, roomId })
  take(likes, 700)
  pass(1_000)
  assert.equal(commit(), 500)
  assert.equal(totals().msUntilDue(), 0)
  assert.equal(commit(), 700)
  assert.ok(likes.every(({ roomId }) => rooms.get(roomId)?.likes === 1))
})

test('totals are exact whatever is read, committed and restarted in between', () => {
  const act = fc.oneof(
    fc.record({
      do: fc.constant('like' as const),
      roomId: fc.constantFrom(...ids),
      count: fc.integer({ min: 1, max: 9 }),
    }),
    fc.record({ do: fc.constant('read' as const), upTo: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constantFrom('commit' as const, 'restart' as const) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const { rooms, take, pass, commit, restart } = stage()
      const log: Like[] = []
      let read = 0
      let committed = 0
      const readUpTo = (end: number): void => {
        take(log.slice(read, end), Math.min(end, log.length))
        read = Math.min(end, log.length)
      }
      for (const one of acts) {
        if (one.do === 'like') log.push({ roomId: one.roomId, count: one.count, offset: log.length })
        if (one.do === 'read') readUpTo(read + one.upTo)
        if (one.do === 'pass') pass(one.ms)
        if (one.do === 'commit') committed = commit()
        if (one.do === 'restart') {
          restart(committed)
          read = committed
        }
      }
      readUpTo(log.length)
      pass(1_000)
      assert.equal(commit(), log.length)
      for (const id of ids) {
        const expected = log.filter(({ roomId }) => roomId === id).reduce((sum, { count }) => sum + count, 0)
        assert.equal(rooms.get(id)?.likes, expected)
      }
    }),
  )
})
