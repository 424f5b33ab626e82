import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { z } from 'zod'
import { createJournal } from './journal.ts'

const schema = z.object({ rooms: z.array(z.string()) })

const openFor = async (t: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-journal-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'mixer', 'journal.json')
  const warnings: string[] = []
  const warned = Promise.withResolvers<void>()
  const log = {
    debug: () => {},
    info: () => {},
    warn: (_: object, message: string) => {
      warnings.push(message)
      warned.resolve()
    },
    error: () => {},
  }
  return { folder, file, warnings, warned: warned.promise, open: () => createJournal({ file, schema, log }) }
}

test('what was written last is read by the next journal, and nothing where there was none', async (t) => {
  const { file, open, warnings } = await openFor(t)
  const first = open()
  assert.equal(await first.read(), undefined)
  first.write({ rooms: ['a'] })
  await first.close()
  assert.deepEqual(await open().read(), { rooms: ['a'] })
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.deepEqual(warnings, [])
})

test('of many writes at once the newest one stays, whole, and nothing is left beside it', async (t) => {
  const { file, open } = await openFor(t)
  const journal = open()
  for (let number = 0; number < 1000; number++) journal.write({ rooms: [`room${number}`] })
  await journal.close()
  assert.deepEqual(await open().read(), { rooms: ['room999'] })
  assert.deepEqual(await readdir(join(file, '..')), ['journal.json'])
})

test('content that is no JSON or of another shape is nothing, and is warned of', async (t) => {
  const { file, open, warnings } = await openFor(t)
  await mkdir(join(file, '..'))
  for (const content of ['{"rooms":["a"', '', '{"rooms":[1]}', 'null']) {
    await writeFile(file, content)
    assert.equal(await open().read(), undefined)
  }
  assert.equal(warnings.length, 4)
})

test('a write that fails is warned of and made up for once it works again', async (t) => {
  const { folder, file, open, warned } = await openFor(t)
  await writeFile(join(folder, 'mixer'), 'a file in the place of the folder')
  const journal = open()
  journal.write({ rooms: ['a'] })
  await warned
  await rm(join(folder, 'mixer'))
  await journal.close()
  assert.equal(await readFile(file, 'utf8'), '{"rooms":["a"]}\n')
})

test('a write after the end is dropped', async (t) => {
  const { open } = await openFor(t)
  const journal = open()
  journal.write({ rooms: ['a'] })
  await journal.close()
  journal.write({ rooms: ['b'] })
  await journal.close()
  assert.deepEqual(await open().read(), { rooms: ['a'] })
})
