import { Counter, Histogram } from 'prom-client'
import { pushMessageOf } from '../../schemas/events.ts'
import { topics } from '../../schemas/topics.ts'
import { createLagMetrics } from '../shared/lag-metrics.ts'
import { boundedLabel, createCounter, createDurationHistogram, type Metrics } from '../shared/metrics.ts'
import { createPairTallyCounter, createTallyCounter, createTallyHistogram } from '../shared/tally-metrics.ts'
import type { Output } from './domain/decide.ts'
import type { TimerKind } from './domain/timers.ts'
import { codes } from './domain/turn.ts'
import { createRoomMetrics, type RoomMetrics } from './room-metrics.ts'

/** An output with the time at which its cause occurred (`occurredAt` of the input, epoch ms). */
export type Derived = { readonly output: Output; readonly causedAt: number }

/** What a task counts. */
export type TaskMetrics = RoomMetrics & {
  /** One input was decided; `ignored` says why it changed nothing. */
  readonly decided: (type: string, ignored: string | undefined) => void
  /** A transaction was committed at `nowMs` (epoch). */
  readonly committed: (commit: {
    readonly seconds: number
    readonly inputs: number
    readonly derived: readonly Derived[]
    readonly nowMs: number
  }) => void
  readonly aborted: () => void
  /** A partition was taken over; `records` of its states were read. */
  readonly restored: (restore: { readonly seconds: number; readonly rooms: number; readonly records: number }) => void
  /** A deadline was appended. */
  readonly fired: (lateSeconds: number, kind: string) => void
}

const timerKinds = {
  grace: 0,
  tombstone: 0,
  invite: 0,
  'reserve-again': 0,
  agreement: 0,
  'reserved-again': 0,
  'mix-start': 0,
  'mix-restart': 0,
  'mix-retry': 0,
  'mix-stop': 0,
  'late-stop': 0,
} as const satisfies Readonly<Record<TimerKind, 0>>

/** Registers the metrics of the tasks. Labels: record names and the fixed texts of the domain. */
export const createTaskMetrics = (metrics: Metrics): TaskMetrics => {
  const registers = [metrics]
  const inputs = createPairTallyCounter({
    metrics,
    name: 'roomcast_inputs_total',
    help: 'Inputs decided, by record type and result: applied, failed, or why nothing changed.',
    labels: ['type', 'result'],
    known: [topics.roomInput.records, ['applied', 'failed']],
  })
  const transactions = createCounter({
    metrics,
    name: 'roomcast_transactions_total',
    help: 'Transactions by how they ended; failed: aborted or unknown, the partition is taken over anew.',
    labels: { result: ['committed', 'failed'] },
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
  const derivedSeconds = createTallyHistogram({
    metrics,
    name: 'roomcast_derived_seconds',
    help: 'From occurredAt of an input to the commit of a push that it caused, by weight.',
    label: 'weight',
    values: [4, 5] as const,
  })
  const decidedRequests = createTallyCounter({
    metrics,
    name: 'roomcast_requests_decided_total',
    help: 'Outcomes of requests, by code: 200 is done, any other says why not.',
    label: 'code',
    values: Object.values<number>(codes),
  })
  const restoreSeconds = createDurationHistogram({
    metrics,
    name: 'roomcast_restore_seconds',
    help: 'From the assignment of a partition to its first input.',
  })
  const restoredRecords = new Counter({
    name: 'roomcast_restored_records_total',
    help: 'Records of room.state read when partitions were taken over.',
    registers,
  })
  const restoredRooms = new Counter({
    name: 'roomcast_restored_rooms_total',
    help: 'Rooms that partitions had when they were taken over.',
    registers,
  })
  const lateness = createDurationHistogram({
    metrics,
    name: 'roomcast_timer_lateness_seconds',
    help: "How long after its time, by the broker's clock, a deadline was appended.",
  })
  const fired = createCounter({
    metrics,
    name: 'roomcast_timers_fired_total',
    help: 'Deadlines appended, by kind.',
    labels: { kind: Object.keys(timerKinds) },
  })
  const kindLabel = boundedLabel(Object.keys(timerKinds))

  const countOutput = ({ output, causedAt }: Derived, nowMs: number): void => {
    if (output.type === 'RequestDecided') return decidedRequests.add(output.record.code, 1)
    const weight = pushMessageOf(output.type)?.weight
    if (weight === 4 || weight === 5) derivedSeconds.observe(weight, Math.max(0, nowMs - causedAt) / 1_000, 1)
  }

  return {
    ...createRoomMetrics(metrics),
    decided: (type, ignored) => inputs.add(type, ignored ?? 'applied'),
    committed: ({ seconds, inputs: count, derived, nowMs }) => {
      transactions.inc({ result: 'committed' })
      transactionSeconds.observe(seconds)
      transactionInputs.observe(count)
      for (const one of derived) countOutput(one, nowMs)
    },
    aborted: () => transactions.inc({ result: 'failed' }),
    restored: ({ seconds, rooms, records }) => {
      restoreSeconds.observe(seconds)
      restoredRooms.inc(rooms)
      restoredRecords.inc(records)
    },
    fired: (lateSeconds, kind) => {
      lateness.observe(Math.max(0, lateSeconds))
      fired.inc({ kind: kindLabel(kind) })
    },
  }
}

/** Counts likes that nobody can count any more. */
export const createLostLikes = (metrics: Metrics): ((records: number) => void) => {
  const lost = new Counter({
    name: 'roomcast_likes_lost_total',
    help: 'Records of likes that the topic had dropped before they were counted.',
    registers: [metrics],
  })
  return (records) => lost.inc(records)
}

/** How far behind its logs the service is. */
export const createStateMachineLag = (metrics: Metrics) =>
  createLagMetrics({ metrics, topics: [topics.roomInput.name, topics.pushLike.name] })

/** What this service alone registers, for the page of metrics. */
export const registerOwn = (metrics: Metrics): void => {
  createTaskMetrics(metrics)
  createLostLikes(metrics)
  createStateMachineLag(metrics)
}
