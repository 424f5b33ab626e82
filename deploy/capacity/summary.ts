import { shareOf, type Layout } from './cells.ts'
import type { Demand } from './demand.ts'
import { coresOf } from './edge.ts'
import type { Estimate } from './estimate.ts'
import type { Values } from './figures.ts'
import type { ServiceNeed } from './others.ts'
import type { Plan } from './plan.ts'
import { between, bits, bytes, percent, roughly, whole } from './text.ts'

/** What of an estimate is worth a line: what it is, how much of it in all systems together, and what each of them is. */
export type Line = readonly [what: string, amount: string, each: string]

const granularityMib = 128
/** Memory to ask for, in MiB: what is used, and half as much again, to a round number. */
const withRoom = (usedMib: number): number => Math.ceil((usedMib * 1.5) / granularityMib) * granularityMib

const brokerMib = ({ broker, brokers }: Plan, of: Values): number =>
  withRoom(of.brokerHeapMib + ((broker.inMbit / 8) * of.pageCacheSeconds) / brokers)

const diskOf = ({ broker }: Plan): number => Object.values(broker.diskBytes).reduce((sum, value) => sum + value, 0)

const instancesOf = ({ instances = 0 }: ServiceNeed): number => instances

/** What all systems together need of machines. */
export type Totals = {
  /** Of which `BUSY` is used when the spares are missing. */
  readonly processors: number
  readonly memoryMib: number
  readonly diskBytes: number
  readonly toClientsMbit: number
}

export const totalsOf = ({ cells, plan }: Layout, { BUSY, SPARE }: Demand, of: Values): Totals => {
  const { edge, edges, services, broker, brokers } = plan
  const processes = [
    { instances: edges, cores: coresOf(edge), memoryMib: withRoom(edge.memoryMib) },
    ...Object.values(services).map((service) => ({
      instances: instancesOf(service),
      cores: service.cores,
      memoryMib: withRoom(service.memoryMib),
    })),
    { instances: brokers, cores: broker.cores / brokers, memoryMib: brokerMib(plan, of) },
  ]
  const sum = (of: (process: (typeof processes)[number]) => number): number =>
    cells * processes.reduce((total, process) => total + process.instances * of(process), 0)
  return {
    processors: sum(({ cores }) => cores / BUSY),
    memoryMib: sum(({ memoryMib }) => memoryMib),
    diskBytes: cells * diskOf(plan),
    toClientsMbit: cells * (edges - SPARE) * edge.outMbit,
  }
}

/** `120 processors, 54 GB of memory, 930 GB of disk; 1.3 Gbit/s to clients`. */
export const inWords = ({ processors, memoryMib, diskBytes, toClientsMbit }: Totals): string =>
  `${roughly(processors)} processors, ${bytes(memoryMib * 2 ** 20)} of memory, ${bytes(diskBytes)} of disk; ${bits(toClientsMbit)} to clients`

/** The lines of an estimate that some number of systems carries. */
export const linesOf = ({ demand, likely, quick, slow }: Estimate, of: Values): readonly Line[] => {
  if (likely === undefined) return []
  const { plan, cells } = likely
  const { edge, services, broker, brokers, traffic } = plan
  const own = shareOf(demand, cells)
  const count = (countOf: (plan: Plan) => number): string => {
    const inAll = (layout: Layout): number => layout.cells * countOf(layout.plan)
    const all = [quick, likely, slow].flatMap((layout) => (layout === undefined ? [] : [inAll(layout)]))
    return between(inAll(likely), Math.min(...all), Math.max(...all))
  }
  const process = (cores: number, memoryMib: number): string => `${roughly(cores)} cores, ${whole(memoryMib)} MiB`
  const service = (name: keyof Plan['services'], does: string): Line => {
    const { cores, memoryMib } = services[name]
    const label = name === 'stateMachine' ? 'state-machine' : name
    const inAll = count((one) => instancesOf(one.services[name]))
    return [label, inAll, `${process(cores, withRoom(memoryMib))}; a system has ${does}`]
  }
  const processes = Object.values(services).reduce((sum, one) => sum + instancesOf(one), plan.edges)
  return [
    [
      'systems',
      count(() => 1),
      `${roughly(own.ROOMS)} rooms, ${roughly(own.CLIENTS)} clients, ${plan.partitions} partitions`,
    ],
    [
      'edge',
      count(({ edges }) => edges),
      `${process(coresOf(edge), withRoom(edge.memoryMib))}; ${roughly(edge.connections)} connections, ${bits(edge.outMbit)} out`,
    ],
    service('ingest', `${roughly(traffic.requests)} requests/s`),
    service('stateMachine', `${roughly(traffic.inputs)} inputs/s`),
    service('mixer', `${roughly(traffic.commands)} commands/s`),
    [
      'brokers',
      count((one) => one.brokers),
      `${process(broker.cores / brokers, brokerMib(plan, of))}; ${bits(broker.inMbit / brokers)} in, ${bits(broker.outMbit / brokers)} out, ${bytes(diskOf(plan) / brokers)} of disk`,
    ],
    ['registry', whole(2 * cells), 'asked at starts alone'],
    ['series', roughly(cells * processes * of.seriesPerInstance), 'that Prometheus keeps'],
  ]
}

/** What runs out first when one system grows, and how near each system of the estimate is to it. */
export const limitLinesOf = ({ demand, firstLimits, likely }: Estimate): readonly Line[] => {
  const own = shareOf(demand, likely?.cells ?? 1)
  return firstLimits.map(({ what, clients, remedy }) => [
    what,
    `${roughly(clients)} clients (${percent(own.CLIENTS / clients)})`,
    remedy,
  ])
}
