import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { compile } from './compile.ts'

/** A folder with these files, and one for what is made of them; both go when the test ends. */
const lay = (t: TestContext, files: Readonly<Record<string, string>>): { root: string; folder: string } => {
  const work = mkdtempSync(join(tmpdir(), 'roomcast-compile-'))
  t.after(() => rmSync(work, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, 'sources', path)), { recursive: true })
    writeFileSync(join(work, 'sources', path), text)
  }
  return { root: join(work, 'sources'), folder: join(work, 'image') }
}

test('what an entry imports is written as JavaScript, at the same lines and columns, and nothing else', (t) => {
  const { root, folder } = lay(t, {
    'a/main.ts':
      "import { two } from '../b/two.ts'\nexport const three: number = two + 1 // here\nawait import('./late.ts')\n",
    'b/two.ts': "import type { Unused } from './unused.ts'\nexport const two = 2 satisfies Unused\n",
    'a/late.ts': 'export const late = true\n',
    'b/unused.ts': 'export type Unused = number\n',
  })
  assert.deepEqual(compile({ root, folder, entries: ['a/main.ts'] }), ['a/main.js', 'b/two.js', 'a/late.js'])
  const lines = readFileSync(join(folder, 'a/main.js'), 'utf8').split('\n')
  assert.equal(lines[0], "import { two } from '../b/two.js'")
  assert.equal(lines[1]?.indexOf('// here'), 'export const three: number = two + 1 '.length)
  assert.equal(lines[2], "await import('./late.js')")
  assert.equal(existsSync(join(folder, 'b/unused.js')), false)
})

test('an import that leads nowhere stops the build', (t) => {
  const { root, folder } = lay(t, { 'main.ts': "import './gone.ts'\n" })
  assert.throws(() => compile({ root, folder, entries: ['main.ts'] }), /gone\.ts/)
})
