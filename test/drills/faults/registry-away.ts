import { setTimeout as sleep } from 'node:timers/promises'
import { findProcess, startProcess, stopProcess } from '../../../deploy/local/processes.ts'
import { root } from '../../../deploy/local/services.ts'
import type { Drill } from '../drill.ts'
import type { Stage } from '../stage.ts'

const graceMs = 15_000
/** So long nothing else happens: services that run have all the schemas that they need. */
const aloneMs = 120_000

/** Ends a service and starts it in the same way, as a supervisor does, without waiting until it is ready. */
const renew = async ({ system, env }: Stage, name: string): Promise<void> => {
  const running = await findProcess(system.dataDir, name)
  if (running === undefined) throw new Error(`${name} does not run`)
  const [program = '', ...args] = running.command
  await stopProcess({ dataDir: system.dataDir, name, graceMs })
  const { ports } = running
  await startProcess({ dataDir: system.dataDir, name, command: [program, ...args], ports, cwd: root, env })
}

export const registryAway: Drill = {
  name: 'registry-away',
  about: 'SIGTERM to the schema registry. Two minutes later the state-machine is restarted, as a deployment would do.',
  lastsMs: 420_000,
  begin: async (stage, { say, signal }) => {
    await stage.platform.endRegistry()
    const renewal = sleep(aloneMs, undefined, { signal }).then(() => {
      say('the state-machine is restarted')
      return renew(stage, 'state-machine')
    })
    renewal.catch(() => {}) // looked at when the fault is taken away
    return async () => {
      await renewal
      await stage.platform.bringBack()
    }
  },
}
