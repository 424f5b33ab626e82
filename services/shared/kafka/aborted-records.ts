/** What is needed of a record to know whether its transaction was aborted; the shape that kafkajs decodes. */
export type TransactionalRecord = {
  readonly offset: string
  readonly key: Buffer | null
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}

/** An entry of a fetch answer: this producer's transaction that begins at this offset was aborted. */
export type AbortedTransaction = { readonly producerId: string; readonly firstOffset: string }

/** Key of the control record that ends an aborted transaction: version 0, type 0 (commit is type 1). KIP-98. */
const abortMarkerKey = Buffer.from([0, 0, 0, 0])

const isAbortMarker = ({ isControlRecord, key }: TransactionalRecord): boolean =>
  isControlRecord && key !== null && abortMarkerKey.equals(key)

/**
 * Drops the records of aborted transactions from one fetch answer of one partition; control records stay.
 *
 * kafkajs' own `src/consumer/filterAbortedMessages.js` lets aborted records through as soon as several producers write one
 * partition: the broker lists aborted transactions in the order in which they ended, and kafkajs takes that for the order in
 * which they began, and begins at most one per record. So: sort by first offset, and begin every one that is due. It also takes
 * a data record with the key 00 00 00 00 for a marker; here only a control record is one.
 */
export const dropAbortedRecords = <Message extends TransactionalRecord>({
  messages,
  abortedTransactions,
}: {
  messages: readonly Message[]
  abortedTransactions?: readonly AbortedTransaction[] | null
}): readonly Message[] => {
  if (!abortedTransactions || abortedTransactions.length === 0) return messages
  const starts = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
    .toSorted((a, b) => a.firstOffset - b.firstOffset)
  let begun = 0
  const aborting = new Set<string>()
  return messages.filter((message) => {
    const offset = Number(message.offset)
    for (let next = starts[begun]; next !== undefined && next.firstOffset <= offset; next = starts[begun]) {
      aborting.add(next.producerId)
      begun += 1
    }
    const { producerId, inTransaction } = message.batchContext
    if (isAbortMarker(message)) aborting.delete(producerId)
    return message.isControlRecord || !inTransaction || !aborting.has(producerId)
  })
}
