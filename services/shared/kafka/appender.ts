import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'
import type { Kafka } from './client.ts'
import { openCluster, type OpenCluster } from './cluster.ts'
import { isBrokerError, protocolErrorType, toFault } from './faults.ts'
import { createErrorFromCode, type Broker, type ProducedPartition } from './internals.ts'
import type { Appended, OutgoingMessage } from './message.ts'
import { partitionFor } from './partitioner.ts'
import { placeOf, produce, toAppended } from './produce-request.ts'
import { backOff } from '../waiting.ts'

/** A record that somebody waits for. */
export type Pending = { readonly message: OutgoingMessage; readonly bytes: number }

export type Appender<Item extends Pending> = {
  /** Takes a record over; it goes out with the next `dispatch`, or with what is being sent anyway. */
  readonly add: (item: Item) => void
  /** Sends what has been added. */
  readonly dispatch: () => void
  /** The last thing that has kept records from being sent, since some have been. */
  readonly trouble: () => Fault | null
  /** To be called when records are not awaited any more: lets go of them, and of the lots that consist of them. */
  readonly letGo: () => void
  readonly close: () => Promise<void>
}

/** The records of one partition, in their order. */
type Lane<Item> = {
  readonly topic: string
  readonly partition: number
  waiting: Item[]
  /** One record batch, sent and not answered: it goes again as it is, with the same numbers, until it is answered or given up. */
  lot: readonly Item[]
  /** Who we are to this partition's leader, and the number of the next lot's first record. */
  identity: Identity | null
  sequence: number
}

type Identity = { readonly producerId: string; readonly producerEpoch: number }

/** A lane with the lot that it had when a request was made. */
type Sent<Item> = { readonly lane: Lane<Item>; readonly lot: readonly Item[] }

/** The default limit of brokers for one record batch is 1 MiB. */
export const maxLotBytes = 768 * 1024
const maxLotRecords = 5000
const maxRequestBytes = 4 << 20
/** The field has 31 bits, and our encoder has no word for a batch that goes over the end. */
const lastSequence = 2 ** 30
/** The broker does not know us or our numbers (any more). Under a new producer id the caller's next try can succeed. */
const lostIdentity = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH'])

/**
 * The idempotent producer itself, on kafkajs' cluster (KIP-98): one lane per partition, one request at a time per
 * broker, so that a broker that is away holds up its own partitions and no others.
 *
 * kafkajs' own Producer is not used, because of `producer/sendMessages.js` and `producer/eosManager`:
 * - after a failed send the sequence number is that of before. The next, other batch carries it again; the broker that did get
 *   the first takes the second for its repetition, and acknowledges what it never writes.
 * - a retry leaves out every broker that has answered once, also for a partition whose leader it has become since: no answer, no
 *   error, nothing written.
 * - its retries know no deadline and no signal.
 * Here a lot keeps its numbers until it is answered, and when it is given up, so is the lane's producer id.
 * @param isAwaited whether a record still has no outcome: its caller may have stopped waiting
 * @param onOutcome called once per record that is answered while it is awaited
 */
export const createAppender = <Item extends Pending>({
  kafka,
  isAwaited,
  onOutcome,
  log,
}: {
  kafka: Kafka
  isAwaited: (item: Item) => boolean
  onOutcome: (item: Item, outcome: Appended | Fault) => void
  log: Log
}): Appender<Item> => {
  const controller = new AbortController()
  const { signal } = controller
  let open: OpenCluster | null = null
  /** For lanes that have none; each new one has another producer id. */
  let identity: Promise<Identity> | null = null
  /** Records that have no lane yet. */
  let arrived: Item[] = []
  const lanes = new Map<string, Lane<Item>>()
  const running = new Map<number | 'metadata', Promise<void>>()
  let unkeyed = 0
  let trouble: Fault | null = null

  const partitionsOf = (topic: string) =>
    open?.cluster.brokerPool.metadata ? open.cluster.findTopicPartitionMetadata(topic) : []

  const leaderOf = ({ topic, partition }: Lane<Item>): number =>
    partitionsOf(topic).find(({ partitionId }) => partitionId === partition)?.leader ?? -1

  const hasWork = ({ lot, waiting }: Lane<Item>): boolean => lot.length > 0 || waiting.length > 0

  const laneOf = (topic: string, partition: number): Lane<Item> => {
    const place = placeOf(topic, partition)
    const lane = lanes.get(place) ?? { topic, partition, waiting: [], lot: [], identity: null, sequence: 0 }
    lanes.set(place, lane)
    return lane
  }

  const partitionOf = ({ key, partition }: OutgoingMessage, count: number): number =>
    partition ?? (key === null ? unkeyed++ % count : partitionFor(key, count))

  /** Puts what has arrived into lanes, as far as the partitions of the topics are known. */
  const sort = (): void => {
    arrived = arrived.filter((item) => {
      const { topic } = item.message
      const count = partitionsOf(topic).length
      if (count === 0) return isAwaited(item)
      const partition = partitionOf(item.message, count)
      if (partition < count) laneOf(topic, partition).waiting.push(item)
      else onOutcome(item, new Fault('BROKER_REFUSED', `${topic} has no partition ${partition}`))
      return false
    })
  }

  /** Ends a lane's lot. After anything but success nobody knows which numbers the leader has seen: the id goes with them. */
  const endLot = (lane: Lane<Item>, succeeded: boolean): void => {
    lane.sequence += lane.lot.length
    lane.lot = []
    if (succeeded && lane.sequence < lastSequence) return
    lane.identity = null
    lane.sequence = 0
    identity = null
  }

  const fillLot = (lane: Lane<Item>): void => {
    const lot: Item[] = []
    let bytes = 0
    let taken = 0
    for (const item of lane.waiting) {
      const isAwaitedStill = isAwaited(item)
      if (isAwaitedStill && lot.length > 0 && (bytes + item.bytes > maxLotBytes || lot.length >= maxLotRecords)) break
      taken += 1
      if (!isAwaitedStill) continue
      lot.push(item)
      bytes += item.bytes
    }
    lane.waiting.splice(0, taken)
    lane.lot = lot
  }

  /** The next request's content. The lanes that are in it go to the end of the line. */
  const takeLots = (nodeId: number): readonly Sent<Item>[] => {
    const sent: Sent<Item>[] = []
    let bytes = 0
    const led = [...lanes.values()].filter((lane) => hasWork(lane) && leaderOf(lane) === nodeId)
    for (const lane of led) {
      if (bytes > maxRequestBytes) break
      if (lane.lot.length === 0) fillLot(lane)
      if (lane.lot.length === 0) continue
      sent.push({ lane, lot: lane.lot })
      bytes += lane.lot.reduce((sum, item) => sum + item.bytes, 0)
      lanes.delete(placeOf(lane.topic, lane.partition))
      lanes.set(placeOf(lane.topic, lane.partition), lane)
    }
    return sent
  }

  /** The shared identity, made anew when there is none or making it has failed. Any broker hands out producer ids. */
  const currentIdentity = async (broker: Broker): Promise<Identity> => {
    const current = (identity ??= broker.initProducerId({ transactionTimeout: 0 }))
    try {
      return await current
    } catch (error) {
      if (identity === current) identity = null
      throw error
    }
  }

  /** Gives an answered lot's records their outcomes. Returns the fault for which the lot has to be sent again. */
  const settle = ({ lane, lot }: Sent<Item>, produced: ProducedPartition | undefined): Fault | null => {
    if (lane.lot !== lot) return null // it was given up meanwhile
    if (!produced) return new Fault('BROKER_REFUSED', `no answer for ${lane.topic}`, { retriable: true })
    const fault = produced.errorCode === 0 ? null : toFault(createErrorFromCode(produced.errorCode))
    const isLost = lostIdentity.has(protocolErrorType(fault) ?? '')
    if (fault?.retriable && !isLost) return fault
    const refusal =
      fault && isLost ? new Fault('BROKER_REFUSED', fault.message, { cause: fault, retriable: true }) : fault
    endLot(lane, refusal === null)
    for (const [place, item] of lot.entries()) onOutcome(item, refusal ?? toAppended(produced, place))
    return null
  }

  /** Sends lots to their leader, once. Returns a fault for which some have to be sent again. */
  const sendTo = async (
    nodeId: number,
    sent: readonly Sent<Item>[],
    { cluster }: OpenCluster,
  ): Promise<Fault | null> => {
    try {
      const broker = await cluster.findBroker({ nodeId })
      const current = await currentIdentity(broker)
      // What was given up while we waited must not be sent: its lane would begin anew with these very numbers.
      const wanted = sent.filter(({ lane, lot }) => lane.lot === lot)
      const byIdentity = Map.groupBy(wanted, ({ lane }) => (lane.identity ??= current))
      const faults = await Promise.all(
        [...byIdentity].map(async ([who, group]) => {
          const answers = await produce(broker, {
            transactionalId: null,
            ...who,
            lots: group.map(({ lane: { topic, partition, sequence }, lot }) => ({
              topic,
              partition,
              firstSequence: sequence,
              records: lot.map(({ message }) => message),
            })),
          })
          return group.map((each) => settle(each, answers.get(placeOf(each.lane.topic, each.lane.partition))))
        }),
      )
      return faults.flat().find((fault) => fault !== null) ?? null
    } catch (error) {
      if (!isBrokerError(error)) throw error
      return toFault(error)
    }
  }

  /** Sends to one broker until there is nothing more for it. */
  const serve = async (nodeId: number): Promise<void> => {
    for (let failures = 0; !signal.aborted && open;) {
      sort()
      const sent = takeLots(nodeId)
      if (sent.length === 0) return
      const fault = await sendTo(nodeId, sent, open)
      trouble = fault
      if (!fault) {
        failures = 0
        continue
      }
      log.debug({ broker: nodeId, fault: fault.code, cause: fault.message, failures }, 'records are sent again')
      await backOff(failures++, signal)
      await open?.cluster.refreshMetadata().catch((error: unknown) => {
        log.debug({ cause: toFault(error).message }, 'the metadata is not refreshed')
      })
    }
  }

  /** Topics of which a leader is missing for something that waits. */
  const unknownTopics = (): ReadonlySet<string> =>
    new Set([
      ...arrived.map(({ message }) => message.topic),
      ...[...lanes.values()].filter((lane) => hasWork(lane) && leaderOf(lane) < 0).map(({ topic }) => topic),
    ])

  /** Loads metadata until all that waits has a leader, or nobody waits any more. */
  const load = async (): Promise<void> => {
    for (let failures = 0; !signal.aborted && unknownTopics().size > 0; failures += 1) {
      if (failures > 0) await backOff(failures, signal)
      // One by one, so that a topic that does not exist is in nobody's way.
      for (const topic of unknownTopics()) {
        if (signal.aborted) return
        open ??= openCluster({ kafka })
        const { cluster } = open
        try {
          await cluster.connect()
          await cluster.addMultipleTargetTopics([topic])
          if (failures > 0 || partitionsOf(topic).length === 0) await cluster.refreshMetadata()
        } catch (error) {
          trouble = toFault(error)
          log.debug({ topic, cause: trouble.message, failures }, 'the metadata is not loaded')
        }
        sort()
        serveAll()
      }
    }
  }

  /** Starts a loop unless it runs; when it ends, looks for what has come too late for it. */
  const start = (who: number | 'metadata', loop: () => Promise<void>): void => {
    if (running.has(who) || signal.aborted) return
    const done = loop()
      .catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
      .then(() => {
        running.delete(who)
        if (!signal.aborted) dispatch()
      })
    running.set(who, done)
  }

  const serveAll = (): void => {
    for (const lane of lanes.values()) {
      const leader = hasWork(lane) ? leaderOf(lane) : -1
      if (leader >= 0) start(leader, () => serve(leader))
    }
  }

  const dispatch = (): void => {
    sort()
    serveAll()
    if (unknownTopics().size > 0) start('metadata', load)
  }

  const disconnect = (): void => {
    open?.destroy()
    open = null
  }

  return {
    add: (item) => {
      arrived.push(item)
    },
    dispatch,
    trouble: () => trouble,
    letGo: () => {
      arrived = arrived.filter(isAwaited)
      for (const lane of lanes.values()) lane.waiting = lane.waiting.filter(isAwaited)
      const hopeless = [...lanes.values()].filter(({ lot }) => lot.length > 0 && !lot.some(isAwaited))
      for (const lane of hopeless) endLot(lane, false)
      if (hopeless.length > 0) disconnect() // with what has not been answered over it; other lots are sent again
    },
    close: async () => {
      controller.abort()
      disconnect()
      await Promise.all(running.values())
    },
  }
}
