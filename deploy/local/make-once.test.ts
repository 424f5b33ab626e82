import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeOnce } from './make-once.ts'

const startStage = async (t: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-once-'))
  t.after(() => rm(folder, { recursive: true }))
  let made = 0
  const path = join(folder, 'made')
  const make = async (): Promise<void> => {
    made += 1
    await mkdir(path) // fails the second time
  }
  return { path, make, made: () => made }
}

test('what several ask for at the same time is made once, and what is there is not made again', async (t) => {
  const { path, make, made } = await startStage(t)
  await Promise.all([makeOnce(path, make), makeOnce(path, make), makeOnce(path, make)])
  await makeOnce(path, make)
  assert.equal(made(), 1)
})

test('an error reaches all who asked, and the next one tries again', async (t) => {
  const { path, make } = await startStage(t)
  const fail = (): Promise<never> => Promise.reject(new Error('no network'))
  const asked = await Promise.allSettled([makeOnce(path, fail), makeOnce(path, fail)])
  assert.deepEqual(
    asked.map((each) => each.status === 'rejected' && String(each.reason)),
    ['Error: no network', 'Error: no network'],
  )
  await makeOnce(path, make)
})
