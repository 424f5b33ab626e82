// Does to a real system what an SRE may be woken for, and writes down what alerts and dashboards say of it:
// `node test/drills/drills.ts [drill …] [--recovery 1800] [--on-call folder]`. A drill takes a quarter of an hour or more, in real time.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Drill } from './drill.ts'
import { cloudInternalError } from './faults/cloud-internal-error.ts'
import { deafClients } from './faults/deaf-clients.ts'
import { poisonRecord } from './faults/poison-record.ts'
import { registryAway } from './faults/registry-away.ts'
import { slowBroker } from './faults/slow-broker.ts'
import { stateMachineStopped } from './faults/state-machine-stopped.ts'
import { writeForOnCall } from './on-call.ts'
import { firstTold, writeReport } from './report.ts'
import { runDrill, type Outcome } from './run-drill.ts'
import { readRunbook } from './runbook.ts'
import { onInterrupt } from '../support/interrupts.ts'

const drills: readonly Drill[] = [
  stateMachineStopped,
  registryAway,
  poisonRecord,
  deafClients,
  cloudInternalError,
  slowBroker,
]
const folder = join(import.meta.dirname, 'results')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Seconds to wait at the end until no alert is left. */
    recovery: { type: 'string', default: '1800' },
    /** Where to put what somebody on call would see, for those who are to guess; of one drill. */
    'on-call': { type: 'string' },
  },
})
const recoversWithinMs = Number(values.recovery) * 1000
if (!Number.isFinite(recoversWithinMs)) throw new Error(`--recovery is a number of seconds, not ${values.recovery}`)
const unknown = positionals.find((name) => !drills.some((drill) => drill.name === name))
if (unknown !== undefined) {
  throw new Error(`there is no drill ${unknown}; there is ${drills.map(({ name }) => name).join(', ')}`)
}
const chosen = positionals.length === 0 ? drills : drills.filter(({ name }) => positionals.includes(name))

const interrupted = onInterrupt()

const startedAt = performance.now()
const say = (what: string): void => console.log(`  ${((performance.now() - startedAt) / 1000).toFixed(0)} s  ${what}`)
/** The registry and broker are the drill's own. */
const { KAFKA_BROKERS: _brokers, SCHEMA_REGISTRY_URL: _registry, ...base } = process.env

const onSeen = async (outcome: Outcome): Promise<void> => {
  const runbook = await readRunbook()
  if (values['on-call'] !== undefined) await writeForOnCall(outcome, runbook, values['on-call'])
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${outcome.drill.name}.md`), writeReport(outcome, runbook))
}

for (const drill of chosen) {
  console.log(drill.name)
  try {
    const { signal } = interrupted
    const outcome = await runDrill(drill, { base, recoversWithinMs, onSeen, say, signal })
    await writeFile(join(folder, `${drill.name}.md`), writeReport(outcome, await readRunbook()))
    say(`first told: ${firstTold(outcome)}`)
  } catch (error) {
    if (interrupted.signal.aborted) break
    console.error(error)
    process.exitCode = 1
  }
}
