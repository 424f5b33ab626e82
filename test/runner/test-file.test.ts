import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runTestFile, wishesOf } from './test-file.ts'

const run = (name: string, deadlineMs = 60_000) =>
  runTestFile(`test/runner/fixtures/${name}.ts`, { deadlineMs, env: {} })

test('tests are counted, suites are not; what fails is named once, with its error', async () => {
  const { passed, skipped, skips, failures, told, output } = await run('mixed')
  assert.deepEqual([passed, skipped], [2, 2])
  assert.deepEqual(skips, ['is skipped: on purpose'])
  assert.deepEqual(told, ['42 m'])
  assert.deepEqual(
    failures.map(({ name, error }) => [name, error.split('\n')[0]]),
    [
      ['fails', 'Error: on purpose'],
      ['that fails', 'Error: deep inside'],
    ],
  )
  assert.equal(output, 'printed on the way\n')
})

test('a file without tests has failed', async () => {
  assert.deepEqual((await run('none')).failures, [{ name: 'the file as a whole', error: 'has no tests' }])
})

test('a file that crashes has failed', async () => {
  assert.deepEqual((await run('crashes')).failures, [{ name: 'the file as a whole', error: 'ended with exit code 3' }])
})

test('a file that takes too long has failed, and what it started is ended with it', async () => {
  const { failures, output } = await run('stuck', 3_000) // resolves when nobody holds its stdout any more
  assert.deepEqual(failures, [{ name: 'the file as a whole', error: 'not done within 3 s' }])
  assert.equal(output, 'started sleep\n')
})

test('a file that leaves something open has failed, though its tests passed', async () => {
  const { passed, failures } = await run('leaks')
  assert.equal(passed, 1)
  assert.match(failures[0]?.error ?? '', /does not end; still open: .*TCPServerWrap/)
})

test('a file says in comments how it wants to be run', () => {
  assert.deepEqual(wishesOf('test/runner/fixtures/stuck.ts'), {
    isAlone: true,
    deadlineMs: 3_000,
    wantsEngine: false,
  })
  assert.deepEqual(wishesOf('test/runner/fixtures/none.ts'), {
    isAlone: false,
    deadlineMs: undefined,
    wantsEngine: false,
  })
  assert.equal(wishesOf('test/integration/images.test.ts').wantsEngine, true)
})
