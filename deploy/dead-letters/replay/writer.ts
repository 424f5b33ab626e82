import { Fault } from '../../../services/shared/fault.ts'
import type { Kafka } from '../../../services/shared/kafka/client.ts'
import { openTransactionalProducer } from '../../../services/shared/kafka/transactional-producer.ts'
import type { Log } from '../../../services/shared/log.ts'
import type { Send } from './carry-out.ts'

/** One for all replays at a cluster: whoever opens it shuts out everybody who opened it before. */
export const transactionalId = 'dead-letters'

const openDeadlineMs = 30_000
/** As long may a run that is killed in the midst of a write hold up the readers of that partition. */
const transactionTimeoutMs = 10_000

/**
 * Opens what replays are written with, each record in a transaction of its own. From here on no older run writes any more, and what
 * it had not ended is undone: what the log says now, it will still say when this one writes.
 * @throws Fault BROKER_UNREACHABLE after 30 s; BROKER_REFUSED when this user may not; the signal's reason. `send` throws PRODUCER_FENCED
 *   when a newer run has begun
 */
export const openWriter = async ({
  kafka,
  log,
  signal,
}: {
  readonly kafka: Kafka
  readonly log: Log
  readonly signal: AbortSignal
}): Promise<{ readonly send: Send; readonly close: () => Promise<void> }> => {
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort(new Fault('BROKER_UNREACHABLE', `no producer could be opened within ${openDeadlineMs / 1_000} s`))
  }, openDeadlineMs)
  try {
    const producer = await openTransactionalProducer({
      kafka,
      transactionalId,
      transactionTimeoutMs,
      signal: AbortSignal.any([signal, late.signal]),
      log,
    })
    const send: Send = async (message) => {
      const [appended] = await producer.transact({ messages: [message], consumed: null })
      if (appended === undefined) throw new Error('a record was written, and nobody knows where')
      return appended
    }
    return { send, close: producer.close }
  } finally {
    clearTimeout(timer)
  }
}
