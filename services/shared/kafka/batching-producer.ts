import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'
import { createAppender, maxLotBytes } from './appender.ts'
import type { Kafka } from './client.ts'
import type { Appended, OutgoingMessage } from './message.ts'

export type BatchingProducer = {
  /**
   * Appends one record, with acks from all in-sync replicas. Records of one partition keep the order of their calls.
   * @throws Fault BUFFER_FULL (retriable) at once when the buffer has no room
   * @throws Fault BROKER_UNREACHABLE (retriable) when the delivery deadline has passed: the record may or may not be there
   * @throws Fault BROKER_REFUSED when the broker will not take this record
   */
  readonly send: (message: OutgoingMessage) => Promise<Appended>
  /** Resolves when everything that was sent before has been answered, one way or the other. */
  readonly flush: () => Promise<void>
  /** Takes nothing more, flushes (bounded by the delivery deadline), disconnects. */
  readonly close: () => Promise<void>
}

/** A record that its caller waits for. */
type Waiting = {
  readonly message: OutgoingMessage
  readonly bytes: number
  readonly sentAt: number
  readonly outcome: PromiseWithResolvers<Appended | Fault>
}

/** Keys, lengths, timestamps and so on of one record, about. */
const overheadBytes = 64

const bytesOf = ({ key, value, headers = {} }: OutgoingMessage): number =>
  Object.entries(headers).reduce(
    (bytes, [name, text]) => bytes + Buffer.byteLength(name) + Buffer.byteLength(text),
    overheadBytes + Buffer.byteLength(key ?? '') + (value?.length ?? 0),
  )

/** How much may come in before the linger time is cut short. */
const enoughBytes = 256 * 1024
/** The clock of deadlines ticks no finer. */
const expiryTickMs = 10

/**
 * Opens an idempotent producer that collects records for about `lingerMs` and sends them together: single sends cost a
 * round trip each. While a broker has not answered, what comes for it is its next request, so that requests grow with the load.
 * Resolves at once; while a broker is away, records wait in the buffer, each until its own delivery deadline.
 * @param maxBufferedMessages limit of what waits or is under way; past it `send` refuses
 */
export const createBatchingProducer = async ({
  kafka,
  lingerMs = 2,
  maxBufferedMessages,
  maxBufferedBytes,
  deliveryTimeoutMs,
  log,
}: {
  kafka: Kafka
  lingerMs?: number
  maxBufferedMessages: number
  maxBufferedBytes: number
  deliveryTimeoutMs: number
  log: Log
}): Promise<BatchingProducer> => {
  /** In the order of their sends, and so of their deadlines. */
  const unanswered = new Set<Waiting>()
  let bufferedBytes = 0
  let collectedBytes = 0
  let closed = false
  let lingering: NodeJS.Timeout | undefined
  let expiring: NodeJS.Timeout | undefined

  const answer = (waiting: Waiting, outcome: Appended | Fault): void => {
    if (!unanswered.delete(waiting)) return // past its deadline, it has had its answer
    bufferedBytes -= waiting.bytes
    waiting.outcome.resolve(outcome)
  }

  const appender = createAppender<Waiting>({
    kafka,
    isAwaited: (waiting) => unanswered.has(waiting),
    onOutcome: answer,
    log,
  })

  const expire = (): void => {
    expiring = undefined
    const trouble = appender.trouble()
    const late = new Fault(
      'BROKER_UNREACHABLE',
      `not appended within ${deliveryTimeoutMs} ms${trouble === null ? '' : `: ${trouble.message}`}`,
      { cause: trouble, retriable: true },
    )
    const now = performance.now()
    const before = unanswered.size
    for (const waiting of unanswered) {
      const leftMs = waiting.sentAt + deliveryTimeoutMs - now
      if (leftMs > 0) {
        expiring = setTimeout(expire, Math.max(expiryTickMs, leftMs))
        break
      }
      answer(waiting, late)
    }
    if (unanswered.size < before) appender.letGo()
  }

  const dispatch = (): void => {
    clearTimeout(lingering)
    lingering = undefined
    collectedBytes = 0
    appender.dispatch()
  }

  const send = async (message: OutgoingMessage): Promise<Appended> => {
    const bytes = bytesOf(message)
    if (closed) throw new Fault('BROKER_REFUSED', 'the producer is closed')
    if (bytes > maxLotBytes)
      throw new Fault('BROKER_REFUSED', `a record of ${bytes} bytes is larger than a batch may be`)
    if (unanswered.size >= maxBufferedMessages || bufferedBytes + bytes > maxBufferedBytes) {
      throw new Fault('BUFFER_FULL', 'too many records wait for the broker', { retriable: true })
    }
    const waiting = { message, bytes, sentAt: performance.now(), outcome: Promise.withResolvers<Appended | Fault>() }
    unanswered.add(waiting)
    bufferedBytes += bytes
    collectedBytes += bytes
    appender.add(waiting)
    expiring ??= setTimeout(expire, deliveryTimeoutMs)
    if (collectedBytes >= enoughBytes) dispatch()
    else lingering ??= setTimeout(dispatch, lingerMs)
    const outcome = await waiting.outcome.promise
    if (outcome instanceof Fault) throw outcome
    return outcome
  }

  const flush = async (): Promise<void> => {
    dispatch()
    await Promise.all([...unanswered].map(({ outcome }) => outcome.promise))
  }

  return {
    send,
    flush,
    close: async () => {
      closed = true
      await flush()
      clearTimeout(expiring)
      await appender.close()
    },
  }
}
