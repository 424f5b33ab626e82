import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'
import { isBrokerError, toFault } from './faults.ts'
import { createErrorFromCode, type Cluster, type ProducedPartition, type TransactionManager } from './internals.ts'
import type { Appended, OutgoingMessage } from './message.ts'
import { partitionFor } from './partitioner.ts'
import { placeOf, produce, toAppended } from './produce-request.ts'

/** The messages of one partition, in their order, and the number of the first: sent again, they are the same. */
type Lot = {
  readonly topic: string
  readonly partition: number
  readonly firstSequence: number
  readonly records: OutgoingMessage[]
}

/** A message is the lot's record at `place`. */
type Placed = { readonly lot: Lot; readonly place: number }

/** About two seconds in all. */
const maxTries = 21
const firstPauseMs = 5
const longestPauseMs = 100
/** The field has 31 bits; after the last number comes 0. */
const sequenceEnd = 2 ** 31

/**
 * Appends messages within the transaction that is under way, on kafkajs' cluster; `transactions` says who we are and registers
 * the partitions. kafkajs' own `producer/sendMessages.js` is not used: for each message it copies all earlier ones of the
 * partition, and a retry leaves out partitions whose new leader has answered for others before.
 * @param signal aborts when the producer is given up: nothing is tried again then
 * @returns sends messages, one batch per partition in one request per leader, again after retriable faults until each partition
 *   has answered; tells where each message went, in their order. After a throw (a Fault, or the signal's reason) nobody knows
 *   what is in the log, or which numbers the leaders have seen: the transaction has to be aborted and the producer given up.
 */
export const createTransactionAppender = ({
  cluster,
  transactions,
  transactionalId,
  signal,
  log,
}: {
  cluster: Cluster
  transactions: TransactionManager
  transactionalId: string
  signal: AbortSignal
  log: Log
}): ((messages: readonly OutgoingMessage[]) => Promise<readonly Appended[]>) => {
  /** The next number of each partition. They begin with 0, as the producer's epoch is a new one. */
  const sequences = new Map<string, number>()

  const partitionOf = ({ topic, key, partition }: OutgoingMessage): number => {
    if (partition !== undefined) return partition
    if (key === null) throw new Error('a message needs a key or a partition')
    return partitionFor(key, cluster.findTopicPartitionMetadata(topic).length)
  }

  const leaderOf = ({ topic, partition }: Lot): number => {
    const found = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)
    if (!found) throw new Fault('BROKER_REFUSED', `${topic} has no partition ${partition}`, { retriable: true })
    return found.leader
  }

  const load = async (topics: ReadonlySet<string>): Promise<void> => {
    await cluster.addMultipleTargetTopics([...topics])
    await cluster.refreshMetadataIfNecessary()
    for (const topic of topics) {
      if (cluster.findTopicPartitionMetadata(topic).length > 0) continue
      throw new Fault('BROKER_UNREACHABLE', `the metadata of ${topic} is not loaded`, { retriable: true })
    }
  }

  /** Puts messages into lots, and gives these their numbers. Once only: not even a new number of partitions may change them. */
  const toLots = (messages: readonly OutgoingMessage[]): { placed: readonly Placed[]; lots: readonly Lot[] } => {
    const lots = new Map<string, Lot>()
    const placed = messages.map((message) => {
      const { topic } = message
      const partition = partitionOf(message)
      const where = placeOf(topic, partition)
      const lot = lots.get(where) ?? { topic, partition, firstSequence: sequences.get(where) ?? 0, records: [] }
      if (lot.records.push(message) === 1) lots.set(where, lot)
      return { lot, place: lot.records.length - 1 }
    })
    for (const [where, { firstSequence, records }] of lots) {
      sequences.set(where, (firstSequence + records.length) % sequenceEnd)
    }
    return { placed, lots: [...lots.values()] }
  }

  /** Sends lots to their leader, once. Puts what was written into `answers`, and returns a fault for all else. */
  const sendTo = async (
    nodeId: number,
    lots: readonly Lot[],
    answers: Map<Lot, ProducedPartition>,
  ): Promise<readonly Fault[]> => {
    try {
      const produced = await produce(await cluster.findBroker({ nodeId }), {
        transactionalId,
        producerId: transactions.getProducerId(),
        producerEpoch: transactions.getProducerEpoch(),
        lots,
      })
      return lots.flatMap((lot) => {
        const answer = produced.get(placeOf(lot.topic, lot.partition))
        if (!answer) return [new Fault('BROKER_REFUSED', `no answer for ${lot.topic}`, { retriable: true })]
        if (answer.errorCode !== 0) return [toFault(createErrorFromCode(answer.errorCode))]
        answers.set(lot, answer)
        return []
      })
    } catch (error) {
      if (!isBrokerError(error)) throw error
      return [toFault(error)]
    }
  }

  /** Sends the lots that have no answer. All leaders have answered or failed when it is over, so that none is sent to twice at a time. */
  const send = async (lots: readonly Lot[], answers: Map<Lot, ProducedPartition>): Promise<void> => {
    const unanswered = lots.filter((lot) => !answers.has(lot))
    await transactions.addPartitionsToTransaction(
      [...Map.groupBy(unanswered, ({ topic }) => topic)].map(([topic, partitions]) => ({ topic, partitions })),
    )
    const byLeader = Map.groupBy(unanswered, leaderOf)
    const faults = await Promise.all([...byLeader].map(([nodeId, led]) => sendTo(nodeId, led, answers)))
    const fault = faults.flat().find(({ retriable }) => !retriable) ?? faults.flat()[0]
    if (fault) throw fault
  }

  /** Does a step again after a retriable fault, with new metadata. */
  const patiently = async (step: () => Promise<void>): Promise<void> => {
    for (let tries = 1, pauseMs = firstPauseMs; ; tries += 1, pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      signal.throwIfAborted()
      try {
        await step()
        return
      } catch (error) {
        if (!isBrokerError(error)) throw error
        const fault = toFault(error)
        if (!fault.retriable || tries === maxTries) throw fault
        log.debug({ transactionalId, fault: fault.code, cause: fault.message, tries }, 'messages are sent again')
      }
      await sleep(pauseMs)
      await cluster.refreshMetadata().catch((error: unknown) => {
        log.debug({ transactionalId, cause: toFault(error).message }, 'the metadata is not refreshed')
      })
    }
  }

  return async (messages) => {
    await patiently(() => load(new Set(messages.map(({ topic }) => topic))))
    const { placed, lots } = toLots(messages)
    const answers = new Map<Lot, ProducedPartition>()
    await patiently(() => send(lots, answers))
    return placed.map(({ lot, place }) => {
      const answer = answers.get(lot)
      if (!answer) throw new Error(`${lot.topic}/${lot.partition} is not answered`)
      return toAppended(answer, place)
    })
  }
}
