import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { transactionSteps } from '../steps.ts'
import type { Queries } from '../queries.ts'
import { units } from '../units.ts'

export const transactionsRow = (q: Queries): Row => ({
  title: 'Transactions and take-overs',
  lines: [
    [
      graph({
        title: 'Transactions by result',
        unit: units.perSecond,
        queries: [q.rate('roomcast_transactions_total', { by: 'result' })],
        shows: 'Transactions committed and failed.',
        normal: 'failed is 0.',
        next: 'failed in a row: instances that come and go, or a broker that refuses.',
        heading: 'TransactionsFail',
      }),
      graph({
        title: 'How long transactions take',
        unit: units.seconds,
        queries: q.quantiles('roomcast_transaction_seconds'),
        steps: transactionSteps,
        none: 'no transactions',
        shows: 'From the begin of a transaction to the end of its commit.',
        normal: 'median 5 to 20 ms, p99 below 0.2 s.',
        next: 'all instances: the broker. One: its machine.',
        heading: 'TransactionsSlow',
      }),
      graph({
        title: 'Inputs in a transaction',
        unit: units.count,
        queries: [
          { ...q.mean('roomcast_transaction_inputs'), legend: 'mean' },
          { ...q.quantile(0.99, 'roomcast_transaction_inputs'), legend: 'p99' },
        ],
        none: 'no transactions',
        shows: 'How many inputs one transaction takes.',
        normal: 'one to some ten; more under load, which is cheaper.',
        next: 'hundreds: load or a backlog that is worked off.',
        heading: 'TransactionsSlow',
      }),
    ],
    [
      graph({
        title: 'Take-overs slower than 30 s',
        unit: units.count,
        queries: [
          {
            expr: `sum(${q.series('roomcast_restore_seconds_count')}) - sum(${q.series('roomcast_restore_seconds_bucket', 'le="30"')})`,
            legend: 'slower than 30 s',
          },
          q.sum('roomcast_restore_seconds_count', { legend: 'all' }),
        ],
        shows:
          'Partitions taken over since the processes started, and those whose rooms stood still for more than 30 s.',
        normal: 'none is slower; the number of all stays after a start.',
        next: 'all rises again and again: instances that come and go.',
        heading: 'RestoreSlow',
      }),
      graph({
        title: 'A take-over, mean',
        unit: units.seconds,
        queries: [
          {
            expr: `sum by (instance) (${q.series('roomcast_restore_seconds_sum')}) / sum by (instance) (${q.series('roomcast_restore_seconds_count')})`,
            legend: '{{instance}}',
          },
        ],
        none: 'no partition taken over',
        shows: 'From the assignment of a partition to its first input, since the process started.',
        normal: 'near 1 s.',
        next: 'much more: room.state.v1 is not compacted, or a transaction hangs.',
        heading: 'RestoreSlow',
      }),
      graph({
        title: 'Read at take-overs',
        unit: units.count,
        queries: [
          q.sum('roomcast_restored_records_total', { legend: 'records' }),
          q.sum('roomcast_restored_rooms_total', { legend: 'rooms' }),
        ],
        shows: 'Records of room.state.v1 that were read since the processes started, and the rooms that they were.',
        normal: 'not many times more records than rooms.',
        next: 'many records a room: the log cleaner of the broker does not run.',
        heading: 'RestoreSlow',
      }),
    ],
  ],
})
