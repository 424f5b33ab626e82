import { mkdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { readIfPresent } from '../../deploy/local/files.ts'
import { sharedCacheDir } from '../../deploy/local/jars.ts'
import { findProcess, isAlive, startProcess, stopProcess } from '../../deploy/local/processes.ts'
import { awaitReady } from '../../deploy/local/ready.ts'
import type { Say } from '../../deploy/local/say.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { createBridge, nameOf, type Subnet } from './engine-network.ts'
import { checkPrograms } from './engine-programs.ts'
import { makePrivateFolders, privateFolders, removeRemains } from './engine-remains.ts'

/** Where an engine answers: what DOCKER_HOST is to be. */
export type Engine = { readonly dockerHost: string }

/** The engine of this checkout keeps its images there. */
export const engineFolder = join(sharedCacheDir, 'engine')

const processName = 'dockerd'
const readyWithinMs = 60_000
const graceMs = 20_000
const answersWithinMs = 2_000

const socketOf = (folder: string): string => join(folder, 'docker.sock')
const engineIn = (folder: string): Engine => ({ dockerHost: `unix://${socketOf(folder)}` })

/**
 * The daemon in namespaces of its own: whatever ends their first process, also SIGKILL, ends every container and undoes every mount. It
 * changes no packet filter (ports are published by its proxy, on loopback), and reads no settings of the machine's own engine.
 */
const commandFor = (folder: string, { bridge, prefix }: Subnet): readonly [string, ...string[]] => {
  const hide = 'for folder in $PRIVATE_FOLDERS; do mount -t tmpfs tmpfs "$folder" || exit 1; done; exec "$@"'
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'slave']
  const settings = {
    'data-root': join(folder, 'data'),
    'exec-root': join(folder, 'exec'),
    pidfile: join(folder, 'dockerd.pid'),
    host: `unix://${socketOf(folder)}`,
    bridge,
    'default-address-pool': `base=${prefix}128.0/17,size=24`,
    ip: '127.0.0.1',
    iptables: 'false',
    ip6tables: 'false',
    'ip-forward': 'false',
    'ip-masq': 'false',
    'exec-opt': 'native.cgroupdriver=cgroupfs',
    'cgroup-parent': `/${nameOf(folder)}`,
    'shutdown-timeout': '2',
  }
  const daemon = ['dockerd', ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)]
  return ['unshare', ...namespaces, 'sh', '-c', hide, 'sh', 'docker-init', '--', ...daemon]
}

/** Whether an engine answers at a socket, within 2 s. */
const isAnswering = (socketPath: string, signal?: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const deadline = AbortSignal.timeout(answersWithinMs)
    const within = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    const asked = request({ socketPath, path: '/_ping', signal: within }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asked.on('error', () => resolve(false)) // nobody there yet: asked again
    asked.end()
  })

/** Where Docker Engine and Docker Desktop answer unless they are told otherwise. */
const machineSocket = '/var/run/docker.sock'

/** The engine of the machine; undefined where none answers. */
export const findMachineEngine = async (): Promise<Engine | undefined> =>
  (await isAnswering(machineSocket)) ? { dockerHost: `unix://${machineSocket}` } : undefined

/** The engine of a folder; undefined when it does not run. */
export const findEngine = async (folder: string): Promise<Engine | undefined> =>
  (await findProcess(folder, processName)) === undefined ? undefined : engineIn(folder)

/**
 * Starts the engine of a folder unless it runs; resolves when it answers. It outlives this process: end it with `stopEngine`.
 * Throws a PlatformError that says what to install, or quotes the daemon's log.
 */
export const startEngine = async ({
  folder,
  say,
  signal,
  onStart,
}: {
  readonly folder: string
  readonly say: Say
  readonly signal?: AbortSignal
  /** Called with the pid of the namespaces' first process when this call starts it. */
  readonly onStart?: ((pid: number) => void) | undefined
}): Promise<Engine> => {
  const running = await findEngine(folder)
  if (running !== undefined) return running
  await checkPrograms()
  await removeRemains(folder)
  say('starting a Docker engine …')
  await mkdir(folder, { recursive: true })
  await makePrivateFolders(folder)
  try {
    const subnet = await createBridge(folder)
    const started = await startProcess({
      dataDir: folder,
      name: processName,
      command: commandFor(folder, subnet),
      ports: {},
      onStart,
      env: {
        ...process.env,
        PATH: `${process.env['PATH']}:/usr/sbin:/sbin`,
        PRIVATE_FOLDERS: privateFolders.join(' '),
      },
    })
    const isReady = (over: AbortSignal): Promise<boolean> => isAnswering(socketOf(folder), over)
    await awaitReady({ dataDir: folder, started, isReady, deadlineMs: readyWithinMs, signal })
  } catch (error) {
    await stopEngine(folder)
    throw error
  }
  return engineIn(folder)
}

/** Ends what the first process of the namespaces runs in an orderly way; that process itself takes no SIGTERM. */
const askToEnd = async (pid: number): Promise<void> => {
  const children = ((await readIfPresent(`/proc/${pid}/task/${pid}/children`)) ?? '').trim().split(' ')
  for (const child of children.filter((text) => text !== '')) process.kill(Number(child), 'SIGTERM')
}

/**
 * Ends the engine of a folder with all its containers, and removes what it leaves on the machine; also what one that was killed left.
 * Resolves to whether it ran.
 */
export const stopEngine = async (folder: string): Promise<boolean> => {
  const record = await findProcess(folder, processName)
  if (record !== undefined) {
    await askToEnd(record.pid)
    await waitUntil(async () => !(await isAlive(record)), { deadlineMs: graceMs })
    await stopProcess({ dataDir: folder, name: processName, graceMs: 0 })
  }
  await removeRemains(folder)
  return record !== undefined
}
