import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createTurns } from './turns.ts'

test('one key has one turn at a time, items of a key keep their order, and all get their turn', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ do: fc.constant('take' as const) }),
    fc.record({ do: fc.constant('end' as const), nth: fc.nat(2) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (steps, maxRunning) => {
      const turns = createTurns<number>({ maxRunning })
      const running: string[] = []
      const added = new Map<string, number[]>()
      const taken = new Map<string, number[]>()
      const take = (): boolean => {
        const turn = turns.take()
        if (turn === undefined) return false
        assert.ok(!running.includes(turn.key))
        running.push(turn.key)
        taken.set(turn.key, [...(taken.get(turn.key) ?? []), turn.item])
        assert.ok(running.length <= maxRunning)
        return true
      }
      const end = (nth: number): void => {
        const [key] = running.splice(nth % Math.max(1, running.length), 1)
        if (key !== undefined) turns.end(key)
      }
      steps.forEach((what, number) => {
        if (what.do === 'take') take()
        else if (what.do === 'end') end(what.nth)
        else {
          turns.add(what.key, number)
          added.set(what.key, [...(added.get(what.key) ?? []), number])
        }
        assert.equal(turns.running(), running.length)
      })
      while (take() || running.length > 0) end(0)
      assert.deepEqual(Object.fromEntries(taken), Object.fromEntries(added))
    }),
  )
})
