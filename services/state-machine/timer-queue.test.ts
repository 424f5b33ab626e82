import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createTimerQueue } from './timer-queue.ts'

const deadline = (at: number, generation: number): Parameters<ReturnType<typeof createTimerQueue>['add']>[0] => ({
  roomId: 'r',
  kind: 'grace',
  subject: '',
  generation,
  at,
})

test('gives out what is due, earliest first, and keeps the rest', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.nat(1000), fc.nat(50), (times, now, limit) => {
      const queue = createTimerQueue()
      times.forEach((at, index) => queue.add(deadline(at, index)))
      const expected = times.filter((at) => at <= now).toSorted((a, b) => a - b)
      const taken = queue.takeDue(now, limit).map(({ at }) => at)
      assert.deepEqual(taken, expected.slice(0, limit))
      assert.equal(queue.size(), times.length - taken.length)
      const rest = [...times].toSorted((a, b) => a - b).slice(taken.length)
      assert.equal(queue.nextAt(), rest[0])
    }),
  )
})
