import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeTurns } from './take-turns.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('no more than the limit run at the same time, and the others follow in their order', async () => {
  const runs: { readonly input: string; readonly finish: () => void }[] = []
  const work = takeTurns(2, async (input: string) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    runs.push({ input, finish: resolve })
    await promise
    return input.toUpperCase()
  })
  const all = Promise.all(['a', 'b', 'c', 'd'].map(work))
  assert.deepEqual(
    runs.map(({ input }) => input),
    ['a', 'b'],
  )
  for (const index of [1, 0, 2, 3]) {
    runs[index]?.finish()
    await nextTurn()
  }
  assert.deepEqual(
    runs.map(({ input }) => input),
    ['a', 'b', 'c', 'd'],
  )
  assert.deepEqual(await all, ['A', 'B', 'C', 'D'])
})

test('a failure gives its turn back', async () => {
  const work = takeTurns(1, async (input: number) => {
    if (input === 0) throw new Error('zero')
    return input
  })
  await Promise.all([assert.rejects(work(0), /zero/), assert.rejects(work(0), /zero/)])
  assert.equal(await work(1), 1)
})
