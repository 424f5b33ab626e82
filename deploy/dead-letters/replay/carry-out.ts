import type { Appended, OutgoingMessage } from '../../../services/shared/kafka/message.ts'
import { markOf, replayOfHeader, sourceHeaders, toText, type Position } from '../letter.ts'
import type { Step } from './plan.ts'

/** Appends one record, with acks from all in-sync replicas. */
export type Send = (message: OutgoingMessage) => Promise<Appended>

/**
 * Does one step: appends the record to the topic that it came from, and when that is acknowledged marks the letter. Whoever is
 * interrupted in between finds the record by its header, and marks it then. Resolves with where the record stands; undefined
 * when there was nothing to do.
 * @throws the producer's fault: the record may be there or not; the next run looks
 */
export const carryOut = async (
  { candidate, verdict }: Step,
  { send, now }: { readonly send: Send; readonly now: () => number },
): Promise<Position | undefined> => {
  if (verdict.kind !== 'replay' && verdict.kind !== 'mark') return undefined
  const { letter, value, record } = candidate
  const { topic } = letter.source
  let to: Position
  if (verdict.kind === 'mark') to = verdict.to
  else {
    const { partition, offset } = await send({
      topic,
      partition: verdict.partition,
      key: verdict.key,
      value,
      headers: {
        ...sourceHeaders(letter),
        // A record that was mended may be another one.
        ...(typeof record === 'string' ? {} : { type: record.type }),
        [replayOfHeader]: toText(letter.source),
      },
    })
    to = { topic, partition, offset }
  }
  await send(markOf(letter, to, now()))
  return to
}
