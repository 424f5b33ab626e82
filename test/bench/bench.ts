// Benchmarks: `node test/bench/bench.ts [part …] [--runs 3] [--quick]`; the medians are printed, and all runs go to results/<part>.json.
// They want a machine with nothing else on it, so each figure has the load average beside it, and what other processes took.
// Profiles of the state-machine: NODE_OPTIONS='--cpu-prof --cpu-prof-dir=…'.
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { decidePart } from './decide.ts'
import { deflatePart } from './edge/deflate.ts'
import { fanOutPart } from './edge/fan-out.ts'
import { idlePart } from './edge/idle.ts'
import { manyRoomsPart } from './edge/many-rooms.ts'
import { slowReadersPart } from './edge/slow-readers.ts'
import { latencyPart } from './latency.ts'
import { likesPart } from './likes.ts'
import { metricsCostPart } from './metrics-cost.ts'
import { mixCommandsPart } from './mix-commands.ts'
import { mixStartPart } from './mix-start.ts'
import { capacityPart } from './capacity.ts'
import { capacitySystemPart } from './capacity/system.ts'
import { observabilityCostPart } from './observability-cost.ts'
import { pacePart } from './pace.ts'
import type { Part } from './part.ts'
import { restorePart } from './restore.ts'
import { throughputPart } from './throughput.ts'
import { rebalancePart } from './rebalance.ts'
import { table, writeCases } from './report.ts'
import { onInterrupt } from '../support/interrupts.ts'

/** These start what they need. */
const parts: readonly Part[] = [
  decidePart,
  throughputPart,
  pacePart,
  likesPart,
  restorePart,
  rebalancePart,
  mixCommandsPart,
  mixStartPart,
  fanOutPart,
  manyRoomsPart,
  idlePart,
  slowReadersPart,
  deflatePart,
  observabilityCostPart,
  metricsCostPart,
  capacityPart,
  capacitySystemPart,
]
/** These measure a system that runs, and have to be named. */
const partsOnRequest: readonly Part[] = [latencyPart]
const all = [...parts, ...partsOnRequest]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    /** Small numbers, one run, no result file: to see that everything works. */
    quick: { type: 'boolean', default: false },
  },
})
const isQuick = values.quick
const runs = isQuick ? 1 : Number(values.runs)
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs is a whole number above 0, not ${values.runs}`)
const unknown = positionals.find((name) => !all.some((part) => part.name === name))
if (unknown !== undefined) {
  throw new Error(`there is no part ${unknown}; there is ${all.map(({ name }) => name).join(', ')}`)
}
const chosen = positionals.length === 0 ? parts : all.filter(({ name }) => positionals.includes(name))

const interrupted = onInterrupt(() => process.stdout.write('interrupted: ending what was started …\n'))

for (const part of chosen) {
  const startedAt = new Date()
  const load = loadavg().map((value) => value.toFixed(2))
  process.stdout.write(`${part.name}: ${part.about} (load average ${load.join(' ')})\n`)
  const say = (line: string): void => void process.stdout.write(`  ${line}\n`)
  try {
    const cases = await part.measure({ runs, isQuick, say, signal: interrupted.signal })
    for (const one of cases) process.stdout.write(`\n${table(one)}\n`)
    process.stdout.write('\n')
    if (!isQuick) await writeCases(part, cases, startedAt)
  } catch (error) {
    if (interrupted.signal.aborted) break
    process.stdout.write(`FAILED ${part.name}\n`)
    console.error(error)
    process.exitCode = 1
  }
}
