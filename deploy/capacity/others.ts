import type { Demand } from './demand.ts'
import { fetchesPerSecond } from './fetches.ts'
import type { Values } from './figures.ts'
import type { Traffic } from './traffic.ts'

/** So many processes of a service, spares included; undefined when no number of them is enough. */
export type ServiceNeed = {
  readonly instances: number | undefined
  /** Of one process when the spares are missing. */
  readonly cores: number
  readonly memoryMib: number
  /** Requests to brokers that belong to no transaction, a second, of all of them. */
  readonly requests: number
  /** A second, of all of them. */
  readonly transactions: number
  /** Processors that each of them needs, however many there are. */
  readonly coresEach: number
}

type Setting = { readonly partitions: number; readonly brokers: number }

/** As `services/ingest/adapters/rooms.ts` and `outcomes.ts` follow. */
const followStates = { minBytes: 256 * 1024, maxWaitMs: 25, idleWaitMs: 25 }
const followOutcomes = { minBytes: 1, idleWaitMs: 500 }
const probeSeconds = 5
const mib = 1024
const outcomesKeptSeconds = 600
const mostOutcomes = 1_000_000
const outcomeKib = 0.1
const commandsPerPartition = 64

/** How many share `shared` cores when each has `each` to do besides. */
const share = (
  shared: number,
  each: number,
  { BUSY, SPARE }: Demand,
): Pick<ServiceNeed, 'instances' | 'cores' | 'coresEach'> => {
  const needed = each >= BUSY ? undefined : Math.max(1, Math.ceil(shared / (BUSY - each)))
  return {
    instances: needed === undefined ? undefined : needed + SPARE,
    cores: each + (needed === undefined ? 0 : shared / needed),
    coresEach: each,
  }
}

/** Every ingest knows every room and sees every outcome; requests are shared. */
export const ingestNeed = (
  demand: Demand,
  traffic: Traffic,
  of: Values,
  { brokers, partitions }: Setting,
): ServiceNeed => {
  const fetches =
    fetchesPerSecond(followStates, { records: traffic.states, bytes: traffic.bytes.roomState, brokers }) +
    fetchesPerSecond(
      { ...followOutcomes, maxWaitMs: of.fetchRoundTripMs },
      { records: traffic.outcomes, bytes: traffic.bytes.requestOutcome, brokers },
    )
  const each =
    of.idleCores + (fetches * of.fetchUs + traffic.states * of.ingestStateUs + traffic.outcomes * of.edgeUnreadUs) / 1e6
  const need = share((traffic.requests * (of.ingestRequestUs + of.appendUs)) / 1e6, each, demand)
  const instances = need.instances ?? 1
  const produces = Math.min(traffic.requests, instances * brokers * (1_000 / of.produceRoundTripMs))
  return {
    ...need,
    memoryMib:
      of.stateMachineBaseMib +
      (demand.ROOMS * of.ingestRoomKib) / mib +
      (Math.min(mostOutcomes, traffic.outcomes * outcomesKeptSeconds) * outcomeKib) / mib,
    requests: instances * (fetches + partitions / probeSeconds) + produces,
    transactions: 0,
  }
}

/** Transactions a second: a partition has one at a time, which takes along all that has come. */
export const transactionsOf = ({ inputs, states }: Traffic, of: Values, partitions: number): number =>
  partitions * Math.min((inputs + states) / partitions, 1_000 / of.transactionMs)

/** Partitions are shared out; a room has to be back in time when one instance was killed. */
export const stateMachineNeed = (
  demand: Demand,
  traffic: Traffic,
  of: Values,
  { partitions }: Setting,
): ServiceNeed => {
  const transactions = transactionsOf(traffic, of, partitions)
  const shared =
    (traffic.inputs * of.decisionUs +
      traffic.states * of.decisionUs +
      traffic.likes * of.likeUs +
      transactions * of.transactionUs) /
    1e6
  const need = share(shared, of.idleCores, demand)
  const roomsInTime = ((demand.OUTAGE_SECONDS - of.assignmentSeconds) * 1e6) / of.restoreUs
  const forRestore = Math.ceil(demand.ROOMS / roomsInTime) + demand.SPARE
  const instances = Math.max(need.instances ?? 1, forRestore)
  return {
    ...need,
    instances,
    cores: need.coresEach + shared / Math.max(1, instances - demand.SPARE),
    memoryMib:
      of.stateMachineBaseMib + ((demand.ROOMS / Math.max(1, instances - demand.SPARE)) * of.stateMachineRoomKib) / mib,
    requests: 0,
    transactions,
  }
}

export const mixerNeed = (demand: Demand, traffic: Traffic, of: Values, { partitions }: Setting): ServiceNeed => {
  const need = share((traffic.commands * of.commandUs) / 1e6, of.idleCores, demand)
  return { ...need, memoryMib: of.stateMachineBaseMib, requests: partitions, transactions: traffic.commands }
}

/** Commands a second that all partitions together can have under way. */
export const mostCommands = (of: Values, partitions: number): number =>
  (partitions * commandsPerPartition * 1_000) / of.mixAnswerMs
