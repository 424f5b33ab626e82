import { Counter, Gauge, Histogram } from 'prom-client'
import { createDurationHistogram, type Metrics } from '../shared/metrics.ts'

/** What a task counts. */
export type TaskMetrics = {
  /** One input was decided; `ignored` says why it changed nothing. */
  readonly decided: (type: string, ignored: string | undefined) => void
  readonly committed: (seconds: number, inputs: number) => void
  readonly aborted: () => void
  readonly restored: (seconds: number, rooms: number) => void
  readonly rooms: (partition: number, count: number) => void
  readonly timerLateness: (seconds: number) => void
}

/** Registers the metrics of the state-machine. Labels: record names and the fixed texts of the domain. */
export const createTaskMetrics = (metrics: Metrics): TaskMetrics => {
  const registers = [metrics]
  const inputs = new Counter({
    name: 'roomcast_inputs_total',
    help: 'Inputs decided, by record type and result: applied, or why nothing changed.',
    labelNames: ['type', 'result'],
    registers,
  })
  const transactions = new Counter({
    name: 'roomcast_transactions_total',
    help: 'Transactions by how they ended.',
    labelNames: ['result'],
    registers,
  })
  const transactionSeconds = createDurationHistogram({
    metrics,
    name: 'roomcast_transaction_seconds',
    help: 'From the begin of a transaction to the end of its commit.',
  })
  const transactionInputs = new Histogram({
    name: 'roomcast_transaction_inputs',
    help: 'Inputs in one transaction.',
    buckets: [0, 1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  })
  const restoreSeconds = createDurationHistogram({
    metrics,
    name: 'roomcast_restore_seconds',
    help: 'From the assignment of a partition to its first input.',
  })
  const lateness = createDurationHistogram({
    metrics,
    name: 'roomcast_timer_lateness_seconds',
    help: "How long after its time, by the broker's clock, a deadline was appended.",
  })
  const rooms = new Gauge({
    name: 'roomcast_rooms',
    help: 'Rooms with state, by partition.',
    labelNames: ['partition'],
    registers,
  })
  return {
    decided: (type, ignored) => inputs.inc({ type, result: ignored ?? 'applied' }),
    committed: (seconds, count) => {
      transactions.inc({ result: 'committed' })
      transactionSeconds.observe(seconds)
      transactionInputs.observe(count)
    },
    aborted: () => transactions.inc({ result: 'failed' }),
    restored: (seconds) => restoreSeconds.observe(seconds),
    rooms: (partition, count) => rooms.set({ partition: String(partition) }, count),
    timerLateness: (seconds) => lateness.observe(Math.max(0, seconds)),
  }
}
