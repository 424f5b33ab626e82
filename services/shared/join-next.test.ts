import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinNext } from './join-next.ts'

const start = () => {
  const runs: PromiseWithResolvers<string>[] = []
  const join = joinNext(() => {
    const run = Promise.withResolvers<string>()
    runs.push(run)
    return run.promise
  })
  return { runs, join }
}
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('who calls during a run gets the result of the next one, which all such callers share', async () => {
  const { runs, join } = start()
  const first = join()
  const [second, third] = [join(), join()]
  assert.equal(runs.length, 1)
  runs[0]?.resolve('old')
  assert.equal(await first, 'old')
  await nextTurn()
  assert.equal(runs.length, 2)
  runs[1]?.resolve('new')
  assert.deepEqual(await Promise.all([second, third]), ['new', 'new'])
})

test('a run that fails fails for its own callers alone', async () => {
  const { runs, join } = start()
  const first = join()
  const second = join()
  runs[0]?.reject(new Error('away'))
  await assert.rejects(first, /away/)
  await nextTurn()
  runs[1]?.resolve('back')
  assert.equal(await second, 'back')
})

test('after a run that nobody joined the next call starts one', async () => {
  const { runs, join } = start()
  const first = join()
  runs[0]?.resolve('one')
  await first
  const second = join()
  runs[1]?.resolve('two')
  assert.equal(await second, 'two')
})
