import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { writeVariables } from '../../deploy/local/environment.ts'
import { findProcess, isAlive, type ProcessRecord } from '../../deploy/local/processes.ts'
import { root } from '../../deploy/local/services.ts'
import { skipWithoutMonitoring } from '../support/monitoring.ts'
import { until } from '../support/until.ts'

const upWithinMs = 60_000
const names = ['prometheus', 'alertmanager'] as const

type Watching = {
  readonly child: ChildProcess
  readonly lines: readonly string[]
  readonly records: readonly ProcessRecord[]
}

/** `make watch` beside a system that has been started once; resolves when it says how to stop it. */
const startWatch = async (t: TestContext): Promise<Watching> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-watch-'))
  await writeVariables(dataDir, { INGEST_ADMIN_PORT: '1' })
  const env = { ...process.env, DATA_DIR: dataDir, PROMETHEUS_PORT: '0', ALERTMANAGER_PORT: '0' }
  const program = join(root, 'deploy', 'observability', 'watch.ts')
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    await rm(dataDir, { recursive: true, force: true })
  })
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  await until('it says how to stop it', () => lines.some((line) => line.includes('Ctrl-C')), upWithinMs)
  const folder = join(dataDir, 'observability')
  const records = await Promise.all(names.map((name) => findProcess(folder, name)))
  return { child, lines, records: records.filter((record) => record !== undefined) }
}

const areGone = async (records: readonly ProcessRecord[]): Promise<boolean> =>
  !(await Promise.all(records.map(isAlive))).includes(true)

test('it prints where both are to be found, and Ctrl-C stops both', { skip: skipWithoutMonitoring }, async (t) => {
  const { child, lines, records } = await startWatch(t)
  assert.equal(records.length, names.length)
  const addresses = lines.flatMap((line) => /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? [])
  assert.equal(addresses.length, names.length)
  for (const address of addresses) {
    const answer = await fetch(`${address}/-/healthy`, { signal: AbortSignal.timeout(5_000) })
    assert.equal(answer.status, 200)
    await answer.body?.cancel()
  }
  child.kill('SIGINT')
  const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(30_000) })
  assert.equal(code, 0)
  assert.ok(await areGone(records))
})

test('when it is killed, both end as well', { skip: skipWithoutMonitoring }, async (t) => {
  const { child, records } = await startWatch(t)
  assert.equal(records.length, names.length)
  child.kill('SIGKILL')
  await until('both are gone', () => areGone(records), 30_000)
})

test('when one of the two dies, it stops the other and says so', { skip: skipWithoutMonitoring }, async (t) => {
  const { child, records } = await startWatch(t)
  const [prometheus] = records
  assert.ok(prometheus !== undefined)
  process.kill(prometheus.pid, 'SIGKILL')
  const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(30_000) })
  assert.equal(code, 1)
  assert.ok(await areGone(records))
})
