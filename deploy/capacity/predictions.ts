import { readDemand, type Demand } from './demand.ts'
import { coresOf, edgeNeed } from './edge.ts'
import type { Values } from './figures.ts'
import { transactionsOf } from './others.ts'
import type { Results } from './results.ts'
import { trafficOf } from './traffic.ts'

/** What the model says of a case of the benchmarks from which it takes no processor time. */
export type Prediction = {
  readonly about: string
  readonly part: string
  readonly unit: string
  readonly measured: number
  readonly predicted: number
}

const benchmark = { partitions: 12, brokers: 1, edges: 1 } as const
const still = { STAY_MINUTES: '1440', SESSIONS: '0', SPARE: '0', LIKES: '0' } as const

/** Of the parts' own arrangements. */
const slowReadersSeconds = 120
const paceSeconds = 30
const paced = 2_000

export const predict = (results: Results, of: Values): readonly Prediction[] => {
  const demandOf = (given: Readonly<Record<string, number>>): Demand =>
    readDemand({ ...still, ...Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)])) })
  const edgeCores = (given: Readonly<Record<string, number>>): number => {
    const demand = demandOf(given)
    return coresOf(edgeNeed(demand, trafficOf(demand, of), of, benchmark))
  }
  const edge = (
    about: string,
    part: string,
    measured: number,
    given: Readonly<Record<string, number>>,
  ): Prediction => ({
    about: `edge, ${about}`,
    part,
    unit: 'cores',
    measured,
    predicted: edgeCores(given),
  })
  const traffic = { ...trafficOf(demandOf({}), of), inputs: paced, states: 0 }
  const transactions = transactionsOf(traffic, of, benchmark.partitions)
  const pace = (about: string, figure: string, predicted: number): Prediction => ({
    about: `${about}, ${paced.toLocaleString('en')} inputs a second in 12 partitions`,
    part: 'pace',
    unit: 'cores',
    measured: results.median('pace', `${paced}/s`, figure) / paceSeconds,
    predicted,
  })
  return [
    edge(
      '25 rooms with 80 clients each, in each 10 comments and 20 likes a second',
      'slow-readers',
      results.median('slow-readers', 'all read', 'serverCpuSeconds') / slowReadersSeconds,
      { ROOMS: 25, CLIENTS: 2_000, COMMENTS: 10, LIKES: 20 },
    ),
    edge(
      'one room with 5,000 clients, 100 comments a second',
      'fan-out',
      results.median('fan-out', 'edge, 100 comments/s', 'cores'),
      {
        ROOMS: 1,
        CLIENTS: 5_000,
        COMMENTS: 100,
      },
    ),
    edge(
      '1,000 rooms with 10 clients each, in each one comment a second',
      'many-rooms',
      results.median('many-rooms', 'edge, 1000 comments/s', 'cores'),
      { ROOMS: 1_000, CLIENTS: 10_000, COMMENTS: 1 },
    ),
    edge(
      'one room with 1,000 clients, 20 comments a second',
      'deflate',
      results.median('deflate', 'edge, 20 comments/s', 'cores'),
      {
        ROOMS: 1,
        CLIENTS: 1_000,
        COMMENTS: 20,
      },
    ),
    pace(
      'state-machine',
      'stateMachineCpuSeconds',
      of.idleCores + (paced * of.decisionUs + transactions * of.transactionUs) / 1e6,
    ),
    pace('broker', 'brokerCpuSeconds', (transactions * of.brokerTransactionUs) / 1e6),
  ]
}
