import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { writeVariables } from '../local/environment.ts'

const withinMs = 20_000

/** Runs `make watch` without any program on the PATH; it must end by itself. */
const runWatch = (env: Readonly<Record<string, string>>): Promise<{ readonly code: unknown; readonly said: string }> =>
  new Promise((resolve) => {
    const program = join(import.meta.dirname, 'watch.ts')
    execFile(process.execPath, [program], { env: { PATH: '', ...env }, timeout: withinMs }, (error, _out, said) =>
      resolve({ code: error === null ? 0 : error.code, said }),
    )
  })

const makeDataDir = async (t: TestContext): Promise<string> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-watch-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  return dataDir
}

test('where nothing was ever started, it says what to do first', async (t) => {
  const { code, said } = await runWatch({ DATA_DIR: await makeDataDir(t) })
  assert.equal(code, 1)
  assert.match(said, /^\s*watch: nothing was started in .*make run or make up\s*$/)
})

test('where the programs are missing, it names them and the packages', async (t) => {
  const dataDir = await makeDataDir(t)
  await writeVariables(dataDir, { INGEST_ADMIN_PORT: '1' })
  const { code, said } = await runWatch({ DATA_DIR: dataDir })
  assert.equal(code, 1)
  assert.match(said, /not installed: prometheus, promtool, alertmanager, amtool\./)
  assert.match(said, /apt-get install prometheus prometheus-alertmanager/)
})

test('a port that is none is named, and nothing is started', async (t) => {
  const { code, said } = await runWatch({ DATA_DIR: await makeDataDir(t), PROMETHEUS_PORT: 'many' })
  assert.equal(code, 1)
  assert.match(said, /PROMETHEUS_PORT/)
})
