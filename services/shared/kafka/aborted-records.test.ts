import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { dropAbortedRecords, type AbortedTransaction, type TransactionalRecord } from './aborted-records.ts'
import { BatchClass } from './internals.ts'

const requireHere = createRequire(import.meta.url)

/** kafkajs' own function: loaded once more, for the loaded one has been replaced. */
const loadKafkajsFilter = (): typeof dropAbortedRecords => {
  const path = requireHere.resolve('kafkajs/src/consumer/filterAbortedMessages')
  delete requireHere.cache[path]
  return requireHere(path) as typeof dropAbortedRecords
}

const record = (offset: number, producerId: string, key = `${producerId}${offset}`): TransactionalRecord => ({
  offset: String(offset),
  key: Buffer.from(key),
  isControlRecord: false,
  batchContext: { producerId, inTransaction: true },
})

const marker = (offset: number, producerId: string, type: 'abort' | 'commit'): TransactionalRecord => ({
  offset: String(offset),
  key: Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]),
  isControlRecord: true,
  batchContext: { producerId, inTransaction: true },
})

const offsetsOf = (messages: readonly TransactionalRecord[]): readonly number[] =>
  messages.filter(({ isControlRecord }) => !isControlRecord).map(({ offset }) => Number(offset))

/** A and B begin in this order and abort in the other one; C commits; A begins once more and commits. */
const interleaved: readonly TransactionalRecord[] = [
  record(0, 'A'),
  record(1, 'B'),
  record(2, 'C'),
  record(3, 'A'),
  record(4, 'B'),
  marker(5, 'B', 'abort'),
  record(6, 'A'),
  marker(7, 'A', 'abort'),
  marker(8, 'C', 'commit'),
  record(9, 'A'),
  marker(10, 'A', 'commit'),
]
/** As the broker lists them: in the order of their ends. */
const abortedTransactions: readonly AbortedTransaction[] = [
  { producerId: 'B', firstOffset: '1' },
  { producerId: 'A', firstOffset: '0' },
]

test('records of interleaved aborted transactions are dropped, and no others', () => {
  assert.deepEqual(offsetsOf(dropAbortedRecords({ messages: interleaved, abortedTransactions })), [2, 9])
})

test('the same interleaving leaks through the function of kafkajs: when this fails, the correction may go', () => {
  assert.notDeepEqual(offsetsOf(loadKafkajsFilter()({ messages: interleaved, abortedTransactions })), [2, 9])
})

test('a batch of kafkajs is filtered by the correction', () => {
  const batch = new BatchClass('topic', '0', {
    partition: 0,
    highWatermark: '11',
    messages: interleaved,
    abortedTransactions,
  })
  assert.deepEqual(offsetsOf(batch.messages), [2, 9])
})

test('several transactions that begin before the first record that is left are all begun', () => {
  const messages = [record(7, 'A'), record(8, 'B'), marker(9, 'A', 'abort'), marker(10, 'B', 'abort'), record(11, 'B')]
  const aborted = [
    { producerId: 'A', firstOffset: '2' },
    { producerId: 'B', firstOffset: '4' },
  ]
  assert.deepEqual(offsetsOf(dropAbortedRecords({ messages, abortedTransactions: aborted })), [11])
})

test('a data record whose key looks like an abort marker does not end an aborted transaction', () => {
  const messages = [record(0, 'A', '\0\0\0\0'), record(1, 'A'), marker(2, 'A', 'abort'), record(3, 'A')]
  const aborted = [{ producerId: 'A', firstOffset: '0' }]
  assert.deepEqual(offsetsOf(dropAbortedRecords({ messages, abortedTransactions: aborted })), [3])
})

test('a record outside of transactions stays, whoever aborts', () => {
  const plain = { ...record(1, 'A'), batchContext: { producerId: 'A', inTransaction: false } }
  const aborted = [{ producerId: 'A', firstOffset: '0' }]
  assert.deepEqual(
    offsetsOf(dropAbortedRecords({ messages: [record(0, 'A'), plain], abortedTransactions: aborted })),
    [1],
  )
})

test('without aborted transactions nothing is dropped', () => {
  const messages = [record(0, 'A'), record(1, 'B')]
  assert.equal(dropAbortedRecords({ messages, abortedTransactions: [] }), messages)
  assert.equal(dropAbortedRecords({ messages, abortedTransactions: null }), messages)
  assert.equal(dropAbortedRecords({ messages }), messages)
})
