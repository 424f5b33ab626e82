import { brokerNeed } from './brokers.ts'
import { readDemand } from './demand.ts'
import { coresOf, edgeNeed } from './edge.ts'
import type { Values } from './figures.ts'
import { systemPart } from './measured.ts'
import { ingestNeed, mixerNeed, stateMachineNeed, withProbes } from './others.ts'
import type { Comparison } from './predictions.ts'
import type { Results } from './results.ts'
import { whole } from './text.ts'
import { trafficOf } from './traffic.ts'

const setting = { partitions: 12, brokers: 1, edges: 1 } as const

/** A whole system under one of the benchmark's steady loads. */
export type SystemComparison = {
  readonly load: string
  /** Cores that were used, by the system, by who loaded it, and by the rest of the machine. */
  readonly system: number
  readonly clients: number
  readonly others: number
  readonly rows: readonly Comparison[]
}

const loads = ['usual', 'lively'] as const

/** The model is told of the loads in the same words as by `make capacity`. */
export const compareSystems = (results: Results, of: Values): readonly SystemComparison[] =>
  loads.map((load) => compareSystem(results, of, load))

const compareSystem = (results: Results, of: Values, name: string): SystemComparison => {
  const found = (figure: string): number => results.median(systemPart, name, figure)
  const demand = readDemand({
    ROOMS: String(found('rooms')),
    CLIENTS: String(found('clients')),
    COMMENTS: String(found('comments') / 3_600),
    LIKES: String(found('likes') / 3_600),
    SESSIONS: String(found('sessions')),
    STAY_MINUTES: String(found('stayMinutes')),
    SLOW: '0',
    REPLICATION: '1',
    SPARE: '0',
    BUSY: '1',
  })
  const traffic = withProbes(trafficOf(demand, of), 1, setting.partitions)
  const edge = edgeNeed(demand, traffic, of, setting)
  const services = {
    ingest: ingestNeed(demand, traffic, of, setting),
    stateMachine: stateMachineNeed(demand, traffic, of, setting),
    mixer: mixerNeed(demand, traffic, of, setting),
  }
  const { ingest, stateMachine, mixer } = services
  const broker = brokerNeed(demand, traffic, of, { edge, services, ...setting })
  const compared = (what: string, unit: string, predicted: number, measured: number): Comparison => ({
    what,
    unit,
    predicted,
    measured,
  })
  const headers = found('messages') * of.frameOverheadBytes
  const processors = [
    compared('broker', 'cores', broker.cores, found('brokerCores')),
    compared('edge', 'cores', coresOf(edge), found('edgeCores')),
    compared('state-machine', 'cores', stateMachine.cores, found('stateMachineCores')),
    compared('ingest', 'cores', ingest.cores, found('ingestCores')),
  ]
  const rows = [
    ...processors,
    compared('edge', 'MiB', edge.memoryMib, found('edgeRssMiB')),
    compared('state-machine', 'MiB', stateMachine.memoryMib, found('stateMachineRssMiB')),
    compared('ingest', 'MiB', ingest.memoryMib, found('ingestRssMiB')),
    compared('mixer', 'MiB', mixer.memoryMib, found('mixerRssMiB')),
    compared('to clients, headers included', 'Mbit/s', edge.outMbit, ((found('clientBytes') + headers) * 8) / 1e6),
    compared('appended to Kafka', 'Mbit/s', broker.inMbit, (appendedBytes(found) * 8) / 1e6),
    compared('requests to ingest', '/s', traffic.requests, found('requests')),
    compared('inputs of the state-machine', '/s', traffic.inputs, found('inputs')),
    compared('transactions of the state-machine', '/s', stateMachine.transactions, found('transactions')),
    compared('messages to clients', '/s', edge.frames, found('messages')),
    compared('fetches of the edge', '/s', edge.fetches, found('edgeFetches')),
  ]
  const { ROOMS, CLIENTS, SESSIONS, STAY_MINUTES } = demand
  const hourly = `${whole(found('comments'))} comments, ${whole(found('likes'))} likes and ${whole(SESSIONS)} sessions an hour in each`
  return {
    load: `${whole(ROOMS)} rooms, ${whole(CLIENTS)} clients that stay ${whole(STAY_MINUTES)} minutes; ${hourly}`,
    system: processors.reduce((sum, { measured }) => sum + measured, found('mixerCores')),
    clients: found('visitorsCores') + found('benchCores'),
    others: found('otherCores'),
    rows,
  }
}

const appendedBytes = (found: (figure: string) => number): number =>
  [
    'roomInput',
    'pushSignal',
    'pushComment',
    'pushLike',
    'requestOutcome',
    'mixCommand',
    'roomState',
    'roomPresence',
    'ofKafka',
  ].reduce((sum, topic) => sum + found(`${topic}Bytes`), 0)
