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
/** INGEST_PROBE_MS: so often every ingest sends a marker through every partition. */
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
  // An instance has one append under way at each broker: few requests are appended one by one, many together.
  const appendsOfOne = brokers * (1_000 / of.produceRoundTripMs)
  const perRequest = of.ingestRequestUs + of.appendUs
  const oneByOne = share((traffic.requests * (perRequest + of.fetchUs)) / 1e6, each, demand)
  const together = share((traffic.requests * perRequest) / 1e6, each + (appendsOfOne * of.fetchUs) / 1e6, demand)
  const need = (together.instances ?? Infinity) < (oneByOne.instances ?? Infinity) ? together : oneByOne
  const instances = need.instances ?? 1
  const appends = Math.min(traffic.requests, instances * appendsOfOne)
  return {
    ...need,
    memoryMib:
      of.stateMachineBaseMib +
      (demand.ROOMS * of.ingestRoomKib) / mib +
      (Math.min(mostOutcomes, traffic.outcomes * outcomesKeptSeconds) * outcomeKib) / mib,
    coresEach: each,
    requests: instances * (fetches + partitions / probeSeconds) + appends,
    transactions: 0,
  }
}

/** With the markers that so many ingests send: each is an input that changes something. */
export const withProbes = (traffic: Traffic, ingests: number, partitions: number): Traffic => {
  const probes = (ingests * partitions) / probeSeconds
  return { ...traffic, inputs: traffic.inputs + probes, changes: traffic.changes + probes }
}

/** As `services/state-machine/adapters/likes.ts` reads: what comes in one fetch is due together. */
const likeLane = { minBytes: 256 * 1024, maxWaitMs: 200, idleWaitMs: 200 }
/** As `services/state-machine/task.ts` waits before it commits that nothing has changed. */
const housekeepingSeconds = 0.25

/**
 * Transactions a second. A partition has one at a time, which takes along all that has come: likes come in few fetches; what changes nothing
 * waits for another transaction, and has one of its own when none comes.
 */
export const transactionsOf = (
  { changes, visits, likeStates }: Pick<Traffic, 'changes' | 'visits' | 'likeStates'>,
  of: Values,
  { partitions, likeFetches }: { readonly partitions: number; readonly likeFetches: number },
): number => {
  const ofLikes = likeFetches * (1 - Math.exp(-likeStates / partitions / likeFetches))
  const changesHere = changes / partitions + ofLikes
  const visitsHere = visits / partitions
  const alone = (visitsHere / (1 + visitsHere * housekeepingSeconds)) * Math.exp(-changesHere * housekeepingSeconds)
  return partitions * Math.min(changesHere + alone, 1_000 / of.transactionMs)
}

/** Partitions are shared out; a room has to be back in time when one instance was killed. */
export const stateMachineNeed = (
  demand: Demand,
  traffic: Traffic,
  of: Values,
  { partitions, brokers }: Setting,
): ServiceNeed => {
  const likeFetches =
    fetchesPerSecond(likeLane, { records: traffic.likes, bytes: traffic.bytes.pushLike, brokers }) / brokers
  const transactions = transactionsOf(traffic, of, { partitions, likeFetches })
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
    requests: instances * brokers * likeFetches,
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
