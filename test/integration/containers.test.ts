// deadline: 240 s
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { isPresent, readIfPresent } from '../../deploy/local/files.ts'
import { findProcess } from '../../deploy/local/processes.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { createDocker, type Docker } from '../containers/docker.ts'
import { nameOf } from '../containers/engine-network.ts'
import { findHindrance } from '../containers/engine-programs.ts'
import { privateFolders } from '../containers/engine-remains.ts'
import { guardLabel } from '../containers/guard.ts'
import { findEngine, startEngine, stopEngine } from '../containers/run-engine.ts'
import { makeTinyImage, tinyImage } from '../containers/tiny-image.ts'

// A real engine of the test's own, with an image that can only sleep.

const goneWithinMs = 30_000
const hindrance = await findHindrance()
const program = join(import.meta.dirname, 'containers.program.ts')

/** Nobody waits until it would have ended by itself. */
const runAway = ['run', '--detach', '--stop-signal', 'KILL']

type TestEngine = { readonly folder: string; readonly dockerHost: string; readonly docker: Docker }

const startTestEngine = async (t: TestContext): Promise<TestEngine> => {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-engine-'))
  t.after(async () => {
    await stopEngine(folder)
    await rm(folder, { recursive: true, force: true })
  })
  const { dockerHost } = await startEngine({ folder, say: () => {} })
  await makeTinyImage(dockerHost, folder)
  return { folder, dockerHost, docker: createDocker(dockerHost) }
}

const run = async (command: string, ...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(command, [...args])).stdout

/** The processes that have the folder of an engine among their arguments, its containers' keepers too. */
const findProcessesOf = async (folder: string): Promise<readonly string[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const commands = await Promise.all(pids.map((pid) => readIfPresent(`/proc/${pid}/cmdline`)))
  return commands.filter((command) => command?.includes(folder) === true).map((command) => String(command))
}

/** Whatever on the machine bears the name of an engine, its folder or its addresses, outside that folder; and switches that it could turn. */
const findTraces = async (folder: string, prefix: string): Promise<unknown> => {
  const isOurs = (line: string): boolean => [folder, nameOf(folder), ` ${prefix}`].some((word) => line.includes(word))
  const lines = [await readFile('/proc/self/mountinfo', 'utf8'), await run('ip', '-oneline', 'address')].join('\n')
  return {
    processes: await findProcessesOf(folder),
    mountsAndLinks: lines.split('\n').filter(isOurs),
    cgroups: (await run('find', '/sys/fs/cgroup', '-type', 'd', '-name', nameOf(folder))).trim(),
    isForwarding: (await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8')).trim(),
  }
}

const prefixOf = async (folder: string): Promise<string> => {
  const { prefix } = JSON.parse(await readFile(join(folder, 'subnet.json'), 'utf8')) as { readonly prefix: string }
  return prefix
}

const presentFolders = async (): Promise<readonly boolean[]> => Promise.all(privateFolders.map(isPresent))

describe('an engine of its own', { skip: hindrance ?? false }, () => {
  test('leaves nothing on the machine when it is stopped, with containers and networks in it', async (t) => {
    const foldersBefore = await presentFolders()
    const isForwarding = (await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8')).trim()
    const { folder, docker } = await startTestEngine(t)
    await docker(['network', 'create', 'one'])
    await docker([...runAway, '--network', 'one', tinyImage])
    const prefix = await prefixOf(folder)
    assert.match(JSON.stringify(await findTraces(folder, prefix)), new RegExp(`${nameOf(folder)}.*br-`))

    assert.equal(await stopEngine(folder), true)
    const nothing = { processes: [], mountsAndLinks: [], cgroups: '', isForwarding }
    assert.deepEqual(await findTraces(folder, prefix), nothing)
    assert.deepEqual(await presentFolders(), foldersBefore)
    assert.equal(await stopEngine(folder), false)
  })

  test('takes its containers with it when it is killed; the next start removes what is left', async (t) => {
    const { folder, docker } = await startTestEngine(t)
    await docker([...runAway, '--publish', '7', tinyImage])
    const first = await findProcess(folder, 'dockerd')
    process.kill(first?.pid ?? assert.fail('no engine'), 'SIGKILL')
    const isGone = async (): Promise<boolean> => (await findProcessesOf(folder)).length === 0
    assert.ok(await waitUntil(isGone, { deadlineMs: goneWithinMs }), 'something of it goes on running')
    assert.equal(await findEngine(folder), undefined)

    await startEngine({ folder, say: () => {} })
    assert.equal((await docker(['ps', '--quiet'])).trim(), '')
    assert.match(await docker(['images', '--quiet', tinyImage]), /\w/)
  })

  test('loses the containers of a test that is killed, and no others', async (t) => {
    const { docker, dockerHost } = await startTestEngine(t)
    const other = (await docker([...runAway, '--label', `${guardLabel}=other`, tinyImage])).trim()
    const killed = spawn(process.execPath, [program], {
      env: { ...process.env, DOCKER_HOST: dockerHost },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => killed.kill('SIGKILL'))
    await once(createInterface(killed.stdout), 'line')
    const count = async (): Promise<number> => (await docker(['ps', '--all', '--quiet'])).trim().split('\n').length
    assert.equal(await count(), 2)

    killed.kill('SIGKILL')
    const isGone = async (): Promise<boolean> => (await count()) === 1
    assert.ok(await waitUntil(isGone, { deadlineMs: goneWithinMs }), 'its container is still there')
    assert.match(await docker(['ps', '--quiet', '--no-trunc']), new RegExp(other))
  })
})
