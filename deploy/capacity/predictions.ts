import { readDemand } from './demand.ts'
import { coresOf, edgeNeed } from './edge.ts'
import type { Values } from './figures.ts'
import { transactionsOf } from './others.ts'
import type { Results } from './results.ts'
import { trafficOf } from './traffic.ts'

/** What the model says, and what was measured. */
export type Comparison = {
  readonly what: string
  readonly unit: string
  readonly predicted: number
  readonly measured: number
}

const setting = { partitions: 12, brokers: 1, edges: 1 } as const
const still = { STAY_MINUTES: '1440', SESSIONS: '0', SPARE: '0', LIKES: '0' } as const

/** Of the parts' own arrangements. */
const slowReadersSeconds = 120
const paceSeconds = 30
const paced = 2_000

/** Single processes in cases of the benchmarks from which the model takes no processor time. */
export const compareParts = (results: Results, of: Values): readonly Comparison[] => {
  const edge = (what: string, measured: number, given: Readonly<Record<string, string>>): Comparison => {
    const demand = readDemand({ ...still, ...given })
    const predicted = coresOf(edgeNeed(demand, trafficOf(demand, of), of, setting))
    return { what: `edge, ${what}`, unit: 'cores', predicted, measured }
  }
  const transactions = transactionsOf({ changes: paced, visits: 0, likeStates: 0 }, of, {
    partitions: setting.partitions,
    likeFetches: 5,
  })
  const pace = (what: string, figure: string, predicted: number): Comparison => ({
    what: `${what}, ${paced.toLocaleString('en')} inputs a second in 12 partitions (\`pace\`)`,
    unit: 'cores',
    predicted,
    measured: results.median('pace', `${paced}/s`, figure) / paceSeconds,
  })
  return [
    edge(
      '25 rooms with 80 clients each, in each 10 comments and 20 likes a second (`slow-readers`)',
      results.median('slow-readers', 'all read', 'serverCpuSeconds') / slowReadersSeconds,
      { ROOMS: '25', CLIENTS: '2000', COMMENTS: '10', LIKES: '20' },
    ),
    edge(
      'one room with 5,000 clients, 100 comments a second (`fan-out`)',
      results.median('fan-out', 'edge, 100 comments/s', 'cores'),
      { ROOMS: '1', CLIENTS: '5000', COMMENTS: '100' },
    ),
    edge(
      '1,000 rooms with 10 clients each, in each one comment a second (`many-rooms`)',
      results.median('many-rooms', 'edge, 1000 comments/s', 'cores'),
      { ROOMS: '1000', CLIENTS: '10000', COMMENTS: '1' },
    ),
    edge(
      'one room with 1,000 clients, 20 comments a second (`deflate`)',
      results.median('deflate', 'edge, 20 comments/s', 'cores'),
      { ROOMS: '1', CLIENTS: '1000', COMMENTS: '20' },
    ),
    pace(
      'state-machine',
      'stateMachineCpuSeconds',
      of.idleCores + (paced * of.decisionUs + transactions * of.transactionUs) / 1e6,
    ),
    pace('broker', 'brokerCpuSeconds', of.brokerIdleCores + (transactions * of.brokerTransactionUs) / 1e6),
  ]
}
