// What clients notice when brokers of a cluster of three end under load: `node test/chaos/broker-gaps.ts`, some five minutes, or
// `node test/chaos/broker-gaps.ts rolling away` for the faults with these words alone. Prints the longest time in which some room got
// nothing of a weight, by fault, and what ingest answered; fails when anything that was accepted was lost or doubled.
import { setTimeout as sleep } from 'node:timers/promises'
import { weights } from '../support/cluster-room.ts'
import { startClusterSystem, type ClusterSystem } from '../support/cluster-system.ts'
import { startTraffic, type Traffic } from '../support/cluster-traffic.ts'

const partitions = 12
const everyMs = 500
const undisturbedMs = 10_000
/** Longer than ingest waits before it answers 503. */
const awayMs = 8_000
/** What was under way when brokers died is answered then. */
const answeredBeforeMs = 1_000
const goesOnWithinMs = 90_000

type Answers = Readonly<Record<number, number>>

const describeNew = (answers: Answers, earlier: Answers): string =>
  Object.entries(answers)
    .map(([status, count]) => [status, count - (earlier[Number(status)] ?? 0)] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} × ${status === '0' ? 'no answer' : status}`)
    .join(', ')

/** Each leaves all three brokers running. */
const faults: readonly {
  readonly name: string
  readonly run: (system: ClusterSystem, traffic: Traffic) => Promise<void>
}[] = [
  { name: 'none', run: () => sleep(undisturbedMs) },
  ...[1, 2, 3].map((id) => ({
    name: `kill -9 of broker ${id}, back after ${awayMs / 1000} s`,
    run: async (system: ClusterSystem) => {
      await system.endBrokers('SIGKILL', id)
      await sleep(awayMs)
      await system.bringBack()
    },
  })),
  {
    name: 'rolling restart of all three',
    run: async (system) => {
      for (const id of [1, 2, 3]) {
        await system.endBrokers('SIGTERM', id)
        await system.bringBack()
      }
    },
  },
  {
    name: `two of three away for ${awayMs / 1000} s`,
    run: async (system, traffic) => {
      await system.endBrokers('SIGKILL', 1, 2)
      await sleep(answeredBeforeMs)
      const earlier = traffic.answers()
      await sleep(awayMs - answeredBeforeMs)
      const answers = traffic.answers()
      console.log(`while two are away: ${describeNew(answers, earlier)}`)
      const isTaken = [200, 202].some((status) => (answers[status] ?? 0) > (earlier[status] ?? 0))
      if (isTaken) throw new Error('something was accepted that only one broker can have')
      await system.bringBack()
    },
  },
]

const words = process.argv.slice(2)
const chosen = faults.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))

/** Does each fault in turn, and says what it did. */
const measure = async (system: ClusterSystem, traffic: Traffic): Promise<void> => {
  for (const { name, run } of chosen) {
    await traffic.goesOn(goesOnWithinMs)
    const earlier = traffic.answers()
    const from = performance.now()
    await run(system, traffic)
    await traffic.goesOn(goesOnWithinMs)
    const gaps = traffic.longestGaps(from)
    const seconds = weights.map((weight) => `${(gaps[weight] / 1000).toFixed(1)} s`.padStart(8)).join('')
    console.log(`${seconds}  ${name}: ${describeNew(traffic.answers(), earlier)}`)
  }
}

const system = await startClusterSystem({ base: process.env, partitions })
try {
  const traffic = await startTraffic(system, { partitions, everyMs })
  console.log('  weight:    4, 8, 9: the longest time in which some room got nothing of it')
  await measure(system, traffic)
  const { lost, doubled, complaints } = await traffic.end()
  for (const [what, found] of Object.entries({ lost, doubled, complaints })) {
    console.log(`${what}: ${found.length === 0 ? 'nothing' : found.slice(0, 20).join('; ')}`)
    if (found.length > 0) process.exitCode = 1
  }
} finally {
  await system.stop()
}
