import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fifo } from './fifo.ts'

test('it is an array from which one takes in front', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(), fc.constantFrom('shift', 'odd')), { maxLength: 400 }), (steps) => {
      const fifo = new Fifo<number>()
      let model: number[] = []
      for (const step of steps) {
        if (step === 'shift') assert.equal(fifo.shift(), model.shift())
        else if (step === 'odd') {
          fifo.retain((item) => item % 2 === 1)
          model = model.filter((item) => item % 2 === 1)
        } else if (typeof step === 'number') {
          fifo.push(step)
          model.push(step)
        }
        assert.equal(fifo.size, model.length)
        assert.equal(fifo.peek(), model[0])
      }
      assert.deepEqual([...fifo], model)
    }),
  )
})
