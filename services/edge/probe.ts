import type { AnyRecord } from '../../schemas/types.generated.ts'
import type { Clock } from '../shared/clock.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import type { Log } from '../shared/log.ts'
import type { RecordReader } from '../shared/record-reader.ts'
import type { ProbeMetrics } from './probe-metrics.ts'

/** Takes in a probe that was read in a partition; `openedAt`: since when that is being read here, epoch milliseconds. */
export type TakeProbe = (message: IncomingMessage, openedAt: number) => void

/**
 * Times the markers that ingest sends through every partition: they take the way of a signal, up to where it would be given to
 * clients, and end here. The clocks of ingest and edge must be in sync. A state-machine that does not know them sends none on.
 *
 * Nothing waits for a probe: while the registry is asked for its schema, signals go on, and further probes are left out.
 */
export const createTakeProbe = ({
  records,
  metrics,
  clock,
  log,
}: {
  records: Pick<RecordReader, 'read'>
  metrics: ProbeMetrics
  /** Epoch milliseconds. */
  clock: Clock
  log: Log
}): TakeProbe => {
  let isAsking = false

  const take = (record: AnyRecord | undefined, { openedAt, nowMs }: { openedAt: number; nowMs: number }): void => {
    if (record?.type !== 'ProbePassed') return
    const { occurredAt } = record.record
    metrics.seen(occurredAt)
    // One that is older was not on its way: it lay in the log until a partition was opened.
    if (occurredAt >= openedAt) metrics.timed(Math.max(0, nowMs - occurredAt) / 1_000)
  }

  const takeLater = async (
    pending: Promise<AnyRecord | undefined>,
    times: { openedAt: number; nowMs: number },
  ): Promise<void> => {
    isAsking = true
    try {
      take(await pending, times)
    } catch (error) {
      log.debug({ err: error }, 'a probe was not read')
    } finally {
      isAsking = false
    }
  }

  return (message, openedAt) => {
    if (isAsking) return
    const times = { openedAt, nowMs: clock.now() }
    const read = records.read(message)
    if (read instanceof Promise) void takeLater(read, times)
    else take(read, times)
  }
}
