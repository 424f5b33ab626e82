import { createOwner } from '../../deploy/local/owner.ts'
import { isAlive, startProcess, stopProcess, type StartedProcess } from '../../deploy/local/processes.ts'
import { awaitReady } from '../../deploy/local/ready.ts'
import { root, services } from '../../deploy/local/services.ts'
import { isServiceReady } from '../../deploy/local/system.ts'

/** One process of a service, of which there may be several; it can be killed, stopped for a while, and started again. */
export type ServiceProcess = {
  /** Also the name of its log in DATA_DIR/log. */
  readonly name: string
  readonly adminUrl: string
  /** Starts it where it does not run; resolves when the process is there. */
  readonly start: () => Promise<void>
  /** Resolves when /readyz is 200; rejects, with the end of its log, when it ends or is not ready in time. */
  readonly ready: (deadlineMs?: number) => Promise<void>
  readonly isRunning: () => Promise<boolean>
  /** Resolves when the process that was started last has ended, to how: `exit code 0` or `signal SIGKILL`. */
  readonly ended: () => Promise<string>
  readonly signal: (signal: NodeJS.Signals) => void
  /** SIGKILL; resolves when it is gone. */
  readonly kill: () => Promise<void>
  /** SIGTERM, and after a while SIGKILL; resolves when it is gone. */
  readonly stop: () => Promise<void>
}

const graceMs = 15_000
const readyWithinMs = 60_000

/**
 * A process of a service with an admin port and a log of its own. It ends with the process that started it, even when that is killed.
 * @param env everything that the service is told, besides its admin port
 */
export const createServiceProcess = ({
  dataDir,
  service,
  name,
  adminPort,
  env,
}: {
  readonly dataDir: string
  /** Of deploy/local/services.ts. */
  readonly service: string
  readonly name: string
  readonly adminPort: number
  readonly env: Readonly<Record<string, string | undefined>>
}): ServiceProcess => {
  const described = services.find((one) => one.name === service)
  if (described === undefined) throw new Error(`there is no service ${service}`)
  const { main, adminPort: variable } = described
  let process_: StartedProcess | undefined

  const running = async (): Promise<StartedProcess | undefined> =>
    process_ !== undefined && (await isAlive(process_)) ? process_ : undefined

  return {
    name,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    start: async () => {
      if ((await running()) !== undefined) return
      // Released as soon as it ends, so that its number, when it is another's, is left alone.
      const owner = createOwner()
      process_ = await startProcess({
        dataDir,
        name,
        command: [process.execPath, main],
        ports: { [variable]: adminPort },
        cwd: root,
        env: { ...env, [variable]: String(adminPort) },
        onStart: owner.add,
      })
      void process_.ended.then(owner.release)
    },
    ready: async (deadlineMs = readyWithinMs) => {
      if (process_ === undefined) throw new Error(`${name} was not started`)
      await awaitReady({
        dataDir,
        started: process_,
        isReady: (over) => isServiceReady(adminPort, over),
        deadlineMs,
      })
    },
    isRunning: async () => (await running()) !== undefined,
    ended: () => process_?.ended ?? Promise.reject(new Error(`${name} was not started`)),
    signal: (signal) => {
      if (process_ !== undefined) process.kill(process_.pid, signal)
    },
    kill: async () => {
      const target = await running()
      if (target === undefined) return
      process.kill(target.pid, 'SIGKILL')
      await target.ended
    },
    stop: async () => {
      await stopProcess({ dataDir, name, graceMs })
    },
  }
}
