import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'
import type { Kafka } from './client.ts'
import { openCluster, type OpenCluster } from './cluster.ts'
import { toFault } from './faults.ts'
import { createTransactionManager, type Retry, type TransactionManager } from './internals.ts'
import type { Appended, OutgoingMessage } from './message.ts'
import { createTransactionAppender } from './transaction-appender.ts'
import { rememberCoordinators } from './transaction-coordinators.ts'
import { abortable, backOff } from '../waiting.ts'

/** An offset that a transaction commits for a consumer group: `next` is the first one not consumed. */
export type ConsumedOffset = { readonly topic: string; readonly partition: number; readonly next: number }
export type ConsumedOffsets = { readonly groupId: string; readonly offsets: readonly ConsumedOffset[] }

export type TransactionalProducer = {
  /**
   * One transaction: begin, append the messages, commit the offsets with them. One call at a time; at most `commitDeadlineMs`.
   * However many the messages are, one request holds about `maxRequestBytes` of them. Resolves with where each message went, in
   * the order of `messages`. After any throw the producer is `broken`, and the transaction is committed, aborted, or will be
   * aborted: only a new producer of this id can tell.
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

type Opened = { readonly open: OpenCluster; readonly transactions: TransactionManager }

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
    rememberCoordinators(cluster)
    const transactions = createTransactionManager({
      cluster,
      logger,
      transactional: true,
      transactionalId,
      transactionTimeout: transactionTimeoutMs,
    })
    await cluster.connect()
    await transactions.initProducerId()
    return { open, transactions }
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

const useProducer = (
  { open, transactions }: Opened,
  { transactionalId, commitDeadlineMs, log }: { transactionalId: string; commitDeadlineMs: number; log: Log },
): TransactionalProducer => {
  const closing = new AbortController()
  const append = createTransactionAppender({
    cluster: open.cluster,
    transactions,
    transactionalId,
    signal: closing.signal,
    log,
  })
  let busy = false
  let broken = false

  const discard = (): void => {
    broken = true
    closing.abort(new Fault('BROKER_UNREACHABLE', 'this producer is closed', { retriable: true }))
    open.destroy()
  }

  const run = async (
    messages: readonly OutgoingMessage[],
    consumed: ConsumedOffsets | null,
  ): Promise<readonly Appended[]> => {
    transactions.beginTransaction() // costs nothing, and is told to nobody
    let committing = false
    try {
      const appended: Appended[] = []
      for (const request of inRequests(messages)) appended.push(...(await append(request)))
      if (consumed) {
        await transactions.sendOffsets({
          consumerGroupId: consumed.groupId,
          topics: consumed.offsets.map(({ topic, partition, next }) => ({
            topic,
            partitions: [{ partition, offset: String(next) }],
          })),
        })
      }
      committing = true
      await transactions.commit()
      return appended
    } catch (error) {
      // An error from commit is neither commit nor abort, and a fenced producer has nothing to abort.
      if (!committing && toFault(error).code !== 'PRODUCER_FENCED') {
        await transactions.abort().catch((abortError: unknown) => {
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
