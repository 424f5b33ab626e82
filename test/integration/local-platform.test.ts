// deadline: 240 s
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readEnvironment } from '../../deploy/local/environment.ts'
import { writeJson } from '../../deploy/local/files.ts'
import { startPlatform } from '../../deploy/local/platform.ts'
import { findFreePort } from '../../deploy/local/ports.ts'
import { findProcess, isAlive, listProcesses, readStartTime } from '../../deploy/local/processes.ts'
import { setup } from '../../deploy/local/setup.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { probeBroker } from '../../services/shared/kafka/probe.ts'
import { silentLog } from '../../services/shared/log.ts'
import { createSite, deadlineMs, kill, launch, makeDataDir } from './local-platform.site.ts'

const roomcast = join(import.meta.dirname, '../../deploy/local/roomcast.ts')
/** A broker and a registry start, and their owner ends. */
const platformWithinMs = 120_000

describe('up', () => {
  test('starts the services with resolved settings, and no broker or registry where those are given', async (t) => {
    const { dataDir, begin, find } = await createSite(t)
    // It ends although the services hold on: nothing of its output is theirs.
    const { code, output } = await begin('up').outcome
    assert.equal(code, 0, output)

    const { ports } = await find('ingest')
    const seen: unknown = await (await fetch(`http://127.0.0.1:${ports['INGEST_ADMIN_PORT']}/environment`)).json()
    const environment = await readEnvironment(dataDir)
    assert.ok(environment)
    assert.partialDeepStrictEqual(seen, environment.variables)
    assert.partialDeepStrictEqual(environment.variables, {
      ALLOW_INSECURE_LOCAL: '1',
      KAFKA_BROKERS: '127.0.0.1:9',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9/apis/ccompat/v7',
      INGEST_PORT: String(ports['INGEST_PORT']),
    })
    assert.equal(environment.ingestUrl, `http://127.0.0.1:${ports['INGEST_PORT']}`)
    for (const shown of [environment.ingestUrl, environment.edgeUrl, environment.ingestApiKey, 'make demo']) {
      assert.ok(output.includes(shown), shown)
    }
    assert.deepEqual((await listProcesses(dataDir)).map(({ name }) => name).toSorted(), ['edge', 'ingest'])
  })

  test('makes the keys once, for their owner alone, and keeps ports and processes when it comes again', async (t) => {
    const { dataDir, succeeds } = await createSite(t)
    await succeeds('up')
    const first = [await readEnvironment(dataDir), await listProcesses(dataDir)]
    await succeeds('up')
    assert.deepEqual([await readEnvironment(dataDir), await listProcesses(dataDir)], first)
    await succeeds('down')
    assert.deepEqual(await listProcesses(dataDir), [])
    await succeeds('up')
    assert.deepEqual(await readEnvironment(dataDir), first[0])
    for (const file of ['keys.json', 'run/environment.json']) {
      assert.equal((await stat(join(dataDir, file))).mode & 0o777, 0o600)
    }
  })

  test('starts what has died and leaves the rest alone', async (t) => {
    const { succeeds, find } = await createSite(t)
    await succeeds('up')
    const [ingest, edge] = [await find('ingest'), await find('edge')]
    await kill(edge)
    await succeeds('up')
    assert.deepEqual(await find('ingest'), ingest)
    assert.notEqual((await find('edge')).pid, edge.pid)
    assert.deepEqual((await find('edge')).ports, edge.ports)
  })

  test('says which settings do not reach what runs already', async (t) => {
    const { succeeds } = await createSite(t)
    await succeeds('up')
    assert.match(await succeeds('up', { INVITE_TTL_MS: '5000' }), /keeps its earlier INVITE_TTL_MS: `make down` first/)
  })

  test('fails with the name of the service that does not start, how it ended and what it said last', async (t) => {
    const { does, tell } = await createSite(t)
    await tell('edge-fails')
    const { code, output } = await does('up')
    assert.equal(code, 1)
    assert.match(output, /edge ended with exit code 3; the end of .*edge\.log:\n {2}edge has no luck today/)
  })

  test('names the holder of a taken port and the variable to change, and starts nothing', async (t) => {
    const { dataDir, does } = await createSite(t)
    const port = await findFreePort()
    const holder = createServer().listen(port, '127.0.0.1')
    await once(holder, 'listening')
    t.after(() => holder.close())
    const { code, output } = await does('up', { EDGE_PORT: String(port) })
    assert.equal(code, 1)
    assert.ok(output.includes(`port ${port} for edge is taken`), output)
    assert.ok(output.includes('EDGE_PORT'), output)
    if (process.platform === 'linux') assert.ok(output.includes(`pid ${process.pid}`), output)
    assert.deepEqual(await listProcesses(dataDir), [])
  })

  test('names a setting that makes no sense', async (t) => {
    const { does } = await createSite(t)
    const { code, output } = await does('up', { EDGE_PORT: 'many' })
    assert.equal(code, 1)
    assert.match(output, /EDGE_PORT/)
  })

  test('twice at the same time starts everything once', async (t) => {
    const { dataDir, begin } = await createSite(t)
    const outcomes = await Promise.all([begin('up').outcome, begin('up').outcome])
    assert.deepEqual(
      outcomes.map(({ code }) => code),
      [0, 0],
    )
    const starts = outcomes.filter(({ output }) => output.includes('starting ingest, edge'))
    assert.equal(starts.length, 1)
    assert.equal((await listProcesses(dataDir)).length, 2)
  })

  test('takes over the lock of a process that has died', async (t) => {
    const { dataDir, succeeds } = await createSite(t)
    await writeJson(join(dataDir, 'lock'), { pid: process.pid, startTime: 'long ago', command: 'up' })
    await succeeds('up')
    assert.deepEqual(
      (await readdir(dataDir)).filter((name) => name.startsWith('lock')),
      [],
    )
  })
})

describe('down', () => {
  test('does no harm where nothing runs', async (t) => {
    const { succeeds } = await createSite(t)
    await succeeds('down')
    await succeeds('down')
  })

  test('stops the rest after a part was killed', async (t) => {
    const { dataDir, succeeds, find } = await createSite(t)
    await succeeds('up')
    const edge = await find('edge')
    await kill(await find('ingest'))
    await succeeds('down')
    assert.equal(await isAlive(edge), false)
    assert.deepEqual((await readdir(join(dataDir, 'run'))).toSorted(), ['environment.json', 'ports.json'])
  })

  test('never touches a process that has got the pid of one that is gone', async (t) => {
    const { dataDir, succeeds } = await createSite(t)
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' })
    t.after(() => stranger.kill())
    const { pid } = stranger
    assert.ok(pid)
    await writeJson(join(dataDir, 'run/edge.json'), {
      name: 'edge',
      pid,
      startTime: 'earlier',
      ports: {},
      command: ['edge'],
    })
    await succeeds('down')
    assert.ok(await readStartTime(pid))
  })

  test('ends a run in the foreground', async (t) => {
    const { dataDir, begin, succeeds } = await createSite(t)
    const foreground = begin('run')
    await foreground.says('Ctrl-C stops everything')
    await succeeds('down')
    await foreground.outcome
    assert.deepEqual(await listProcesses(dataDir), [])
  })
})

describe('run', () => {
  test('stops everything when it is told to stop', async (t) => {
    const { dataDir, begin } = await createSite(t)
    const foreground = begin('run')
    await foreground.says('Ctrl-C stops everything')
    assert.equal((await listProcesses(dataDir)).length, 3)
    foreground.child.kill('SIGTERM')
    await foreground.outcome
    assert.deepEqual(await listProcesses(dataDir), [])
  })

  test('stops everything when it is told to stop half-way through starting', async (t) => {
    const { dataDir, begin, tell } = await createSite(t)
    await tell('edge-unready')
    const foreground = begin('run')
    await foreground.says('starting ingest, edge')
    assert.ok(await waitUntil(async () => (await findProcess(dataDir, 'ingest')) !== undefined, { deadlineMs }))
    foreground.child.kill('SIGTERM')
    await foreground.outcome
    assert.deepEqual(await listProcesses(dataDir), [])
  })

  test('says what has died, stops the rest and fails', async (t) => {
    const { dataDir, begin, find } = await createSite(t)
    const foreground = begin('run')
    await foreground.says('Ctrl-C stops everything')
    await kill(await find('edge'))
    const { code, output } = await foreground.outcome
    assert.equal(code, 1)
    assert.match(output, /edge ended with signal SIGKILL/)
    assert.deepEqual(await listProcesses(dataDir), [])
  })

  test('leaves its services to the next command when it was killed itself', async (t) => {
    const { dataDir, begin, succeeds, find } = await createSite(t)
    const foreground = begin('run')
    await foreground.says('Ctrl-C stops everything')
    const [ingest, edge] = [await find('ingest'), await find('edge')]
    foreground.child.kill('SIGKILL')
    await foreground.outcome
    await succeeds('up')
    assert.deepEqual([await find('ingest'), await find('edge')], [ingest, edge])
    const next = begin('run')
    await next.says('Ctrl-C stops everything')
    next.child.kill('SIGTERM')
    await next.outcome
    assert.deepEqual(await listProcesses(dataDir), [])
  })
})

describe('without the tools', () => {
  test('no Java: says what to install and which settings do without', async () => {
    const env = { DATA_DIR: await makeDataDir(), PATH: '', KAFKA_PORT: '0', REGISTRY_PORT: '0' }
    const ports = ['INGEST_PORT', 'EDGE_PORT', 'INGEST_ADMIN_PORT', 'EDGE_ADMIN_PORT']
    const more = [...ports, 'STATE_MACHINE_ADMIN_PORT', 'MIXER_ADMIN_PORT'].map((name) => [name, '0'])
    const { code, output } = await launch(roomcast, ['up'], { ...env, ...Object.fromEntries(more) }).outcome
    assert.equal(code, 1)
    for (const word of ['openjdk-17-jre-headless', 'KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL']) {
      assert.ok(output.includes(word), output)
    }
  })

  test('no Maven, and nothing fetched yet: says what to install', async () => {
    const folder = await makeDataDir()
    await mkdir(join(folder, 'bin'))
    await writeFile(join(folder, 'bin/java'), '#!/bin/sh\necho \'openjdk version "17.0.1"\' >&2\n')
    await chmod(join(folder, 'bin/java'), 0o755)
    await symlink('/bin/sh', join(folder, 'bin/sh'))
    const cacheDir = join(folder, 'cache')
    const jars = join(import.meta.dirname, '../../deploy/local/jars.ts')
    const program = join(folder, 'fetch.mjs')
    await writeFile(
      program,
      `import { fetchJars } from '${jars}'\nawait fetchJars({ say() {}, cacheDir: '${cacheDir}' })`,
    )
    const { code, output } = await launch(program, [], { PATH: join(folder, 'bin') }).outcome
    assert.equal(code, 1)
    assert.match(output, /no Maven .* apt-get install maven/)
    assert.deepEqual(await readdir(cacheDir), [])
  })
})

describe('broker and registry', () => {
  test('two copies run side by side; one starts again after it was killed, the other goes on', async (t) => {
    const [first, second] = [await makeDataDir(), await makeDataDir()]
    const [one, two] = await Promise.all([
      startPlatform({ dataDir: first, ownedByThisProcess: true }),
      startPlatform({ dataDir: second, ownedByThisProcess: true }),
    ])
    t.after(() => Promise.all([one.stop(), two.stop()]))
    const settings = { partitions: 3, replication: 1, log: silentLog }
    const within = (): AbortSignal => AbortSignal.timeout(deadlineMs)
    const kafka = { brokers: one.brokers, ssl: false, sasl: null }
    await setup({ ...settings, kafka, registryUrl: one.registryUrl, signal: within() })
    const subjects: unknown = await (await fetch(`${one.registryUrl}/subjects`)).json()
    assert.ok(Array.isArray(subjects) && subjects.length > 20)
    assert.deepEqual(await (await fetch(`${two.registryUrl}/subjects`)).json(), [])

    for (const record of await listProcesses(first)) await kill(record)
    const again = await startPlatform({ dataDir: first, ownedByThisProcess: true })
    t.after(again.stop)
    await probeBroker({ brokers: two.brokers, deadlineMs, log: silentLog })
    assert.deepEqual(await (await fetch(`${again.registryUrl}/subjects`)).json(), subjects)
    // What was created is still there: with another number of partitions it would be refused.
    const changed = setup({
      ...settings,
      partitions: 4,
      kafka: { ...kafka, brokers: again.brokers },
      registryUrl: again.registryUrl,
      signal: within(),
    })
    await assert.rejects(changed, /exists with 3 partitions/)

    await again.stop()
    assert.deepEqual(await listProcesses(first), [])
    assert.equal((await listProcesses(second)).length, 2)
  })

  test('both end when the process that owns them is killed', async () => {
    const dataDir = await makeDataDir()
    const platform = join(import.meta.dirname, '../../deploy/local/platform.ts')
    const program = join(dataDir, 'owner.mjs')
    await writeFile(
      program,
      `import { startPlatform } from '${platform}'
       await startPlatform({ dataDir: '${dataDir}', ownedByThisProcess: true })
       console.log('owned')
       setInterval(() => {}, 1000)`,
    )
    const owner = launch(program, [], {}, platformWithinMs)
    await owner.says('owned')
    assert.equal((await listProcesses(dataDir)).length, 2)
    owner.child.kill('SIGKILL')
    await owner.outcome
    assert.ok(await waitUntil(async () => (await listProcesses(dataDir)).length === 0, { deadlineMs }))
    assert.match(await readFile(join(dataDir, 'log/kafka.log'), 'utf8'), /shut down completely/)
  })
})
