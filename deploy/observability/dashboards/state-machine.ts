import type { Board } from './board.ts'
import { deadLetters, instances, notReady, oldest, readingWaits, registryAway, slowKafka } from './first-row.ts'
import { stat } from './panels.ts'
import { transactionSteps } from './steps.ts'
import { createQueries } from './queries.ts'
import { units } from './units.ts'
import { processRow } from './rows/process.ts'
import { readingRow } from './rows/reading.ts'
import { decisionsRow } from './rows/state-machine-decisions.ts'
import { roomsRow } from './rows/state-machine-rooms.ts'
import { transactionsRow } from './rows/state-machine-transactions.ts'

const q = createQueries('service="state-machine",instance=~"$instance"')

export const stateMachine: Board = {
  uid: 'roomcast-state-machine',
  title: 'roomcast: state-machine',
  description:
    'Decides the lifecycle of rooms and sessions: room.input in, pushes, commands and states out, in one transaction.',
  instancesOf: 'job="state-machine"',
  rows: [
    {
      title: 'Does it decide?',
      lines: [
        [
          instances(['state-machine']),
          notReady(q, 'part'),
          oldest(q, {
            title: 'Oldest input not decided',
            by: 'topic',
            where: 'topic="room.input.v1"',
            heading: 'PartitionStalled',
          }),
          stat({
            title: 'Transactions failed, 10 min',
            unit: units.count,
            decimals: 0,
            queries: [q.increase('roomcast_transactions_total', '10m', { where: 'result="failed"' })],
            steps: ['green', [1, 'orange'], [6, 'red']],
            shows: 'Transactions that were aborted; each opens its partition anew from the last commit.',
            normal: '0; a few at a rebalance.',
            next: 'the log line "a transaction failed" has the cause.',
            heading: 'TransactionsFail',
          }),
          stat({
            title: 'Transaction, p90',
            unit: units.seconds,
            queries: [q.quantile(0.9, 'roomcast_transaction_seconds')],
            steps: transactionSteps,
            none: 'no transactions',
            shows: 'From the begin of a transaction to the end of its commit, one in ten longer.',
            normal: '5 to 50 ms, more where brokers copy to others.',
            next: 'compare with Kafka write, here and in the other services: slow everywhere is the broker.',
            heading: 'TransactionsSlow',
          }),
          slowKafka(q, 'instance'),
        ],
        [
          stat({
            title: 'Deadlines late, p90',
            unit: units.seconds,
            queries: [q.quantile(0.9, 'roomcast_timer_lateness_seconds')],
            steps: ['green', [1, 'orange'], [5, 'red']],
            none: 'none was due',
            shows: 'How long after its time a deadline was appended, one in ten later.',
            normal: 'below 0.5 s.',
            next: 'Kafka writes slow: the broker. Else with lag: as for a standstill.',
            heading: 'TimersLate',
          }),
          registryAway(q, 'instance'),
          readingWaits(q, 'instance'),
          deadLetters(q, 'topic, code'),
        ],
      ],
    },
    decisionsRow(q),
    transactionsRow(q),
    roomsRow(q),
    readingRow(q),
    processRow(q),
  ],
}
