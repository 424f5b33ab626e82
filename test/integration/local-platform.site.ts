import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext } from 'node:test'
import { down, status, up } from '../../deploy/local/commands.ts'
import { explain } from '../../deploy/local/error.ts'
import { findProcess, isAlive, type ProcessRecord } from '../../deploy/local/processes.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { silentLog } from '../../services/shared/log.ts'
import { standInProgram, standInServices } from './local-platform.stand-in.ts'

const standIn = join(import.meta.dirname, 'local-platform.stand-in.ts')
export const deadlineMs = 30_000

let programs = ''
before(async () => {
  programs = await mkdtemp(join(tmpdir(), 'roomcast-stand-ins-'))
  await writeFile(join(programs, 'ingest.mjs'), standInProgram('ingest', 'INGEST_ADMIN_PORT'))
  await writeFile(join(programs, 'edge.mjs'), standInProgram('edge', 'EDGE_ADMIN_PORT'))
})
after(() => rm(programs, { recursive: true, force: true }))

/** All in one folder, removed at the very end: a test's own hooks still stop, by what is in there, what it started. */
const folder = await mkdtemp(join(tmpdir(), 'roomcast-local-'))
after(() => rm(folder, { recursive: true, force: true }))

export const makeDataDir = (): Promise<string> => mkdtemp(join(folder, 'data-'))

type Command = 'up' | 'down' | 'status'
type Outcome = { readonly code: number | null; readonly output: string }

export const launch = (
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  withinMs = deadlineMs,
) => {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const collect = (text: string): void => void (output += text)
  child.stdout.setEncoding('utf8').on('data', collect)
  child.stderr.setEncoding('utf8').on('data', collect)
  // `close`, not `exit`: it comes when nobody holds the other ends of the pipes any more.
  const outcome: Promise<Outcome> = once(child, 'close', { signal: AbortSignal.timeout(withinMs) }).then(([code]) => ({
    code: typeof code === 'number' ? code : null,
    output,
  }))
  const says = async (text: string): Promise<void> => {
    assert.ok(
      await waitUntil(() => output.includes(text), { deadlineMs: withinMs }),
      `it never said "${text}" but: ${output}`,
    )
  }
  return { child, outcome, says }
}

/** A DATA_DIR with stand-in services, beside a broker and a registry that are given (and never asked). */
export const createSite = async (t: TestContext) => {
  const dataDir = await makeDataDir()
  const env = {
    DATA_DIR: dataDir,
    KAFKA_BROKERS: '127.0.0.1:9',
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9/apis/ccompat/v7',
    INGEST_PORT: '0',
    INGEST_ADMIN_PORT: '0',
    EDGE_PORT: '0',
    EDGE_ADMIN_PORT: '0',
  }
  /** As a process of its own, to be killed and interrupted. */
  const begin = (command: 'up' | 'run', more: Readonly<Record<string, string>> = {}) =>
    launch(standIn, [command, programs], { ...env, ...more })
  const does = async (command: Command, more: Readonly<Record<string, string>> = {}): Promise<Outcome> => {
    let output = ''
    try {
      const isComplete = await { up, down, status }[command]({
        env: { ...env, ...more },
        services: standInServices(programs),
        setup: () => Promise.resolve(),
        log: silentLog,
        say: (line) => void (output += `${line}\n`),
        signal: AbortSignal.timeout(deadlineMs),
      })
      return { code: isComplete === false ? 1 : 0, output }
    } catch (error) {
      return { code: 1, output: output + explain(error) }
    }
  }
  const succeeds = async (command: Command, more: Readonly<Record<string, string>> = {}): Promise<string> => {
    const { code, output } = await does(command, more)
    assert.equal(code, 0, output)
    return output
  }
  const find = async (name: string): Promise<ProcessRecord> => {
    const record = await findProcess(dataDir, name)
    assert.ok(record, `${name} does not run`)
    return record
  }
  const tell = (what: string): Promise<void> => writeFile(join(dataDir, what), '')
  t.after(() => does('down'))
  return { dataDir, begin, does, succeeds, find, tell }
}

export const kill = async (record: ProcessRecord): Promise<void> => {
  process.kill(record.pid, 'SIGKILL')
  assert.ok(await waitUntil(async () => !(await isAlive(record)), { deadlineMs }))
}
