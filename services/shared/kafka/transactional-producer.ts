import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'
import type { Kafka } from './client.ts'
import { openCluster, type OpenCluster } from './cluster.ts'
import { protocolErrorType, toFault } from './faults.ts'
import {
  createProducer,
  type Broker,
  type Cluster,
  type KafkajsProducer,
  type KafkajsTransaction,
  type RawOutgoing,
  type Retry,
} from './internals.ts'
import type { Appended, OutgoingMessage } from './message.ts'
import { partitionFor } from './partitioner.ts'
import { abortable, backOff } from './waiting.ts'

/** An offset that a transaction commits for a consumer group: `next` is the first one not consumed. */
export type ConsumedOffset = { readonly topic: string; readonly partition: number; readonly next: number }
export type ConsumedOffsets = { readonly groupId: string; readonly offsets: readonly ConsumedOffset[] }

export type TransactionalProducer = {
  /**
   * One transaction: begin, append the messages, commit the offsets with them. One call at a time; at most `commitDeadlineMs`.
   * However many the messages are, one request holds about `maxRequestBytes` of them. Resolves with where each message went, in the order of `messages`. After any throw the producer is `broken`, and the
   * transaction is committed, aborted, or will be aborted: only a new producer of this id can tell.
   * @throws Fault PRODUCER_FENCED (not retriable): a newer producer has this id, or the broker has timed the transaction out
   * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED
   */
  readonly transact: (transaction: {
    readonly messages: readonly OutgoingMessage[]
    readonly consumed: ConsumedOffsets | null
  }) => Promise<readonly Appended[]>
  /** True after a throw of `transact` and after `close`: there is no way back, open another one. */
  readonly broken: boolean
  /** Disconnects; never hangs, never throws. An open transaction is left to the next owner of the id. */
  readonly close: () => Promise<void>
}

/** For the other retriable errors of a step; kafkajs' default begins with 300 ms. */
const transactionRetry: Retry = { initialRetryTime: 5, maxRetryTime: 100, retries: 20 }

/** How long the leader may wait for its followers. */
const replicationTimeoutMs = 5000

const firstPauseMs = 1
const longestPauseMs = 16
/** Longer than any transaction lives: the coordinator is not completing the last one, something is wrong. */
const maxPauses = 1000

/**
 * After a commit the coordinator writes markers, and refuses the next transaction until it has (CONCURRENT_TRANSACTIONS).
 * kafkajs' sendMessages then sleeps 300 ms by default and asks for all metadata; its sendOffsets does not try again at all.
 * Tried again here at once, for what takes a few ms.
 */
const afterLastTransaction = async <T>(step: () => Promise<T>): Promise<T> => {
  for (let pauses = 0, pauseMs = firstPauseMs; ; pauses += 1, pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await step()
    } catch (error) {
      if (protocolErrorType(error) !== 'CONCURRENT_TRANSACTIONS' || pauses === maxPauses) throw error
      await delay(pauseMs)
    }
  }
}

const patient = (coordinator: Broker): Broker =>
  Object.create(coordinator, {
    addPartitionsToTxn: {
      value: (request: object) => afterLastTransaction(() => coordinator.addPartitionsToTxn(request)),
    },
    addOffsetsToTxn: {
      value: (request: object) => afterLastTransaction(() => coordinator.addOffsetsToTxn(request)),
    },
  })

/**
 * kafkajs asks for the coordinator before each step of a transaction, four times in all. It is asked once here: if it
 * moves, that is an error, after which this producer is not used any more anyway.
 */
const rememberCoordinators = (cluster: Cluster): void => {
  const find = cluster.findGroupCoordinator.bind(cluster)
  const known = new Map<string, Broker>()
  cluster.findGroupCoordinator = async (group) => {
    const key = `${group.coordinatorType}/${group.groupId}`
    const coordinator = known.get(key) ?? patient(await find(group))
    known.set(key, coordinator)
    return coordinator
  }
}

type Opened = {
  readonly open: OpenCluster
  readonly producer: KafkajsProducer
  /** Begun by InitProducerId's call; beginning costs nothing and is told to nobody. */
  readonly first: KafkajsTransaction
  /** Where the partitioner has put the messages of the running transaction. */
  readonly chosen: Map<RawOutgoing, number>
}

/**
 * Opens a producer for transactions. Fences every older producer of the id, and returns only after the older one's
 * open transaction has been completed. Retries until it succeeds or `signal` aborts.
 * @param transactionTimeoutMs the broker aborts a transaction that is older
 * @param commitDeadlineMs a transaction that takes longer fails here; the next opening of the id then ends it at once
 * @throws Fault BROKER_REFUSED when the broker will never allow it; the signal's reason when it aborts
 */
export const openTransactionalProducer = async ({
  kafka,
  transactionalId,
  transactionTimeoutMs = 10_000,
  commitDeadlineMs = transactionTimeoutMs,
  signal,
  log,
}: {
  kafka: Kafka
  transactionalId: string
  transactionTimeoutMs?: number
  commitDeadlineMs?: number
  signal: AbortSignal
  log: Log
}): Promise<TransactionalProducer> => {
  const init = async (open: OpenCluster): Promise<Opened> => {
    const { cluster, logger } = open
    const chosen = new Map<RawOutgoing, number>()
    rememberCoordinators(cluster)
    const producer = createProducer({
      cluster,
      logger,
      retry: transactionRetry,
      createPartitioner:
        () =>
        ({ partitionMetadata, message }) => {
          const partition = message.partition ?? partitionFor(message.key ?? '', partitionMetadata.length)
          chosen.set(message, partition)
          return partition
        },
      transactionalId,
      transactionTimeout: transactionTimeoutMs,
    })
    await producer.connect()
    return { open, producer, first: await producer.transaction(), chosen }
  }

  for (let failures = 0; ; failures += 1) {
    signal.throwIfAborted()
    const open = openCluster({ kafka, retry: transactionRetry })
    try {
      return useProducer(await abortable(init(open), signal), { transactionalId, commitDeadlineMs, log })
    } catch (error) {
      open.destroy()
      signal.throwIfAborted()
      const fault = toFault(error)
      // Fenced while opening: two of us begin at the same time, and the later try wins.
      if (!fault.retriable && fault.code !== 'PRODUCER_FENCED') throw fault
      const trouble = { transactionalId, fault: fault.code, cause: fault.message }
      if (failures === 0) log.info(trouble, 'the transactional producer cannot be opened yet')
      else log.debug(trouble, 'the transactional producer still cannot be opened')
    }
    await backOff(failures, signal)
  }
}

/** Well below the broker's limit of a record batch, 1 MiB, of which each partition in a request is one. */
const maxRequestBytes = 512 * 1024

const sizeOf = ({ key, value }: OutgoingMessage): number => (key?.length ?? 0) + (value?.length ?? 0) + 64

/** The messages in their order, cut where a request would become too large. */
const inRequests = (messages: readonly OutgoingMessage[]): readonly (readonly OutgoingMessage[])[] => {
  const requests: OutgoingMessage[][] = []
  let bytes = Infinity
  for (const message of messages) {
    const size = sizeOf(message)
    if (bytes + size > maxRequestBytes) {
      requests.push([])
      bytes = 0
    }
    bytes += size
    requests.at(-1)?.push(message)
  }
  return requests
}

const toRaw = ({ key, value, headers, partition }: OutgoingMessage): RawOutgoing => {
  if (key === null && partition === undefined) throw new Error('a message needs a key or a partition')
  return { key, value, ...(headers && { headers }), ...(partition !== undefined && { partition }) }
}

const useProducer = (
  { open, producer, first, chosen }: Opened,
  { transactionalId, commitDeadlineMs, log }: { transactionalId: string; commitDeadlineMs: number; log: Log },
): TransactionalProducer => {
  let begun: KafkajsTransaction | null = first
  let busy = false
  let broken = false

  const discard = (): void => {
    broken = true
    open.destroy()
  }

  const append = async (
    transaction: KafkajsTransaction,
    messages: readonly OutgoingMessage[],
  ): Promise<readonly Appended[]> => {
    chosen.clear()
    const sent = messages.map((message) => ({ topic: message.topic, raw: toRaw(message) }))
    const byTopic = Map.groupBy(sent, ({ topic }) => topic)
    const answers = await transaction.sendBatch({
      topicMessages: [...byTopic].map(([topic, group]) => ({ topic, messages: group.map(({ raw }) => raw) })),
      timeout: replicationTimeoutMs,
    })
    const used = new Map<string, number>()
    return sent.map(({ topic, raw }) => {
      const partition = chosen.get(raw)
      const answer = answers.find((each) => each.topicName === topic && each.partition === partition)
      // kafkajs' sendMessages leaves out, without an error, a partition whose new leader has answered for others before.
      if (partition === undefined || !answer) {
        throw new Fault('BROKER_REFUSED', `no answer for ${topic}/${partition}`, { retriable: true })
      }
      const place = used.get(`${topic}/${partition}`) ?? 0
      used.set(`${topic}/${partition}`, place + 1)
      const appendedAt = Number(answer.logAppendTime)
      return {
        partition,
        offset: Number(answer.baseOffset) + place,
        appendedAt: appendedAt >= 0 ? appendedAt : null,
      }
    })
  }

  const run = async (
    messages: readonly OutgoingMessage[],
    consumed: ConsumedOffsets | null,
  ): Promise<readonly Appended[]> => {
    const transaction = begun ?? (await producer.transaction())
    begun = null
    let committing = false
    try {
      const appended: Appended[] = []
      for (const request of inRequests(messages)) appended.push(...(await append(transaction, request)))
      if (consumed) {
        await transaction.sendOffsets({
          consumerGroupId: consumed.groupId,
          topics: consumed.offsets.map(({ topic, partition, next }) => ({
            topic,
            partitions: [{ partition, offset: String(next) }],
          })),
        })
      }
      committing = true
      await transaction.commit()
      return appended
    } catch (error) {
      // An error from commit is neither commit nor abort, and a fenced producer has nothing to abort.
      if (!committing && toFault(error).code !== 'PRODUCER_FENCED') {
        await transaction.abort().catch((abortError: unknown) => {
          log.debug({ transactionalId, cause: toFault(abortError).message }, 'the broker will abort the transaction')
        })
      }
      throw error
    }
  }

  return {
    transact: async ({ messages, consumed }) => {
      if (busy) throw new Error('a transaction is under way')
      if (broken) throw new Fault('BROKER_REFUSED', 'this producer is broken: open another one', { retriable: true })
      busy = true
      const deadline = new AbortController()
      const late = new Fault('BROKER_UNREACHABLE', `no commit within ${commitDeadlineMs} ms`, { retriable: true })
      const timer = setTimeout(() => deadline.abort(late), commitDeadlineMs)
      try {
        return await abortable(run(messages, consumed), deadline.signal)
      } catch (error) {
        discard()
        throw toFault(error)
      } finally {
        busy = false
        clearTimeout(timer)
      }
    },
    get broken() {
      return broken
    },
    close: async () => discard(),
  }
}
