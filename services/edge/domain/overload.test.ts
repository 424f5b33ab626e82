import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { measureLoad, noLoad, type Load } from './overload.ts'

const limits = { maxLatenessMs: 100, maxQueuedBytes: 1_000 }
const everyMs = 100

type Measured = { readonly latenessMs: number; readonly queuedBytes: number }

/** Every state of the load, one for each measurement. */
const run = (...measured: readonly Measured[]): readonly Load[] => {
  let load = noLoad
  return measured.map((one, index) => (load = measureLoad(load, { nowMs: index * everyMs, ...one }, limits)))
}
const times = (count: number, one: Partial<Measured>): readonly Measured[] =>
  Array.from({ length: count }, () => ({ latenessMs: 0, queuedBytes: 0, ...one }))
const isOver = (loads: readonly Load[]): boolean | undefined => loads.at(-1)?.isOver

test('too many bytes in the queues are an overload at once', () => {
  assert.equal(isOver(run(...times(1, { queuedBytes: 1_001 }))), true)
  assert.equal(isOver(run(...times(1, { queuedBytes: 1_000 }))), false)
})

test('one late timer is none, timers that stay late are', () => {
  assert.equal(isOver(run(...times(1, { latenessMs: 450 }))), false)
  assert.equal(isOver(run(...times(20, { latenessMs: 110 }))), true)
})

test('it ends when it was calm for a second', () => {
  const over = times(1, { queuedBytes: 2_000 })
  assert.equal(isOver(run(...over, ...times(10, { queuedBytes: 500 }))), true)
  assert.equal(isOver(run(...over, ...times(11, { queuedBytes: 500 }))), false)
  assert.equal(isOver(run(...over, ...times(30, { queuedBytes: 501 }))), true)
  const again = [...times(9, {}), ...times(1, { queuedBytes: 900 }), ...times(10, {})]
  assert.equal(isOver(run(...over, ...again)), true, 'the second begins anew')
})

test('whatever is measured, it goes on only above a limit, and off only below half of both', () => {
  const measured = fc.record({ latenessMs: fc.nat(300), queuedBytes: fc.nat(2_500) })
  fc.assert(
    fc.property(fc.array(measured, { maxLength: 100 }), (all) => {
      let before = noLoad
      for (const [index, load] of run(...all).entries()) {
        const queuedBytes = all[index]?.queuedBytes ?? 0
        if (load.isOver && !before.isOver) assert.ok(queuedBytes > 1_000 || load.latenessMs > 100)
        if (!load.isOver && before.isOver) assert.ok(queuedBytes <= 500 && load.latenessMs <= 50)
        before = load
      }
    }),
  )
})
