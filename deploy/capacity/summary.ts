import { shareOf, type Layout } from './cells.ts'
import { coresOf } from './edge.ts'
import type { Estimate } from './estimate.ts'
import type { Values } from './figures.ts'
import type { ServiceNeed } from './others.ts'
import type { Plan } from './plan.ts'
import { mebibytes } from './resources.ts'
import { between, bits, bytes, percent, roughly, whole } from './text.ts'

/** What of an estimate is worth a line: what it is, how much of it in all systems together, and what each of them is. */
export type Line = readonly [what: string, amount: string, each: string]

type Count = (plan: Plan) => number

const process = (cores: number, memoryMib: number): string =>
  `${roughly(cores)} cores, ${whole(mebibytes(memoryMib))} MiB`
const service = ({ cores, memoryMib }: ServiceNeed): string => process(cores, memoryMib)
const processes = ({ edges, services }: Plan): number =>
  Object.values(services).reduce((sum, { instances = 0 }) => sum + instances, edges)

/** The lines of an estimate that some number of systems carries. */
export const linesOf = ({ demand, likely, quick, slow }: Estimate, of: Values): readonly Line[] => {
  if (likely === undefined) return []
  const { plan, cells } = likely
  const { edge, services, broker, brokers, traffic } = plan
  const own = shareOf(demand, cells)
  const count = (countOf: Count): string => {
    const inAll = (layout: Layout): number => layout.cells * countOf(layout.plan)
    const all = [quick, likely, slow].flatMap((layout) => (layout === undefined ? [] : [inAll(layout)]))
    return between(inAll(likely), Math.min(...all), Math.max(...all))
  }
  const ofService = (name: keyof Plan['services']): string => count((one) => one.services[name].instances ?? 0)
  const disk = Object.values(broker.diskBytes).reduce((sum, value) => sum + value, 0)
  const memory = of.brokerHeapMib + ((broker.inMbit / 8) * of.pageCacheSeconds) / brokers
  return [
    [
      'systems',
      count(() => 1),
      `${roughly(own.ROOMS)} rooms, ${roughly(own.CLIENTS)} clients, ${plan.partitions} partitions`,
    ],
    [
      'edge',
      count(({ edges }) => edges),
      `${process(coresOf(edge), edge.memoryMib)}; ${roughly(edge.connections)} connections, ${bits(edge.outMbit)} out`,
    ],
    [
      'ingest',
      ofService('ingest'),
      `${service(services.ingest)}; a system has ${roughly(traffic.requests)} requests/s`,
    ],
    [
      'state-machine',
      ofService('stateMachine'),
      `${service(services.stateMachine)}; a system has ${roughly(traffic.inputs)} inputs/s`,
    ],
    ['mixer', ofService('mixer'), `${service(services.mixer)}; a system has ${roughly(traffic.commands)} commands/s`],
    [
      'brokers',
      count((one) => one.brokers),
      [
        `${roughly(broker.cores / brokers)} cores, ${whole(mebibytes(memory))} MiB`,
        `${bits(broker.inMbit / brokers)} in, ${bits(broker.outMbit / brokers)} out, ${bytes(disk / brokers)} of disk`,
      ].join('; '),
    ],
    ['registry', whole(2 * cells), 'asked at starts alone'],
    ['series', roughly(cells * processes(plan) * of.seriesPerInstance), 'that Prometheus keeps'],
  ]
}

/** What runs out first when one system grows. */
export const limitLinesOf = ({ firstLimits, one }: Estimate): readonly Line[] =>
  firstLimits.map(({ what, clients }) => {
    const now = one.limits.find((limit) => limit.what === what)?.share
    return [what, `${roughly(clients)} clients`, now === undefined ? '' : `${percent(now)} used here by one system`]
  })
