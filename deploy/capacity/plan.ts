import { brokerNeed, type BrokerNeed, type Services } from './brokers.ts'
import type { Demand } from './demand.ts'
import { coresOf, edgeNeed, type EdgeNeed } from './edge.ts'
import type { Values } from './figures.ts'
import { ingestNeed, mixerNeed, mostCommands, stateMachineNeed, withProbes } from './others.ts'
import { trafficOf, type Traffic } from './traffic.ts'

/** What one system needs, or what is in its way. */
export type Plan = {
  readonly traffic: Traffic
  readonly partitions: number
  readonly brokers: number
  /** Spares included. */
  readonly edges: number
  readonly edge: EdgeNeed
  readonly services: Services
  readonly broker: BrokerNeed
  /** What runs out, as shares of what there is: 1 or more does not fit. The largest first. */
  readonly limits: readonly Limit[]
}

export type Limit = { readonly what: LimitName; readonly share: number }
export type LimitName =
  | 'calls to the video cloud'
  | 'states of rooms at every edge'
  | 'states of rooms at every ingest'
  | 'viewers of rooms at every edge'
  | 'comments and likes at every edge'
  | 'fetches of every edge'
  | 'memory of every edge'
  | 'one state-machine for a partition'
  | 'mix commands under way'
  | 'brokers'
  | 'the sum of all at every edge'

const leastPartitions = 48
/** So many partitions has each state-machine at least, so that they can be shared out evenly when one is missing. */
const partitionsPerStateMachine = 4
/** Each reader asks each broker by itself: beyond this, brokers cost the edges more than they take from each other. */
export const mostBrokers = 30
const mostEdges = 100_000
const step = 1.05

export const planOf = (demand: Demand, of: Values): Plan => {
  const traffic = trafficOf(demand, of)
  const partitions = partitionsOf(demand, traffic, of)
  const least = Math.max(3, demand.REPLICATION)
  let plan = planWith(demand, traffic, of, { partitions, brokers: least })
  for (let rounds = 0; rounds < mostBrokers; rounds += 1) {
    const wanted = Math.max(least, Math.ceil(Math.max(...Object.values(plan.broker.wanted))) + demand.SPARE)
    if (wanted <= plan.brokers || plan.brokers >= mostBrokers) return plan
    plan = planWith(demand, traffic, of, { partitions, brokers: Math.min(mostBrokers, wanted) })
  }
  return plan
}

/** Whether the system can carry it; what the video cloud allows is another's to change. */
export const fits = ({ limits }: Plan): boolean =>
  limits.every(({ what, share }) => share < 1 || what === 'calls to the video cloud')

const partitionsOf = (demand: Demand, traffic: Traffic, of: Values): number => {
  if (demand.PARTITIONS > 0) return demand.PARTITIONS
  let partitions = leastPartitions
  for (let rounds = 0; rounds < 10; rounds += 1) {
    const { instances = 1 } = stateMachineNeed(demand, traffic, of, { partitions, brokers: 3 })
    if (partitions >= instances * partitionsPerStateMachine) break
    partitions *= 2
  }
  return partitions
}

const planWith = (
  demand: Demand,
  traffic: Traffic,
  of: Values,
  { partitions, brokers }: { readonly partitions: number; readonly brokers: number },
): Plan => {
  const setting = { partitions, brokers }
  const needOf = (edges: number): EdgeNeed => edgeNeed(demand, traffic, of, { edges, ...setting })
  const isEnough = (need: EdgeNeed): boolean =>
    coresOf(need) <= demand.BUSY &&
    need.memoryMib <= demand.EDGE_MEMORY_MIB * demand.BUSY &&
    need.connections <= mostConnections
  let working = 1
  while (working < mostEdges && !isEnough(needOf(working))) working = Math.max(working + 1, Math.floor(working * step))
  // Where no number is enough, what more edges cannot help against is shown with as many as the frames alone would take.
  if (working >= mostEdges) working = fewestEdges(demand, traffic, of, setting)
  const edge = needOf(working)
  const edges = working + demand.SPARE
  const ingest = ingestNeed(demand, traffic, of, setting)
  const services = {
    ingest,
    stateMachine: stateMachineNeed(demand, withProbes(traffic, ingest.instances ?? 1, partitions), of, setting),
    mixer: mixerNeed(demand, traffic, of, setting),
  }
  const broker = brokerNeed(demand, traffic, of, { edge, edges, services, ...setting })
  const limits = limitsOf(demand, traffic, of, { partitions, edge, services, broker })
  return { traffic, ...setting, edges, edge, services, broker, limits }
}

const mostConnections = 100_000

/** By frames, arrivals and connections, as if nothing else were to be done. */
const fewestEdges = (
  demand: Demand,
  traffic: Traffic,
  of: Values,
  setting: { partitions: number; brokers: number },
): number => {
  const { cores } = edgeNeed(demand, traffic, of, { edges: 1, ...setting })
  return Math.max(
    1,
    Math.ceil((cores.frames + cores.arrivals) / demand.BUSY),
    Math.ceil(demand.CLIENTS / mostConnections),
  )
}

const limitsOf = (
  demand: Demand,
  traffic: Traffic,
  of: Values,
  {
    partitions,
    edge,
    services,
    broker,
  }: {
    readonly partitions: number
    readonly edge: EdgeNeed
    readonly services: Services
    readonly broker: BrokerNeed
  },
): readonly Limit[] => {
  const { cores } = edge
  const core = (used: number): number => used / demand.BUSY
  const limits: readonly Limit[] = [
    { what: 'calls to the video cloud', share: traffic.commands / demand.MIX_CALLS },
    { what: 'states of rooms at every edge', share: core(cores.states) },
    { what: 'states of rooms at every ingest', share: core(services.ingest.coresEach) },
    { what: 'viewers of rooms at every edge', share: core(cores.viewers) },
    { what: 'comments and likes at every edge', share: core(cores.records) },
    ...overloadedEdge(core(coresOf(edge))),
    { what: 'fetches of every edge', share: core(cores.fetches) },
    { what: 'memory of every edge', share: edge.memoryMib / (demand.EDGE_MEMORY_MIB * demand.BUSY) },
    { what: 'one state-machine for a partition', share: (services.stateMachine.instances ?? 1) / partitions },
    { what: 'brokers', share: (Math.max(...Object.values(broker.wanted)) + demand.SPARE) / mostBrokers },
    { what: 'mix commands under way', share: traffic.commands / mostCommands(of, partitions) },
  ]
  return limits.toSorted((one, other) => other.share - one.share)
}

/** One more edge always helps, unless what each has to do is too much already. */
const overloadedEdge = (share: number): readonly Limit[] =>
  share > 1 ? [{ what: 'the sum of all at every edge', share }] : []
