import { stopProcess } from '../../../deploy/local/processes.ts'
import type { Drill } from '../drill.ts'

const graceMs = 15_000

export const stateMachineStopped: Drill = {
  name: 'state-machine-stopped',
  about: 'SIGTERM to the only state-machine; nobody starts it again.',
  lastsMs: 300_000,
  begin: async ({ system }) => {
    await stopProcess({ dataDir: system.dataDir, name: 'state-machine', graceMs })
    return () => system.restart('state-machine')
  },
}
